#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/queue/rate_limiting_queue.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::queue {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedProcess;
using testing::Simulation;
using Queue = RateLimitingQueue<std::string>;

/// Remembers values by "name{label values}".
class RecordingRegistry final : public MetricsRegistry {
 public:
  struct Instrument final : Counter, Gauge, Histogram {
    void add(double amount) override { value += amount; }
    void set(double v) override { value = v; }
    void observe(double v) override {
      value = v;
      ++count;
    }
    double value = 0;
    int count = 0;
  };
  Counter& counter(std::string_view name, std::string_view, const Labels& labels) override {
    return at(name, labels);
  }
  Gauge& gauge(std::string_view name, std::string_view, const Labels& labels) override {
    return at(name, labels);
  }
  Histogram& histogram(std::string_view name, std::string_view, const Labels& labels,
                       const std::vector<double>& buckets) override {
    EXPECT_EQ(buckets.size(), 12u);
    return at(name, labels);
  }
  std::shared_ptr<void> on_collect(std::function<void()> update) override {
    update_ = std::move(update);
    return std::make_shared<int>(0);
  }
  void collect() const { update_(); }
  [[nodiscard]] double value(const std::string& name) const { return instruments_.at(name).value; }
  [[nodiscard]] int count(const std::string& name) const { return instruments_.at(name).count; }

 private:
  Instrument& at(std::string_view name, const Labels& labels) {
    std::string key = std::string(name) + "{";
    for (const auto& [label, value] : labels) key += label + "=" + value + ",";
    key.back() = '}';
    return instruments_[key];
  }
  std::map<std::string, Instrument> instruments_;
  std::function<void()> update_;
};

class QueueTest : public ::testing::Test {
 protected:
  std::optional<std::string> get() { return sim.run(process, queue.get()); }

  Simulation sim{1};
  SimulatedProcess& process = sim.process("operator");
  RecordingRegistry metrics;
  Queue queue{process, process.io(), {.name = "database", .metrics = &metrics}};
};

TEST_F(QueueTest, GetWaitsForAnAdd) {
  sim.after(3s, [&] { queue.add("foo"); });
  EXPECT_EQ(get(), "foo");
  EXPECT_EQ(sim.now(), 3s);
}

TEST_F(QueueTest, GetWaitsForADelayedAdd) {
  queue.add_after("foo", 10s);
  EXPECT_EQ(queue.length(), 0u);
  EXPECT_EQ(get(), "foo");
  EXPECT_EQ(sim.now(), 10s);
}

TEST_F(QueueTest, GetLearnsOfAnEarlierDeadline) {
  queue.add_after("late", 1h);
  sim.after(1s, [&] { queue.add_after("early", 1s); });
  EXPECT_EQ(get(), "early");
  EXPECT_EQ(sim.now(), 2s);
}

TEST_F(QueueTest, BacksOffAndForgets) {
  const Duration want[] = {5ms, 10ms, 20ms, 40ms};
  for (const auto delay : want) {
    const auto before = sim.now();
    queue.add_rate_limited("foo");
    EXPECT_EQ(get(), "foo");
    EXPECT_EQ(sim.now() - before, delay);
    queue.done("foo");
  }
  EXPECT_EQ(queue.num_requeues("foo"), 4u);
  queue.forget("foo");
  EXPECT_EQ(queue.num_requeues("foo"), 0u);
}

/// What several workers did.
struct Work {
  std::set<std::string> running;
  std::map<std::string, int> runs;
  int workers = 0;
};

Task<void> worker(Queue* queue, SimulatedProcess* process, Work* work) {
  ++work->workers;
  for (;;) {
    const auto key = co_await queue->get();
    if (!key) break;
    EXPECT_TRUE(work->running.insert(*key).second) << *key << " is processed twice at once";
    const auto duration = std::chrono::milliseconds(process->random().between(0, 30));
    co_await sleep_for(process->clock(), duration);
    ++work->runs[*key];
    work->running.erase(*key);
    queue->done(*key);
  }
  --work->workers;
}

Task<void> producer(Queue* queue, SimulatedProcess* process, int number) {
  for (int n = 0; n < 20; ++n) {
    queue->add("key " + std::to_string((number + n) % 17), number % 3 - 1);
    queue->add_after("key " + std::to_string(n), std::chrono::milliseconds(n));
    const auto pause = std::chrono::milliseconds(process->random().between(0, 10));
    co_await sleep_for(process->clock(), pause);
  }
}

TEST(RateLimitingQueue, NeverProcessesAKeyTwiceAtOnceAndLosesNone) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation sim(seed);
    auto& process = sim.process("operator");
    Queue queue(process, process.io());
    Work work;
    for (int n = 0; n < 10; ++n) sim.spawn(process, worker(&queue, &process, &work));
    for (int n = 0; n < 50; ++n) sim.spawn(process, producer(&queue, &process, n));
    sim.run_for(1min);
    EXPECT_EQ(queue.length(), 0u);
    EXPECT_EQ(work.runs.size(), 20u);
    EXPECT_EQ(work.workers, 10);
    queue.shut_down();
    sim.settle();
    EXPECT_EQ(work.workers, 0);
  }
}

TEST_F(QueueTest, ASleepingWorkerTakesADelayedKeyWhileTheOtherIsBusy) {
  // the first worker knows the deadline, takes another key and works for long
  Work work;
  const auto slow = [](Queue* q, SimulatedProcess* p, Work* w) -> Task<void> {
    for (;;) {
      const auto key = co_await q->get();
      if (!key) co_return;
      ++w->runs[*key];
      co_await sleep_for(p->clock(), 1h);
      q->done(*key);
    }
  };
  sim.spawn(process, slow(&queue, &process, &work));
  sim.spawn(process, slow(&queue, &process, &work));
  sim.run_for(1s);
  queue.add_after("delayed", 10s);
  sim.run_for(1s);
  queue.add("now");
  sim.run_for(9s);
  EXPECT_EQ(work.runs["now"], 1);
  EXPECT_EQ(work.runs["delayed"], 1);
}

TEST_F(QueueTest, ACancelledWaiterPassesItsWakeUpOn) {
  Work work;
  TaskGroup doomed(process.io());
  doomed.spawn("first", worker(&queue, &process, &work));
  sim.settle();
  sim.spawn(process, worker(&queue, &process, &work));
  sim.settle();
  queue.add("foo");
  doomed.cancel();
  sim.run_for(1s);
  EXPECT_EQ(work.runs["foo"], 1);
}

TEST_F(QueueTest, ShutDownEndsEveryWaitingGet) {
  Work work;
  for (int n = 0; n < 3; ++n) sim.spawn(process, worker(&queue, &process, &work));
  sim.settle();
  EXPECT_EQ(work.workers, 3);
  queue.shut_down();
  sim.settle();
  EXPECT_EQ(work.workers, 0);
  EXPECT_TRUE(queue.shutting_down());
  EXPECT_EQ(get(), std::nullopt);
}

TEST_F(QueueTest, DrainedWaitsForWhatIsQueuedAndRunning) {
  Work work;
  for (int n = 0; n < 30; ++n) queue.add("key " + std::to_string(n));
  sim.spawn(process, queue.drained());
  sim.spawn(process, worker(&queue, &process, &work));
  sim.run_for(1ms);
  queue.shut_down_with_drain();
  sim.run(process, queue.drained());
  EXPECT_EQ(work.runs.size(), 30u);
  EXPECT_TRUE(work.running.empty());
}

TEST_F(QueueTest, ShutDownBreaksOffADrain) {
  for (int n = 0; n < 30; ++n) queue.add("key " + std::to_string(n));
  const auto key = get();
  queue.shut_down_with_drain();
  sim.after(1s, [&] { queue.shut_down(); });
  sim.after(2s, [&] { queue.done(*key); });
  sim.run(process, queue.drained());
  EXPECT_EQ(sim.now(), 2s);
}

TEST(RateLimitingQueue, MayBeDestroyedBeforeItsWaiters) {
  Simulation sim(1);
  auto& process = sim.process("operator");
  auto queue = std::make_unique<Queue>(process, process.io());
  bool ended = false;
  const auto wait = [](Task<std::optional<std::string>> next, bool* flag) -> Task<void> {
    const auto key = co_await std::move(next);
    *flag = !key.has_value();
  };
  sim.spawn(process, wait(queue->get(), &ended));
  sim.settle();
  queue.reset();
  sim.settle();
  EXPECT_TRUE(ended);
}

TEST_F(QueueTest, ReportsControllerRuntimesMetrics) {
  const std::string labels = "{name=database,controller=database}";
  const auto depth = [](const std::string& priority) {
    return "workqueue_depth{name=database,controller=database,priority=" + priority + "}";
  };
  EXPECT_EQ(metrics.value(depth("0")), 0);
  queue.add("a");
  queue.add("a");
  queue.add("b", -100);
  queue.add_after("c", 1h);
  EXPECT_EQ(metrics.value(depth("0")), 1);
  EXPECT_EQ(metrics.value(depth("-100")), 1);
  EXPECT_EQ(metrics.value("workqueue_adds_total" + labels), 2);
  EXPECT_EQ(metrics.value("workqueue_retries_total" + labels), 1);
  sim.run_for(2s);
  EXPECT_EQ(get(), "a");
  EXPECT_EQ(metrics.value("workqueue_queue_duration_seconds" + labels), 2);
  EXPECT_EQ(metrics.value(depth("0")), 0);
  sim.run_for(3s);
  metrics.collect();
  EXPECT_EQ(metrics.value("workqueue_unfinished_work_seconds" + labels), 3);
  EXPECT_EQ(metrics.value("workqueue_longest_running_processor_seconds" + labels), 3);
  queue.done("a");
  EXPECT_EQ(metrics.value("workqueue_work_duration_seconds" + labels), 3);
  EXPECT_EQ(metrics.count("workqueue_work_duration_seconds" + labels), 1);
  metrics.collect();
  EXPECT_EQ(metrics.value("workqueue_unfinished_work_seconds" + labels), 0);
  sim.run_for(1h);
  metrics.collect();  // "c" has become ready though nobody asked
  EXPECT_EQ(metrics.value(depth("0")), 1);
}

TEST_F(QueueTest, LimitsThePrioritiesInMetrics) {
  for (int priority = 1; priority <= 30; ++priority) queue.add(std::to_string(priority), priority);
  EXPECT_EQ(metrics.value("workqueue_depth{name=database,controller=database,"
                          "priority=exceeded_cardinality_limit}"),
            6);
}

}  // namespace
}  // namespace windlass::queue
