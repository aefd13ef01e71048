#pragma once
// The metrics of one manager, in Prometheus' text format. prometheus-cpp is private to this
// component.

#include <memory>
#include <string>

#include <windlass/base/environment.hpp>
#include <windlass/base/metrics.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::metrics {

/// Implements MetricsRegistry with prometheus-cpp. Thread-safe. Instruments live as long as it
/// does. Also holds `windlass_build_info{version,compiler}` and, where /proc is there, the usual
/// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
/// process_open_fds, process_max_fds, process_start_time_seconds and process_threads.
class Registry final : public MetricsRegistry {
 public:
  /// `environment` outlives the registry; /proc is read through it at each collection.
  explicit Registry(Environment& environment);
  ~Registry() override;

  /// Throw std::invalid_argument for a name or label that Prometheus does not allow, and for a name
  /// that came with another kind, help text, set of label names or buckets before.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels) override;
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) override;
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                       const std::vector<double>& buckets) override;
  std::shared_ptr<void> on_collect(std::function<void()> update) override;

  /// Everything in text format 0.0.4, sorted by name and labels.
  [[nodiscard]] std::string expose() const;
  /// Answers GET and HEAD of /metrics; anything else 404 or 405.
  [[nodiscard]] http::Response respond(const http::Request& request) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::metrics
