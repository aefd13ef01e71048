#include <windlass/base/metrics.hpp>

namespace windlass::inline v0 {
namespace {

class NullInstrument final : public Counter, public Gauge, public Histogram {
 public:
  void add(double) override {}
  void set(double) override {}
  void observe(double) override {}
};

class NullRegistry final : public MetricsRegistry {
 public:
  Counter& counter(std::string_view, std::string_view, const Labels&) override { return null_; }
  Gauge& gauge(std::string_view, std::string_view, const Labels&) override { return null_; }
  Histogram& histogram(std::string_view, std::string_view, const Labels&,
                       const std::vector<double>&) override {
    return null_;
  }

 private:
  NullInstrument null_;
};

}  // namespace

std::shared_ptr<void> MetricsRegistry::on_collect(std::function<void()>) { return nullptr; }

MetricsRegistry& null_metrics() {
  static NullRegistry registry;
  return registry;
}

}  // namespace windlass::inline v0
