// Adds from several threads against workers on one executor: the case that a one-thread simulation
// cannot see.

#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <windlass/base/system_environment.hpp>
#include <windlass/queue/rate_limiting_queue.hpp>

namespace windlass::queue {
namespace {

using Queue = RateLimitingQueue<int>;

constexpr int kKeys = 50;
constexpr int kProducers = 4;
constexpr int kAdds = 5000;

struct Work {
  std::array<std::atomic<int>, kKeys> added{};  // adds before the key was last handed out ...
  std::array<std::atomic<int>, kKeys> seen{};   // ... must all have been seen by some run
  std::array<std::atomic<bool>, kKeys> running{};
  std::atomic<int> runs = 0;
};

Task<void> worker(Queue* queue, Work* work, bool done_elsewhere, Executor elsewhere) {
  for (;;) {
    const auto next = co_await queue->get();
    if (!next) co_return;
    const int key = *next;
    const auto index = static_cast<std::size_t>(key);
    EXPECT_FALSE(work->running[index].exchange(true)) << "processed twice at once";
    work->seen[index] = work->added[index].load();
    ++work->runs;
    co_await yield();
    work->running[index] = false;
    if (done_elsewhere) {
      boost::asio::post(elsewhere, [queue, key] { queue->done(key); });
    } else {
      queue->done(key);
    }
  }
}

Task<int> supervise(Environment* environment, Queue* queue, Work* work) {
  TaskGroup workers(environment->io());
  for (int n = 0; n < 4; ++n) {
    workers.spawn("worker", worker(queue, work, n % 2 == 0, environment->workers()));
  }
  std::array<std::thread, kProducers> producers;
  std::atomic<int> left = kProducers;
  for (int p = 0; p < kProducers; ++p) {
    producers[static_cast<std::size_t>(p)] = std::thread([queue, work, p, &left] {
      for (int n = 0; n < kAdds; ++n) {
        const int key = (n * 7 + p) % kKeys;
        ++work->added[static_cast<std::size_t>(key)];
        switch (n % 4) {
          case 0:
            queue->add_after(key, std::chrono::microseconds(n % 100));
            break;
          case 1:
            queue->add_rate_limited(key);
            break;
          default:
            queue->add(key, n % 3);
            break;
        }
        queue->forget(key);
        (void)queue->length();
      }
      --left;
    });
  }
  while (left > 0) co_await sleep_for(environment->clock(), std::chrono::milliseconds(1));
  for (auto& producer : producers) producer.join();
  for (int key = 0; key < kKeys; ++key) queue->add(key);
  queue->shut_down_with_drain();
  co_await queue->drained();
  co_await workers.join();
  co_return 0;
}

TEST(QueueStress, LosesNothingAndNeverRunsAKeyTwiceAtOnce) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 2, .lease_thread = false, .handle_signals = false});
  Work work;
  Queue queue(*environment, environment->io());
  EXPECT_EQ(environment->run([&] { return supervise(environment.get(), &queue, &work); }), 0);
  for (std::size_t key = 0; key < kKeys; ++key) EXPECT_EQ(work.seen[key], work.added[key]) << key;
  EXPECT_GE(work.runs, kKeys);
}

}  // namespace
}  // namespace windlass::queue
