#pragma once

#include <windlass/base/environment.hpp>
#include <windlass/base/metrics.hpp>

namespace windlass::inline v0::metrics {

/// What Prometheus' client libraries tell about their process, read off /proc.
class ProcessMetrics {
 public:
  ProcessMetrics(MetricsRegistry& registry, const Environment& environment);
  void update();

 private:
  const Environment& environment_;
  double cpu_seconds_ = 0;
  double boot_time_ = 0;
  Counter& cpu_;
  Gauge& resident_;
  Gauge& virtual_;
  Gauge& start_;
  Gauge& threads_;
  Gauge& open_files_;
  Gauge& max_files_;
};

}  // namespace windlass::inline v0::metrics
