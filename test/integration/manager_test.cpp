// A whole operator, hello, against an API server: it reconciles, and hands over.

#include <greeting_reconciler.hpp>

#include "cluster.hpp"

namespace windlass::integration {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using ::api::v1::Greeting;

class ManagerTest : public ClusterTest {
 protected:
  std::unique_ptr<Manager> make_manager(const std::string& identity) {
    ManagerOptions options;
    options.operator_name = "hello";
    options.leader_election = true;
    options.leader_election_id = "hello";
    options.leader_election_namespace = namespace_;
    options.leader_election_identity = identity;
    options.namespaces = {namespace_};
    options.health_probe_bind_address = "0";
    auto manager = std::make_unique<Manager>(*environment_, config_, options);
    controller_managed_by(*manager)
        .reconciles<Greeting>()
        .owns<ConfigMap>()
        .complete<hello::GreetingReconciler>();
    return manager;
  }
  void greet(const std::string& name) {
    Greeting greeting;
    greeting.metadata.name = "world";
    greeting.metadata.namespace_ = namespace_;
    greeting.spec.name = name;
    run(client_->create(greeting));
  }
};

Task<void> operate(Manager* manager, int* code) {
  auto running = manager->run();
  *code = co_await std::move(running);
}

constexpr int kAttempts = 3000;  ///< of 10 ms

Task<bool> wait_leader(Manager* manager, Environment* environment) {
  for (int attempt = 0; attempt < kAttempts && !manager->is_leader(); ++attempt) {
    auto pause = sleep_for(environment->clock(), 10ms);
    co_await std::move(pause);
  }
  co_return manager->is_leader();
}

Task<bool> wait_greeting(client::Client client, meta::ObjectKey key, std::string text) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto finding = client.find<ConfigMap>(key);
    const auto page = co_await std::move(finding);
    if (page && page->data.count("greeting") != 0 && page->data.at("greeting") == text) {
      co_return true;
    }
    auto pause = sleep_for(client.environment().clock(), 10ms);
    co_await std::move(pause);
  }
  co_return false;
}

struct Scene {
  Environment* environment;
  client::Client client;
  meta::ObjectKey key;
  Manager* first;
  Manager* second;
};

/// What happened until something did not.
Task<std::string> play(Scene scene, TaskGroup* group, std::pair<int, int>* codes) {
  group->spawn("first", operate(scene.first, &codes->first));
  auto first_leads = wait_leader(scene.first, scene.environment);
  if (!co_await std::move(first_leads)) co_return "the first does not lead";
  group->spawn("second", operate(scene.second, &codes->second));
  auto first_page = wait_greeting(scene.client, scene.key, "Hello, world!");
  if (!co_await std::move(first_page)) co_return "the first does not greet";
  if (scene.second->is_leader()) co_return "both lead";
  scene.first->stop();
  auto second_leads = wait_leader(scene.second, scene.environment);
  if (!co_await std::move(second_leads)) co_return "the second does not lead";
  const auto patch = json::parse(R"({"spec":{"name":"moon"}})").value();
  auto patching = scene.client.patch<Greeting>(scene.key, client::PatchType::merge, patch);
  co_await std::move(patching);
  auto second_page = wait_greeting(scene.client, scene.key, "Hello, moon!");
  if (!co_await std::move(second_page)) co_return "the second does not greet";
  co_return "handed over";
}

Task<std::string> hand_over(Scene scene, std::pair<int, int>* codes) {
  TaskGroup group(scene.environment->io());
  auto playing = play(scene, &group, codes);
  auto outcome = co_await std::move(playing);
  scene.first->stop();
  scene.second->stop();
  auto end = group.join();
  co_await std::move(end);
  co_return outcome;
}

TEST_P(ManagerTest, ReconcilesAndHandsOver) {
  greet("world");
  const auto first = make_manager("first");
  const auto second = make_manager("second");
  std::pair<int, int> codes{-1, -1};
  const Scene scene{environment_.get(), *client_, key("world"), first.get(), second.get()};
  EXPECT_EQ(run(hand_over(scene, &codes)), "handed over");
  EXPECT_EQ(codes, std::make_pair(0, 0));
  const auto greeting = run(client_->get<Greeting>(key("world")));
  EXPECT_EQ(json::to_value(greeting).at_path({"status", "observedGeneration"}).integer_or(0), 2);
  const auto page = run(client_->get<ConfigMap>(key("world")));
  ASSERT_NE(page.metadata.controller_owner(), nullptr);
  EXPECT_EQ(page.metadata.controller_owner()->uid, greeting.metadata.uid);
}

INSTANTIATE_TEST_SUITE_P(Servers, ManagerTest, servers(), server_name);

}  // namespace
}  // namespace windlass::integration
