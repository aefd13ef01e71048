// Instruments used and made by several threads while another collects.

#include <array>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/base/system_environment.hpp>
#include <windlass/metrics/registry.hpp>

namespace windlass::metrics {
namespace {

TEST(MetricsStress, CountsEverythingWhileBeingCollected) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  Registry registry(*environment);
  std::array<std::thread, kThreads> threads;
  std::atomic<int> left = kThreads;
  for (int t = 0; t < kThreads; ++t) {
    threads[static_cast<std::size_t>(t)] = std::thread([&registry, &left, t] {
      for (int n = 0; n < kRounds; ++n) {
        const auto label = std::to_string(n % 10);
        registry.counter("shared_total", "Shared.", {{"n", label}}).add();
        registry.gauge("mine", "Mine.", {{"thread", std::to_string(t)}}).set(n);
        registry.histogram("times_seconds", "Times.", {}, {1, 10, 100}).observe(n);
        auto& updated = registry.gauge("updated", "Updated.", {});
        const auto token = registry.on_collect([&updated] { updated.add(1); });
      }
      --left;
    });
  }
  while (left > 0) EXPECT_FALSE(registry.expose().empty());
  for (auto& thread : threads) thread.join();
  const auto text = registry.expose();
  EXPECT_THAT(text, ::testing::HasSubstr("shared_total{n=\"7\"} 800\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("times_seconds_count 8000\n"));
}

}  // namespace
}  // namespace windlass::metrics
