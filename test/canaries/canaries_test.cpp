// Each bug that was planted (CMakeLists.txt) is woken, and a seed found whose run breaks the rule
// that the bug breaks. Without a bug, none does.

#include <ctime>

#include <gtest/gtest.h>

#include <windlass/testing/simulation_test.hpp>
#include <windlass/windlass.hpp>

#include "planted.hpp"

namespace {
std::string& awake() {
  static std::string name;
  return name;
}
}  // namespace

bool planted(std::string_view bug) { return awake() == bug; }

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using api::core::v1::Secret;

constexpr const char* kFinalizer = "example.com/outside";

/// Something outside the cluster that has to go before its ConfigMap does.
struct Outside {
  std::set<std::string> things;  ///< by the ConfigMap's name
  /// Whether the ConfigMap is there, not being deleted, and kept by the finalizer: a leader that is
  /// none any more, or that looks at an old state, comes too late.
  std::function<bool(const std::string&)> wanted;
  void make(const std::string& name) {
    if (!wanted(name)) throw Exception(Errc::permission, "nobody owns " + name);
    things.insert(name);
  }
};

/// Keeps a Secret and a thing outside beside each ConfigMap in "default".
class Keeper final : public ObjectReconciler<ConfigMap> {
 public:
  explicit Keeper(Outside* outside) : outside_(outside) {}

  Task<Action> reconcile(Context context, Ref<ConfigMap> map) override {
    const auto& name = map->metadata.name;
    if (!map->metadata.labels.contains("kept")) co_return await_change();
    if (map->metadata.is_deleting()) {
      const bool early = planted("finalizer too early");
      if (early) co_await context.remove_finalizer(*map, kFinalizer);
      co_await sleep_for(context.clock(), 3s);  // it takes a while to go
      outside_->things.erase(name);
      if (!early) co_await context.remove_finalizer(*map, kFinalizer);
      co_return await_change();
    }
    const bool added = co_await context.add_finalizer(*map, kFinalizer);
    if (added) co_return await_change();
    outside_->make(name);
    if (planted("stale read")) {
      auto reading =
          context.client().get_text(ConfigMap::resource, {}, {}, {.resource_version = "0"});
      const auto text = co_await std::move(reading);
      const auto secrets = co_await context.list<Secret>("default");
      for (const auto& secret : secrets) {
        const bool orphan =
            text.find("\"name\":\"" + secret->metadata.name + "\"") == std::string::npos;
        if (orphan) co_await context.remove(*secret);
      }
    }
    for (int i = 0; planted("polls") && i < 3000; ++i) {
      auto reading = context.client().find_text(ConfigMap::resource, map->metadata.key());
      co_await std::move(reading);
    }
    const auto content = map->data.find("content");
    const bool wanted = content != map->data.end() && content->second != "none";
    const bool restless = planted("never rests") && name == "map-0";
    if (wanted) {
      Secret secret;
      secret.metadata.name = name;
      secret.metadata.namespace_ = "default";
      secret.metadata.labels["content"] = content->second;
      if (restless) {
        const auto now = context.clock().wall_now().time_since_epoch();
        secret.metadata.labels["seen"] = std::to_string(now / 80s);
      }
      co_await context.apply(secret);
    } else if (const auto secret = co_await context.get<Secret>({"default", name})) {
      co_await context.remove(*secret);
    }
    co_await sleep_for(context.clock(), 20ms);
    if (restless) co_return requeue_after(80s);
    co_return await_change();
  }

 private:
  Outside* outside_;
};

ConfigMap kept(int number, const std::string& content) {
  ConfigMap map;
  map.metadata.name = "map-" + std::to_string(number);
  map.metadata.labels["kept"] = "yes";
  map.data["content"] = content;
  return map;
}

Faults everything() {
  return {.crash = 0.02,
          .stop = 0.02,
          .pause = 0.04,
          .clock = 0.02,
          .drop = 0.04,
          .refuse = 0.005,
          .partition = 0.02,
          .slow = 0.02,
          .damage = 0.02,
          .lost_reply = 0.02,
          .error = 0.04,
          .stale_reads = 0.03,
          .compaction = 0.05,
          .server_restart = 0.01,
          .token_rotation = 0.01};
}

void scenario(SimulatedCluster& sim, const Faults& faults) {
  Outside outside;
  outside.wanted = [&sim](const std::string& name) {
    const auto map = sim.find<ConfigMap>(name);
    const auto held = map ? map->metadata.finalizers : std::vector<std::string>();
    return map && !map->metadata.is_deleting() && std::ranges::count(held, kFinalizer) > 0;
  };
  sim.always("secrets stay", [&]() -> std::string {
    for (const auto& secret : sim.list<Secret>()) {
      if (!secret.metadata.is_deleting()) continue;
      if (sim.find<ConfigMap>(secret.metadata.name))
        return secret.metadata.name + " is being deleted";
    }
    return {};
  });
  const auto setup = [&](Manager& manager) {
    controller_managed_by(manager)
        .reconciles<ConfigMap>()
        .owns<Secret>()
        .with(
            {.max_concurrent_reconciles = 2, .needs_leader_election = !planted("everybody works")})
        .complete<Keeper>(&outside);
  };
  sim.start_replicas(3, setup, {.release_on_stop = !planted("keeps the lease")});
  for (int i = 0; i < 8; ++i) sim.apply(kept(i, "first"));
  sim.faults(faults);
  for (int round = 0; round < 10; ++round) {
    sim.run_for(12s);
    // what follows makes the leader write: now and then it stands still just before
    if (sim.random().next() % 4 == 0 && sim.leader() >= 0) {
      sim.replica(sim.leader()).pause_before_sending(25s);
    }
    for (int i = 0; i < 8; ++i) {
      const auto choice = sim.random().next() % 6;
      if (choice == 0) sim.remove<ConfigMap>("map-" + std::to_string(i));
      const auto map = sim.find<ConfigMap>("map-" + std::to_string(i));
      if (choice > 0 && choice < 4 && !(map && map->metadata.is_deleting())) {
        sim.apply(kept(i, choice == 3 ? "none" : "round-" + std::to_string(round)));
      }
    }
  }
  sim.heal();
  sim.run_until_quiet(20min, 1min);
  for (const auto& thing : outside.things) {
    if (!sim.find<ConfigMap>(thing)) throw Violation("outside", thing + " was left behind outside");
  }
  for (const auto& map : sim.list<ConfigMap>()) {
    const auto content = map.data.find("content");
    if (!map.metadata.labels.contains("kept") || content == map.data.end()) continue;
    const auto secret = sim.find<Secret>(map.metadata.name);
    const bool right = secret ? secret->metadata.labels.at("content") == content->second
                              : content->second == "none";
    if (!right)
      throw Violation("content", "the Secret of " + map.metadata.name + " is not what it is to be");
  }
  sim.stop_replicas();
}

struct Canary {
  const char* bug;
  std::set<std::string> rules;       ///< one of which has to be broken
  std::vector<const char*> skipped;  ///< rules that would find it sooner
  Faults faults = everything();
  const char* says = "";  ///< which half of the rule
};

const std::vector<Canary>& canaries() {
  static const std::vector<Canary> all{
      {"plain election", {rules::kEpochs}, {rules::kOneGate, rules::kFenced}},
      {"wall clock", {rules::kOneGate}, {}},
      {"renew time", {rules::kOneGate}, {}},
      {"impatient standby", {rules::kOneGate}, {}},
      {"release wipes", {rules::kOneGate}, {}},
      {"time travel", {rules::kCache}, {}, {.drop = 0.3, .error = 0.3, .stale_reads = 0.2}},
      {"lost event", {rules::kCurrent, rules::kConverges, rules::kReconciled}, {}},
      {"lost event", {rules::kCurrent}, {rules::kConverges, rules::kCache}},
      {"lost event", {rules::kReconciled, "content"}, {rules::kConverges, rules::kCurrent}},
      {"old content",
       {rules::kCurrent},
       {rules::kConverges, rules::kQuiet, "content"},
       {.crash = 0.02},
       "holds other content"},
      {"early start",
       {rules::kSynced},
       {},
       {.stop = 0.1, .slow = 0.1, .error = 0.3, .server_restart = 0.02}},
      {"everybody works", {rules::kLeaders}, {}},
      {"unfenced delete", {rules::kFenced}, {}, everything(), "without the UID"},
      {"no UID", {rules::kFenced}, {}, everything(), "without the UID"},
      {"no backoff", {rules::kHotLoop}, {}, everything(), "times in 10s"},
      {"polls", {rules::kHotLoop}, {}, everything(), "requests in a minute"},
      {"never rests", {rules::kQuiet}, {}},
      {"keeps the lease", {rules::kRelease}, {}, everything(), "the lease still names"},
      {"gives up", {rules::kConverges, rules::kBackoff, rules::kReconciled, "content"}, {}},
      {"queue forgets", {rules::kReconciled, "content"}, {}},
      {"two at once", {rules::kOneAtATime}, {}},
      {"stale read", {"secrets stay", rules::kConverges}, {}},
      {"finalizer too early", {"outside"}, {}},
  };
  return all;
}

/// The rule that the run with this seed breaks; empty: none.
std::string broken_rule(std::uint64_t seed, const Canary& canary, std::string& what) {
  SimulatedCluster sim({.seed = seed, .workloads = false});
  for (const auto* rule : canary.skipped) sim.skip(rule);
  try {
    scenario(sim, canary.faults);
  } catch (const Violation& violation) {
    what = violation.what();
    return violation.rule();
  } catch (const std::exception& error) {
    what = error.what();
    return "exception";
  }
  return {};
}

class Canaries : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Canaries, AreFound) {
  const auto& canary = canaries()[GetParam()];
  constexpr std::uint64_t kSeeds = 120;
  awake() = canary.bug;
  const auto began = std::clock();
  std::string found;
  std::string what;
  std::uint64_t seed = 0;
  const auto is_it = [&] {
    return canary.rules.contains(found) && what.find(canary.says) != std::string::npos;
  };
  while (!is_it() && seed < kSeeds) found = broken_rule(++seed, canary, what);
  awake().clear();
  const double took = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::cout << canary.bug << ": seed " << seed << ", " << took << " s of CPU: " << what << "\n";
  EXPECT_TRUE(is_it()) << "no seed up to " << kSeeds << " shows \"" << canary.bug
                       << "\"; the last: " << what;
}

INSTANTIATE_TEST_SUITE_P(All, Canaries, ::testing::Range<std::size_t>(0, canaries().size()),
                         [](const auto& info) {
                           const auto& canary = canaries()[info.param];
                           std::string name = canary.bug;
                           for (const auto* rule : canary.skipped)
                             name += "_without_" + std::string(rule);
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

SIMULATION(NothingIsFoundWithoutABug) { scenario(sim, everything()); }

}  // namespace
}  // namespace windlass::testing
