#include <windlass/queue/rate_limiting_queue.hpp>

namespace windlass::inline v0::queue {

namespace {

/// More priorities than this share one gauge.
constexpr std::size_t kMaxPriorities = 25;
constexpr char kDepth[] = "workqueue_depth";
constexpr char kDepthHelp[] = "Current depth of workqueue by workqueue and priority";

Labels labels_of(const std::string& name) { return {{"name", name}, {"controller", name}}; }

Labels with_priority(const std::string& name, std::string priority) {
  auto labels = labels_of(name);
  labels.emplace_back("priority", std::move(priority));
  return labels;
}

/// 10 ns to 1000 s in steps of ten.
std::vector<double> buckets() {
  std::vector<double> bounds;
  double bound = 10e-9;
  for (int n = 0; n < 12; ++n, bound *= 10) bounds.push_back(bound);
  return bounds;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Instruments::Instruments(MetricsRegistry& registry, std::string name)
    : registry_(registry),
      name_(std::move(name)),
      adds_total_(registry.counter("workqueue_adds_total",
                                   "Total number of adds handled by workqueue", labels_of(name_))),
      retries_total_(registry.counter("workqueue_retries_total",
                                      "Total number of retries handled by workqueue",
                                      labels_of(name_))),
      queue_duration_(registry.histogram(
          "workqueue_queue_duration_seconds",
          "How long in seconds an item stays in workqueue before being requested", labels_of(name_),
          buckets())),
      work_duration_(
          registry.histogram("workqueue_work_duration_seconds",
                             "How long in seconds processing an item from workqueue takes.",
                             labels_of(name_), buckets())),
      unfinished_(registry.gauge(
          "workqueue_unfinished_work_seconds",
          "How many seconds of work has been done that is in progress and hasn't been observed by "
          "work_duration. Large values indicate stuck threads. One can deduce the number of stuck "
          "threads by observing the rate at which this increases.",
          labels_of(name_))),
      longest_running_(registry.gauge(
          "workqueue_longest_running_processor_seconds",
          "How many seconds has the longest running processor for workqueue been running.",
          labels_of(name_))) {
  depth_gauge(0).set(0);
}

Gauge& Instruments::depth_gauge(int priority) {
  const auto found = depth_gauges_.find(priority);
  if (found != depth_gauges_.end()) return *found->second;
  if (depth_gauges_.size() >= kMaxPriorities) {
    if (other_depths_ == nullptr) {
      other_depths_ =
          &registry_.gauge(kDepth, kDepthHelp, with_priority(name_, "exceeded_cardinality_limit"));
    }
    return *other_depths_;
  }
  auto& gauge = registry_.gauge(kDepth, kDepthHelp, with_priority(name_, std::to_string(priority)));
  depth_gauges_.emplace(priority, &gauge);
  return gauge;
}

void Instruments::set_totals(std::uint64_t adds, std::uint64_t retries) {
  if (adds != adds_) adds_total_.add(static_cast<double>(adds - std::exchange(adds_, adds)));
  if (retries != retries_) {
    retries_total_.add(static_cast<double>(retries - std::exchange(retries_, retries)));
  }
}

void Instruments::set_depth(const std::map<int, std::size_t>& depth) {
  const auto set = [this](int priority, std::size_t count) {
    auto& known = depth_[priority];
    if (known == count) return;
    depth_gauge(priority).add(static_cast<double>(count) - static_cast<double>(known));
    known = count;
  };
  for (auto& [priority, count] : depth_) {
    if (!depth.contains(priority)) set(priority, 0);
  }
  for (const auto& [priority, count] : depth) set(priority, count);
}

void Instruments::set_unfinished(Duration total, Duration longest) {
  unfinished_.set(seconds(total));
  longest_running_.set(seconds(longest));
}
void Instruments::observe_queued(Duration duration) { queue_duration_.observe(seconds(duration)); }
void Instruments::observe_work(Duration duration) { work_duration_.observe(seconds(duration)); }

}  // namespace windlass::inline v0::queue
