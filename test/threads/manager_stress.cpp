// A whole manager with a pool of worker threads against the in-memory API server on loopback: many
// objects, a bounded number of changes, readers of the cache on threads of their own.

#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/api_server/server.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/windlass.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;

constexpr int kSources = 40;
constexpr int kUpdates = 4;
constexpr int kReaders = 2;
constexpr int kReads = 2000;

struct Counts {
  std::array<std::atomic<bool>, kSources> running{};
  std::atomic<int> reconciles = 0;
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
};

std::string source_name(int n) { return "source-" + std::to_string(n); }

/// Copies the data of each ConfigMap with the label "copy" into a twin.
class CopyReconciler final : public ObjectReconciler<ConfigMap> {
 public:
  explicit CopyReconciler(Counts* counts) : counts_(counts) {}

  Task<Action> reconcile(Context context, Ref<ConfigMap> source) override {
    if (!source->metadata.labels.contains("copy")) co_return await_change();
    auto& running =
        counts_->running.at(static_cast<std::size_t>(std::stoi(source->data.at("number"))));
    EXPECT_FALSE(running.exchange(true)) << source->metadata.name << " is reconciled twice at once";
    const int now = ++counts_->at_once;
    for (int most = counts_->most_at_once; now > most;) {
      if (counts_->most_at_once.compare_exchange_weak(most, now)) break;
    }
    std::exception_ptr failure;
    try {
      auto copying = copy(context, source);
      co_await std::move(copying);
    } catch (...) {
      failure = std::current_exception();
    }
    --counts_->at_once;
    ++counts_->reconciles;
    running = false;
    if (failure) std::rethrow_exception(failure);
    co_return await_change();
  }

 private:
  static Task<void> copy(Context context, Ref<ConfigMap> source) {
    const meta::ObjectKey key{source->metadata.namespace_, source->metadata.name + "-copy"};
    const auto before = co_await context.get<ConfigMap>(key);
    if (before && before->data == source->data) co_return;
    ConfigMap copy;
    copy.metadata.namespace_ = key.namespace_;
    copy.metadata.name = key.name;
    copy.data = source->data;
    co_await context.apply(copy);
    const auto all = co_await context.list<ConfigMap>(key.namespace_);
    EXPECT_FALSE(all.empty());
  }

  Counts* counts_;
};

Task<void> change_sources(client::Client client, int first, int step) {
  for (int n = first; n < kSources; n += step) {
    ConfigMap source;
    source.metadata.namespace_ = "default";
    source.metadata.name = source_name(n);
    source.metadata.labels["copy"] = "yes";
    source.data["number"] = std::to_string(n);
    source.data["text"] = "0";
    co_await client.create(source);
  }
  for (int update = 1; update <= kUpdates; ++update) {
    for (int n = first; n < kSources; n += step) {
      json::Value patch;
      patch["data"]["text"] = std::to_string(update);
      co_await client.patch<ConfigMap>({"default", source_name(n)}, client::PatchType::merge,
                                       patch);
    }
  }
}

bool all_copied(const cache::Cache& cache) {
  for (int n = 0; n < kSources; ++n) {
    const auto copy = cache.get<ConfigMap>({"default", source_name(n) + "-copy"});
    if (!copy || copy->data.at("text") != std::to_string(kUpdates)) return false;
  }
  return true;
}

void read_cache(Manager* manager) {
  for (int n = 0; n < kReads; ++n) {
    for (const auto& map : manager->cache().list<ConfigMap>("default"))
      EXPECT_FALSE(map->metadata.name.empty());
    (void)manager->cache().get<ConfigMap>({"default", source_name(n % kSources)});
    (void)manager->is_leader();
  }
}

Task<void> run_manager(Manager* manager, int* code) {
  auto running = manager->run();
  *code = co_await std::move(running);
}

Task<int> play(SystemEnvironment* environment, bool elect, Counts* counts, bool* copied) {
  auto& clock = environment->clock();
  api_server::ServerOptions server_options;
  server_options.listen = {"127.0.0.1", 0};
  api_server::Server server(*environment, environment->io(), server_options);
  const auto config = client::parse_kubeconfig(*environment, server.kubeconfig(), "/").value();
  ManagerOptions options;
  options.operator_name = "copier";
  options.health_probe_bind_address = "0";
  options.leader_election = elect;
  options.leader_election_id = "copier";
  options.leader_election_namespace = "default";
  Manager manager(*environment, config, options);
  controller_managed_by(manager)
      .reconciles<ConfigMap>()
      .owns<ConfigMap>()
      .with({.max_concurrent_reconciles = 8})
      .complete<CopyReconciler>(counts);
  manager.cache().informer<ConfigMap>();

  int code = -1;
  TaskGroup serving(environment->io());
  serving.spawn("API server", server.run());
  TaskGroup managing(environment->io());
  managing.spawn("manager", run_manager(&manager, &code));
  std::vector<std::thread> readers;
  for (int n = 0; n < kReaders; ++n) readers.emplace_back(read_cache, &manager);
  {
    client::Client user(*environment, environment->io(), config);
    TaskGroup users(environment->io());
    for (int n = 0; n < 4; ++n) users.spawn("user", change_sources(user, n, 4));
    co_await users.join();
  }
  const auto limit = clock.steady_now() + 90s;  // a backstop: the work itself is bounded
  while (!(*copied = all_copied(manager.cache())) && clock.steady_now() < limit)
    co_await sleep_for(clock, 20ms);
  for (auto& reader : readers) reader.join();
  manager.stop();
  co_await managing.join();
  co_await server.stop(500ms);
  co_await serving.join();
  co_return code;
}

class ManagerStress : public ::testing::TestWithParam<bool> {};

TEST_P(ManagerStress, CopiesEverythingOnAPoolOfThreads) {
  const auto environment = SystemEnvironment::make({.worker_threads = 4});
  Counts counts;
  bool copied = false;
  const int code =
      environment->run([&] { return play(environment.get(), GetParam(), &counts, &copied); });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(copied);
  EXPECT_GE(counts.reconciles, kSources);
  EXPECT_GT(counts.most_at_once, 1) << "nothing ran at the same time, so nothing was stressed";
}

INSTANTIATE_TEST_SUITE_P(Election, ManagerStress, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Elected" : "Alone"; });

}  // namespace
}  // namespace windlass
