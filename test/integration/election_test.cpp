#include <windlass/api/coordination_v1.hpp>
#include <windlass/events/event_recorder.hpp>
#include <windlass/leader_election/leader_elector.hpp>

#include "cluster.hpp"

namespace windlass::integration {
namespace {

using api::coordination::v1::Lease;
using leader_election::LeaderElector;
using leader_election::Outcome;

class Election : public ClusterTest {
 protected:
  std::unique_ptr<LeaderElector> elector(const std::string& identity) {
    leader_election::Config config;
    config.lease_name = "lock";
    config.lease_namespace = namespace_;
    config.identity = identity;
    return std::make_unique<LeaderElector>(*environment_, config_, std::move(config));
  }
};

Task<Duration> hand_over(LeaderElector* first, LeaderElector* second, Environment* environment) {
  const Executor executor = environment->io();
  TaskGroup group(executor);
  auto take_part = [](LeaderElector* who) -> Task<void> {
    auto running = who->run();
    co_await std::move(running);
  };
  group.spawn("first", take_part(first));
  auto won = first->wait_elected();
  co_await std::move(won);
  group.spawn("second", take_part(second));
  // the second sees who holds it
  while (second->holder().empty()) {
    auto pause = sleep_for(environment->clock(), std::chrono::milliseconds(20));
    co_await std::move(pause);
  }
  const auto begin = environment->clock().steady_now();
  first->stop();
  auto next = second->wait_elected();
  co_await std::move(next);
  const auto took = environment->clock().steady_now() - begin;
  second->stop();
  auto end = group.join();
  co_await std::move(end);
  co_return took;
}

TEST_P(Election, HandsOverAtOnceOnStop) {
  const auto first = elector("first");
  const auto second = elector("second");
  const Duration took = run(hand_over(first.get(), second.get(), environment_.get()));
  EXPECT_LT(took, std::chrono::seconds(1));
  const auto lease = run(client_->get<Lease>(key("lock")));
  EXPECT_TRUE(lease.spec.holder_identity.empty());
  EXPECT_EQ(lease.spec.lease_transitions, 1);
  EXPECT_EQ(lease.spec.lease_duration_seconds, 1);
}

Task<void> record_twice(events::EventRecorder recorder, Lease about) {
  for (int i = 0; i < 2; ++i) {
    recorder.event(about, events::EventType::normal, "LeaderElection", "Election",
                   "me became leader");
  }
  auto stopping = recorder.stop(std::chrono::seconds(5));
  co_await std::move(stopping);
}

TEST_P(Election, EventsBecomeASeries) {
  Lease lease;
  lease.metadata.name = "lock";
  lease.metadata.namespace_ = namespace_;
  const auto created = run(client_->create(lease));
  run(record_twice(events::EventRecorder(*client_, {.reporting_controller = "windlass.dev/test"}),
                   created));
  constexpr meta::Resource kEvents{"events.k8s.io", "v1", "Event", "events", true, false};
  const auto page = run(client_->list_page(kEvents, {.namespace_ = namespace_}));
  const auto document = json::parse(page.body);
  ASSERT_TRUE(document);
  const auto& items = (*document)["items"].as_array();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["note"].string_or(""), "me became leader");
  EXPECT_EQ(items[0].at_path({"series", "count"}).integer_or(0), 2);
  EXPECT_EQ(items[0].at_path({"regarding", "uid"}).string_or(""), created.metadata.uid);
}

INSTANTIATE_TEST_SUITE_P(Servers, Election, servers(), server_name);

}  // namespace
}  // namespace windlass::integration
