#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <windlass/metrics/registry.hpp>

#include "process_metrics.hpp"

namespace windlass::inline v0::metrics {

namespace {

class CounterAdapter final : public Counter {
 public:
  explicit CounterAdapter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class GaugeAdapter final : public Gauge {
 public:
  explicit GaugeAdapter(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) override { gauge_.Set(value); }
  void add(double amount) override { gauge_.Increment(amount); }

 private:
  prometheus::Gauge& gauge_;
};

class HistogramAdapter final : public Histogram {
 public:
  explicit HistogramAdapter(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

using LabelMap = std::map<std::string, std::string>;

/// The instruments of one name.
template <class Raw, class Adapter>
struct Family {
  prometheus::Family<Raw>* raw = nullptr;
  std::string help;
  std::vector<double> buckets;
  std::map<LabelMap, Adapter> instruments;
};

std::vector<std::string> names_of(const LabelMap& labels) {
  std::vector<std::string> names;
  for (const auto& [name, value] : labels) names.push_back(name);
  return names;
}

/// One function to call before collections, until its token is gone.
struct Update {
  std::mutex mutex;
  std::function<void()> call;
};

struct UpdateToken {
  explicit UpdateToken(std::shared_ptr<Update> u) : update(std::move(u)) {}
  ~UpdateToken() {
    const std::lock_guard lock(update->mutex);
    update->call = nullptr;
  }
  UpdateToken(const UpdateToken&) = delete;
  UpdateToken& operator=(const UpdateToken&) = delete;
  std::shared_ptr<Update> update;
};

}  // namespace

struct Registry::Impl {
  prometheus::Registry registry;
  mutable std::mutex mutex;  // guards what follows
  std::map<std::string, Family<prometheus::Counter, CounterAdapter>, std::less<>> counters;
  std::map<std::string, Family<prometheus::Gauge, GaugeAdapter>, std::less<>> gauges;
  std::map<std::string, Family<prometheus::Histogram, HistogramAdapter>, std::less<>> histograms;
  std::list<std::weak_ptr<Update>> updates;
  std::optional<ProcessMetrics> process;
  std::shared_ptr<void> process_token;

  template <class Raw, class Adapter, class Build, class... Arguments>
  Adapter& find_or_make(std::map<std::string, Family<Raw, Adapter>, std::less<>>& families,
                        Build build, std::string_view name, std::string_view help,
                        const Labels& labels, const Arguments&... buckets) {
    const std::lock_guard lock(mutex);
    const LabelMap by_name(labels.begin(), labels.end());
    auto found = families.find(name);
    if (found == families.end()) {
      Family<Raw, Adapter> family;
      family.help = help;
      ((family.buckets = buckets), ...);
      family.raw = &build().Name(std::string(name)).Help(family.help).Register(registry);
      found = families.emplace(std::string(name), std::move(family)).first;
    }
    auto& family = found->second;
    const auto known = family.instruments.find(by_name);
    check(name, family.help == help, "help text");
    ((check(name, family.buckets == buckets, "buckets")), ...);
    if (known != family.instruments.end()) return known->second;
    if (!family.instruments.empty()) {
      check(name, names_of(family.instruments.begin()->first) == names_of(by_name), "label names");
    }
    auto& raw = family.raw->Add(by_name, buckets...);
    return family.instruments.emplace(by_name, raw).first->second;
  }

  static void check(std::string_view name, bool same, const char* what) {
    if (same) return;
    throw std::invalid_argument("metric " + std::string(name) + " was used with other " + what +
                                " before; use the same");
  }

  void run_updates() {
    std::vector<std::shared_ptr<Update>> running;
    {
      const std::lock_guard lock(mutex);
      updates.remove_if([](const auto& update) { return update.expired(); });
      for (const auto& update : updates) {
        if (auto alive = update.lock()) running.push_back(std::move(alive));
      }
    }
    for (const auto& update : running) {
      const std::lock_guard lock(update->mutex);
      if (update->call) update->call();
    }
  }
};

Registry::Registry(Environment& environment) : impl_(std::make_unique<Impl>()) {
  gauge("windlass_build_info", "The version of Windlass and the compiler that built it; always 1.",
        {{"version", WINDLASS_VERSION}, {"compiler", __VERSION__}})
      .set(1);
  if (!environment.read_file("/proc/self/stat")) return;
  impl_->process.emplace(*this, environment);
  impl_->process_token = on_collect([impl = impl_.get()] { impl->process->update(); });
}

Registry::~Registry() = default;

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->find_or_make(impl_->counters, prometheus::BuildCounter, name, help, labels);
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  return impl_->find_or_make(impl_->gauges, prometheus::BuildGauge, name, help, labels);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, const Labels& labels,
                               const std::vector<double>& buckets) {
  return impl_->find_or_make(impl_->histograms, prometheus::BuildHistogram, name, help, labels,
                             buckets);
}

std::shared_ptr<void> Registry::on_collect(std::function<void()> update) {
  auto entry = std::make_shared<Update>();
  entry->call = std::move(update);
  const std::lock_guard lock(impl_->mutex);
  impl_->updates.push_back(entry);
  return std::make_shared<UpdateToken>(std::move(entry));
}

std::string Registry::expose() const {
  impl_->run_updates();
  auto families = impl_->registry.Collect();
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  for (auto& family : families) {
    std::ranges::sort(family.metric, std::less<>(), &prometheus::ClientMetric::label);
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

http::Response Registry::respond(const http::Request& request) const {
  const auto path = request.target.substr(0, request.target.find('?'));
  if (path != "/metrics") {
    return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return {405,
            {{"Content-Type", "text/plain; charset=utf-8"}, {"Allow", "GET, HEAD"}},
            "405 method not allowed\n"};
  }
  return {200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, expose()};
}

}  // namespace windlass::inline v0::metrics
