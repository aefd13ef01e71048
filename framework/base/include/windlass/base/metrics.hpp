#pragma once
// The facade for metrics. The `metrics` component implements it with prometheus-cpp; the default
// registry counts nothing. Instruments are owned by their registry and live as long as it does.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::inline v0 {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double amount) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

/// Finds or makes instruments. Thread-safe. The same name must always come with the same help text
/// and label names (std::invalid_argument otherwise).
class MetricsRegistry {
 public:
  virtual ~MetricsRegistry() = default;
  virtual Counter& counter(std::string_view name, std::string_view help, const Labels& labels) = 0;
  virtual Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) = 0;
  /// `buckets`: ascending upper bounds without +Inf.
  virtual Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                               const std::vector<double>& buckets) = 0;
  /// Calls `update` before each collection, from whatever thread collects, until the token returned
  /// is destroyed. For gauges that are read off something. A registry that is never collected
  /// returns null.
  [[nodiscard]] virtual std::shared_ptr<void> on_collect(std::function<void()> update);
};

/// A registry that counts nothing. Never destroyed.
MetricsRegistry& null_metrics();

}  // namespace windlass::inline v0
