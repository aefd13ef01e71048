// How a controller treats failures, owned objects and a compacted history, in virtual time.

#include <map>
#include <vector>

#include <api/v1/greeting.hpp>
#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>

#include "world.hpp"

namespace windlass::testing_world {
namespace {

namespace core_v1 = api::core::v1;

/// When each object was reconciled.
using Times = std::map<std::string, std::vector<Duration>>;

/// Does what the object's data say: {"do": "fail"}, "give up", "come back" or anything else.
class Obedient final : public ObjectReconciler<core_v1::ConfigMap> {
 public:
  Obedient(const testing::Simulation* sim, Times* times) : sim_(sim), times_(times) {}

  Task<Action> reconcile(Context, Ref<core_v1::ConfigMap> object) override {
    (*times_)[object->metadata.name].push_back(sim_->now());
    const auto found = object->data.find("do");
    const std::string order = found == object->data.end() ? "" : found->second;
    if (order == "fail") throw Exception(Errc::unavailable, "as told");
    if (order == "give up") throw TerminalError("as told");
    if (order == "come back") co_return requeue_after(30s);
    co_return await_change();
  }

 private:
  const testing::Simulation* sim_;
  Times* times_;
};

class Reconciling : public World {
 protected:
  void SetUp() override {
    start_operator([this](Manager& manager) {
      controller_managed_by(manager).reconciles<core_v1::ConfigMap>().complete<Obedient>(&sim,
                                                                                         &times);
    });
    sim.run_for(5s);
  }
  void create(const std::string& name, const std::string& order) {
    core_v1::ConfigMap map;
    map.metadata.name = name;
    map.metadata.namespace_ = "default";
    map.data["do"] = order;
    run(user().create(map));
  }
  std::size_t count(const std::string& name) { return times[name].size(); }

  Times times;
};

/// Each wait doubles, from 5 ms on.
void expect_backoff(const std::vector<Duration>& times, std::size_t from, std::size_t until) {
  ASSERT_LE(until, times.size());
  Duration delay = 5ms;
  for (auto i = from + 1; i < until; ++i, delay *= 2) {
    EXPECT_GE(times[i] - times[i - 1], delay) << i;
    EXPECT_LE(times[i] - times[i - 1], delay + 2ms) << i;
  }
}

TEST_F(Reconciling, AFailureIsRetriedWithBackoffWhileOthersGoOn) {
  create("bad", "fail");
  sim.run_for(10s);
  // 5 ms x (2^n - 1) after the first: the 11th comes after 5.1 s, the 12th after 10.2 s
  ASSERT_EQ(count("bad"), 11u);
  expect_backoff(times["bad"], 0, 11);
  create("good", "");
  sim.run_for(100ms);
  EXPECT_EQ(count("good"), 1u);
  EXPECT_TRUE(sim.logged("Reconciler error", "operator"));
}

TEST_F(Reconciling, TheWaitGrowsToItsLimitAndNoFurther) {
  create("bad", "fail");
  sim.run_for(6h);
  const auto& all = times["bad"];
  ASSERT_GT(all.size(), 25u);
  for (auto i = all.size() - 5; i < all.size(); ++i) {
    EXPECT_GE(all[i] - all[i - 1], Duration(1000s));
    EXPECT_LE(all[i] - all[i - 1], Duration(1001s));
  }
}

TEST_F(Reconciling, SuccessForgetsFailures) {
  create("bad", "fail");
  sim.run_for(10s);
  const auto failures = count("bad");
  merge<core_v1::ConfigMap>("bad", R"({"data":{"do":""}})");
  sim.run_for(1min);
  EXPECT_EQ(count("bad"), failures + 1)
      << "the change comes at once, and with it the end of the retries";
  merge<core_v1::ConfigMap>("bad", R"({"data":{"do":"fail"}})");
  sim.run_for(1s);
  ASSERT_GE(count("bad"), failures + 6);
  expect_backoff(times["bad"], failures + 1, failures + 6);
}

TEST_F(Reconciling, ATerminalErrorWaitsForAChange) {
  create("hopeless", "give up");
  sim.run_for(2h);
  EXPECT_EQ(count("hopeless"), 1u);
  merge<core_v1::ConfigMap>("hopeless", R"({"metadata":{"labels":{"a":"b"}}})");
  sim.run_for(1s);
  EXPECT_EQ(count("hopeless"), 2u);
}

TEST_F(Reconciling, ComesBackWhenAsked) {
  create("clock", "come back");
  sim.run_for(301s);
  ASSERT_EQ(count("clock"), 11u);
  for (std::size_t i = 1; i < 11; ++i) {
    EXPECT_GE(times["clock"][i] - times["clock"][i - 1], Duration(30s));
  }
}

TEST_F(Reconciling, AFailedObjectThatIsDeletedIsLeftAlone) {
  create("bad", "fail");
  sim.run_for(10s);
  run(user().remove<core_v1::ConfigMap>({"default", "bad"}));
  sim.run_for(1s);
  const auto before = count("bad");
  sim.run_for(1h);
  EXPECT_EQ(count("bad"), before);
}

TEST_F(Reconciling, ACompactedHistoryIsReadAnew) {
  create("stays", "");
  create("goes", "");
  sim.run_for(1s);
  ASSERT_EQ(count("stays"), 1u);
  // what happens now is in no watch: only a list shows it
  const auto last_seen = std::to_string(core->revision());
  core->end_watches();
  core->seed(
      {json::parse(
           R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new","namespace":"default"}})")
           .value(),
       json::parse(
           R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stays","namespace":"default"},"data":{"do":"changed"}})")
           .value()});
  core->handle({.method = "DELETE",
                .target = "/api/v1/namespaces/default/configmaps/goes",
                .headers = {},
                .body = ""},
               api_server::Identity::admin());
  core->compact();
  const auto stale = core->handle(
      {.method = "GET",
       .target = "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=" + last_seen,
       .headers = {},
       .body = ""},
      api_server::Identity::admin());
  ASSERT_TRUE(stale.stream);
  ASSERT_NE(stale.stream->take().find("410"), std::string::npos);
  sim.run_for(1min);
  EXPECT_EQ(count("new"), 1u);
  EXPECT_EQ(count("stays"), 2u);
  EXPECT_EQ(count("goes"), 1u);
  create("afterwards", "");
  sim.run_for(100ms);
  EXPECT_EQ(count("afterwards"), 1u) << "the watch goes on";
}

/// Never comes to an end by itself.
class Endless final : public ObjectReconciler<core_v1::ConfigMap> {
 public:
  Endless(const testing::Simulation* sim, Times* times) : sim_(sim), times_(times) {}

  Task<Action> reconcile(Context context, Ref<core_v1::ConfigMap> object) override {
    (*times_)[object->metadata.name].push_back(sim_->now());
    co_await sleep_for(context.clock(), 1000h);
    co_return await_change();
  }

 private:
  const testing::Simulation* sim_;
  Times* times_;
};

class TimeLimit : public World {};

TEST_F(TimeLimit, EndsAReconcileThatHangs) {
  Times times;
  start_operator([&](Manager& manager) {
    controller_managed_by(manager)
        .reconciles<core_v1::ConfigMap>({predicates::matching<core_v1::ConfigMap>(
            [](const auto& map) { return map.metadata.name == "slow"; })})
        .with({.reconciliation_timeout = 10s})
        .complete<Endless>(&sim, &times);
  });
  core_v1::ConfigMap map;
  map.metadata.name = "slow";
  map.metadata.namespace_ = "default";
  run(user().create(map));
  sim.run_for(65s);
  ASSERT_GE(times["slow"].size(), 6u);
  for (std::size_t i = 1; i < 6; ++i) {
    EXPECT_GE(times["slow"][i] - times["slow"][i - 1], Duration(10s));
    EXPECT_LE(times["slow"][i] - times["slow"][i - 1], Duration(11s));
  }
  EXPECT_TRUE(sim.logged("reconciling default/slow took longer than 10s", "operator"));
  sim.process("operator").send_signal(15);
  sim.run_for(5s);
  EXPECT_TRUE(sim.logged("Stopped exitCode=0", "operator"))
      << "a reconcile that hangs ends with the operator";
}

/// Keeps a Secret beside each ConfigMap.
class Keeper final : public ObjectReconciler<core_v1::ConfigMap> {
 public:
  Keeper(const testing::Simulation* sim, Times* times) : sim_(sim), times_(times) {}

  Task<Action> reconcile(Context context, Ref<core_v1::ConfigMap> object) override {
    (*times_)[object->metadata.name].push_back(sim_->now());
    core_v1::Secret secret;
    secret.metadata.name = object->metadata.name;
    secret.metadata.namespace_ = object->metadata.namespace_;
    secret.metadata.labels["kept"] = "yes";
    co_await context.apply(secret);
    co_return await_change();
  }

 private:
  const testing::Simulation* sim_;
  Times* times_;
};

class Owning : public World {
 protected:
  void SetUp() override {
    start_operator([this](Manager& manager) {
      controller_managed_by(manager)
          .reconciles<core_v1::ConfigMap>()
          .owns<core_v1::Secret>()
          .complete<Keeper>(&sim, &times);
    });
    for (const auto* name : {"one", "two"}) {
      core_v1::ConfigMap map;
      map.metadata.name = name;
      map.metadata.namespace_ = "default";
      run(user().create(map));
    }
    sim.run_for(5s);
    times.clear();
  }
  std::string label(const std::string& name) {
    const auto secret = run(user().find<core_v1::Secret>({"default", name}));
    if (!secret) return "no secret";
    const auto found = secret->metadata.labels.find("kept");
    return found == secret->metadata.labels.end() ? "no label" : found->second;
  }

  Times times;
};

TEST_F(Owning, AChangeOfAnOwnedObjectWakesItsOwnerAlone) {
  ASSERT_EQ(label("one"), "yes");
  merge<core_v1::Secret>("one", R"({"metadata":{"labels":{"kept":"no"}}})");
  EXPECT_TRUE(eventually([this] { return label("one") == "yes"; }, 1s));
  EXPECT_GE(times["one"].size(), 1u);
  EXPECT_TRUE(times["two"].empty());
}

TEST_F(Owning, ADeletedOwnedObjectIsMadeAnew) {
  run(user().remove<core_v1::Secret>({"default", "two"}));
  EXPECT_TRUE(eventually([this] { return label("two") == "yes"; }, 1s));
  EXPECT_TRUE(times["one"].empty());
}

TEST_F(Owning, ObjectsOfOthersWakeNobody) {
  core_v1::Secret secret;
  secret.metadata.name = "one-of-others";
  secret.metadata.namespace_ = "default";
  run(user().create(secret));
  sim.run_for(1min);
  EXPECT_TRUE(times["one"].empty());
  EXPECT_TRUE(times["two"].empty());
}

/// Copies ConfigMaps of `default` into the namespace `elsewhere`, which nobody watches.
class Exporter final : public ObjectReconciler<core_v1::ConfigMap> {
 public:
  explicit Exporter(std::string* seen) : seen_(seen) {}

  Task<Action> reconcile(Context context, Ref<core_v1::ConfigMap> object) override {
    core_v1::ConfigMap copy;
    copy.metadata.name = object->metadata.name;
    copy.metadata.namespace_ = "elsewhere";
    copy.data = object->data;
    co_await context.apply(copy, {.owned = false});
    meta::ObjectKey key = copy.metadata.key();
    const auto have = co_await context.get<core_v1::ConfigMap>(std::move(key));
    *seen_ = have ? have->data.at("do") : "nothing";
    co_return await_change();
  }

 private:
  std::string* seen_;
};

class Namespaced : public World {};

TEST_F(Namespaced, WhatTheCacheDoesNotCoverIsReadFromTheServer) {
  std::string seen;
  core_v1::Namespace elsewhere;
  elsewhere.metadata.name = "elsewhere";
  run(user().create(elsewhere));
  start_operator([&](Manager& manager) {
    manager.cache().configure(core_v1::ConfigMap::resource, {.namespaces = {"default"}});
    controller_managed_by(manager).reconciles<core_v1::ConfigMap>().complete<Exporter>(&seen);
  });
  core_v1::ConfigMap map;
  map.metadata.name = "one";
  map.metadata.namespace_ = "default";
  map.data["do"] = "first";
  run(user().create(map));
  EXPECT_TRUE(eventually([&] { return seen == "first"; }, 10s)) << seen;
  merge<core_v1::ConfigMap>("one", R"({"data":{"do":"second"}})");
  EXPECT_TRUE(eventually([&] { return seen == "second"; }, 10s)) << seen;
  EXPECT_EQ(run(user().get<core_v1::ConfigMap>({"elsewhere", "one"})).data.at("do"), "second");
}

/// A Greeting of a newer CRD than this program's: `name` may be anything.
constexpr const char* kLooserGreeting = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "greetings.hello.windlass.dev"},
  "spec": {"group": "hello.windlass.dev", "scope": "Namespaced",
    "names": {"kind": "Greeting", "listKind": "GreetingList", "plural": "greetings", "singular": "greeting"},
    "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
      "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})";

class Greeted final : public ObjectReconciler<::api::v1::Greeting> {
 public:
  explicit Greeted(std::map<std::string, std::string>* names) : names_(names) {}

  Task<Action> reconcile(Context, Ref<::api::v1::Greeting> object) override {
    (*names_)[object->metadata.name] = object->spec.name;
    co_return await_change();
  }

 private:
  std::map<std::string, std::string>* names_;
};

class Unreadable : public World {
 protected:
  void SetUp() override { core->seed({json::parse(kLooserGreeting).value()}); }
  void start() {
    start_operator([this](Manager& manager) {
      controller_managed_by(manager).reconciles<::api::v1::Greeting>().complete<Greeted>(&names);
    });
  }
  void put(const std::string& name, json::Value value) {
    json::Value object;
    object["apiVersion"] = "hello.windlass.dev/v1";
    object["kind"] = "Greeting";
    object["metadata"]["name"] = name;
    object["metadata"]["namespace"] = "default";
    object["spec"]["name"] = std::move(value);
    http::Request request;
    request.method = "PATCH";
    request.target = "/apis/hello.windlass.dev/v1/namespaces/default/greetings/" + name +
                     "?fieldManager=user&force=true";
    request.headers.set("Content-Type", "application/apply-patch+yaml");
    request.body = json::dump(object);
    const auto answer = core->handle(std::move(request), api_server::Identity::admin());
    ASSERT_LT(answer.response.status, 300) << answer.response.body;
  }
  bool greeted(const std::string& name, const std::string& value) {
    return eventually([&] { return names[name] == value; }, 10s);
  }

  std::map<std::string, std::string> names;
};

TEST_F(Unreadable, OneObjectOfAListDoesNotStopTheOthers) {
  put("bad", 5);
  put("good", "Ada");
  start();
  EXPECT_TRUE(greeted("good", "Ada"));
  EXPECT_TRUE(sim.logged("An object is left out", "operator"));
  EXPECT_FALSE(names.contains("bad"));
  put("bad", "mended");
  EXPECT_TRUE(greeted("bad", "mended"));
}

TEST_F(Unreadable, OneEventDoesNotEndTheWatch) {
  put("bad", "well at first");
  start();
  ASSERT_TRUE(greeted("bad", "well at first"));
  put("bad", 5);
  put("good", "Ada");
  EXPECT_TRUE(greeted("good", "Ada"));
  EXPECT_EQ(names["bad"], "well at first");
  core->end_watches();
  core->compact();
  sim.run_for(1min);
  put("bad", "mended");
  EXPECT_TRUE(greeted("bad", "mended"));
}

}  // namespace
}  // namespace windlass::testing_world
