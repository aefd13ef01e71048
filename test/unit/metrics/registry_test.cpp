#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/base/system_environment.hpp>
#include <windlass/metrics/registry.hpp>
#include <windlass/queue/rate_limiting_queue.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::metrics {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class RegistryTest : public ::testing::Test {
 protected:
  testing::Simulation sim{1};
  testing::SimulatedProcess& process = sim.process("operator");
  Registry registry{process};
};

TEST_F(RegistryTest, ExposesInstrumentsSorted) {
  registry.counter("b_total", "Things.", {{"kind", "y"}}).add(2);
  registry.counter("b_total", "Things.", {{"kind", "x"}}).add();
  registry.gauge("a", "A \"gauge\".", {{"path", "C:\\\"\n"}}).set(1.5);
  registry.gauge("a", "A \"gauge\".", {{"path", "C:\\\"\n"}}).add(-0.5);
  auto& histogram = registry.histogram("c_seconds", "Times.", {}, {0.1, 1});
  for (const double value : {0.05, 0.5, 5.0}) histogram.observe(value);
  const auto text = registry.expose();
  EXPECT_THAT(text, HasSubstr("# HELP a A \"gauge\".\n"
                              "# TYPE a gauge\n"
                              "a{path=\"C:\\\\\\\"\\n\"} 1\n"
                              "# HELP b_total Things.\n"
                              "# TYPE b_total counter\n"
                              "b_total{kind=\"x\"} 1\n"
                              "b_total{kind=\"y\"} 2\n"
                              "# HELP c_seconds Times.\n"
                              "# TYPE c_seconds histogram\n"
                              "c_seconds_count 3\n"
                              "c_seconds_sum 5.55\n"
                              "c_seconds_bucket{le=\"0.1\"} 1\n"
                              "c_seconds_bucket{le=\"1\"} 2\n"
                              "c_seconds_bucket{le=\"+Inf\"} 3\n"));
}

TEST_F(RegistryTest, FindsTheSameInstrumentWhateverTheOrderOfLabels) {
  auto& one = registry.gauge("g", "", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&one, &registry.gauge("g", "", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&one, &registry.gauge("g", "", {{"a", "2"}, {"b", "2"}}));
}

TEST_F(RegistryTest, RefusesContradictions) {
  registry.counter("c", "Help.", {{"a", "1"}});
  registry.histogram("h", "Help.", {}, {1, 2});
  EXPECT_THROW(registry.counter("c", "Other help.", {{"a", "1"}}), std::invalid_argument);
  EXPECT_THROW(registry.counter("c", "Help.", {{"b", "1"}}), std::invalid_argument);
  EXPECT_THROW(registry.counter("c", "Help.", {}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("c", "Help.", {{"a", "1"}}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "Help.", {}, {1, 3}), std::invalid_argument);
  EXPECT_THROW(registry.counter("not-allowed", "Help.", {}), std::invalid_argument);
  EXPECT_THROW(registry.counter("ok", "Help.", {{"not-allowed", "1"}}), std::invalid_argument);
}

TEST_F(RegistryTest, UpdatesBeforeCollectingUntilTheTokenIsGone) {
  auto& gauge = registry.gauge("age_seconds", "Age.", {});
  int calls = 0;
  auto token = registry.on_collect([&] { gauge.set(++calls); });
  EXPECT_THAT(registry.expose(), HasSubstr("age_seconds 1\n"));
  EXPECT_THAT(registry.expose(), HasSubstr("age_seconds 2\n"));
  token.reset();
  EXPECT_THAT(registry.expose(), HasSubstr("age_seconds 2\n"));
  EXPECT_EQ(calls, 2);
}

TEST_F(RegistryTest, AnswersRequests) {
  const auto get = [&](const char* method, const char* target) {
    return registry.respond({.method = method, .target = target});
  };
  EXPECT_EQ(get("GET", "/metrics").status, 200);
  EXPECT_EQ(get("GET", "/metrics").headers.get("Content-Type"),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(get("GET", "/metrics?x=y").body, HasSubstr("windlass_build_info{compiler=\""));
  EXPECT_EQ(get("POST", "/metrics").status, 405);
  EXPECT_EQ(get("GET", "/").status, 404);
}

TEST_F(RegistryTest, ShowsTheQueue) {
  queue::RateLimitingQueue<std::string> queue(process, process.io(),
                                              {.name = "database", .metrics = &registry});
  queue.add("a", -100);
  const auto key = sim.run(process, queue.get());
  sim.run_for(90s);
  const auto text = registry.expose();
  for (const char* line :
       {"workqueue_depth{controller=\"database\",name=\"database\",priority=\"-100\"} 0\n",
        "workqueue_adds_total{controller=\"database\",name=\"database\"} 1\n",
        "workqueue_unfinished_work_seconds{controller=\"database\",name=\"database\"} 90\n",
        "workqueue_longest_running_processor_seconds{controller=\"database\",name=\"database\"} "
        "90\n",
        "workqueue_queue_duration_seconds_bucket{controller=\"database\",name=\"database\",le=\"1e-"
        "08\"} "
        "1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(RegistryTest, ReadsProcThroughTheEnvironment) {
  EXPECT_THAT(registry.expose(), Not(HasSubstr("process_")));  // no /proc in this process
  auto& other = sim.process("other");
  other.files()["/proc/self/stat"] =
      "7 (a) b) S 1 7 7 0 -1 4194560 2527 0 0 0 250 50 0 0 20 0 9 0 1000 12345678 300 "
      "18446744073709551615";
  other.files()["/proc/stat"] = "cpu  1 2 3\nbtime 1700000000\nprocesses 7\n";
  other.files()["/proc/self/limits"] =
      "Limit                     Soft Limit           Hard Limit           Units\n"
      "Max open files            1024                 4096                 files\n";
  Registry with_process(other);
  const auto text = with_process.expose();
  for (const char* line : {"process_cpu_seconds_total 3\n", "process_threads 9\n",
                           "process_virtual_memory_bytes 12345678\n",
                           "process_start_time_seconds 1700000010\n", "process_max_fds 1024\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Registry, TellsAboutARealProcess) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  const Registry registry(*environment);
  const auto text = registry.expose();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(name) + " "));
  }
  EXPECT_THAT(text, Not(HasSubstr("process_open_fds 0\n")));
  EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0\n")));
}

}  // namespace
}  // namespace windlass::metrics
