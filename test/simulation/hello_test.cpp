// The smallest operator, in virtual time.

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>

#include "greeting_reconciler.hpp"
#include "world.hpp"

namespace windlass::testing_world {
namespace {

using ::api::v1::Greeting;
using ConfigMap = windlass::api::core::v1::ConfigMap;

json::Value greeting_crd() {
  std::ifstream in(GREETING_CRD);
  std::stringstream text;
  text << in.rdbuf();
  return codegen::parse_yaml(GREETING_CRD, text.str()).value().front();
}

class Hello : public World {
 protected:
  void install_type() { core->seed({greeting_crd()}); }
  void start() {
    start_operator([](Manager& manager) {
      controller_managed_by(manager)
          .reconciles<Greeting>()
          .owns<ConfigMap>()
          .complete<hello::GreetingReconciler>();
    });
  }
  void greet(const std::string& object, const std::string& name) {
    Greeting greeting;
    greeting.metadata.name = object;
    greeting.metadata.namespace_ = "default";
    greeting.spec.name = name;
    run(user().create(greeting));
  }
  std::string page(const std::string& object) {
    const auto map = run(user().find<ConfigMap>({"default", object}));
    if (!map) return "none";
    const auto found = map->data.find("greeting");
    return found == map->data.end() ? "empty" : found->second;
  }
  bool page_becomes(const std::string& object, const std::string& text, Duration limit = 1s) {
    return eventually([&] { return page(object) == text; }, limit);
  }
  json::Value status(const std::string& object) {
    return json::to_value(run(user().get<Greeting>({"default", object})))["status"];
  }
};

TEST_F(Hello, GreetsAndSaysSo) {
  install_type();
  start();
  greet("world", "world");
  ASSERT_TRUE(page_becomes("world", "Hello, world!", 5s));
  sim.run_for(1s);
  EXPECT_EQ(status("world"),
            json::parse(R"({"message":"Hello, world!","observedGeneration":1})").value());
  const auto map = run(user().get<ConfigMap>({"default", "world"}));
  ASSERT_NE(map.metadata.controller_owner(), nullptr);
  EXPECT_EQ(map.metadata.controller_owner()->kind, "Greeting");

  merge<Greeting>("world", R"({"spec":{"name":"moon"}})");
  EXPECT_TRUE(page_becomes("world", "Hello, moon!"));
  sim.run_for(1s);
  EXPECT_EQ(status("world"),
            json::parse(R"({"message":"Hello, moon!","observedGeneration":2})").value());
}

TEST_F(Hello, RepairsItsPageAndTakesItAlong) {
  install_type();
  start();
  greet("world", "world");
  ASSERT_TRUE(page_becomes("world", "Hello, world!", 5s));
  merge<ConfigMap>("world", R"({"data":{"greeting":"Go away!"}})");
  EXPECT_TRUE(page_becomes("world", "Hello, world!"));
  run(user().remove<ConfigMap>({"default", "world"}));
  EXPECT_TRUE(page_becomes("world", "Hello, world!"));
  run(user().remove<Greeting>({"default", "world"}));
  EXPECT_TRUE(page_becomes("world", "none"));
  sim.run_for(1min);
  EXPECT_EQ(page("world"), "none");
}

TEST_F(Hello, AtRestNothingIsWritten) {
  install_type();
  start();
  greet("world", "world");
  ASSERT_TRUE(page_becomes("world", "Hello, world!", 5s));
  sim.run_for(5s);
  const auto before = core->revision();
  sim.run_for(12h);
  EXPECT_EQ(core->revision(), before);
}

TEST_F(Hello, MayStartBeforeItsTypeExists) {
  start();
  sim.run_for(1min);
  ASSERT_TRUE(sim.process("operator").alive());
  install_type();
  greet("world", "world");
  EXPECT_TRUE(page_becomes("world", "Hello, world!", 2min));
}

TEST_F(Hello, OutlivesTheDeletionOfItsType) {
  install_type();
  start();
  greet("world", "world");
  ASSERT_TRUE(page_becomes("world", "Hello, world!", 5s));
  core->handle(
      {.method = "DELETE",
       .target =
           "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/greetings.hello.windlass.dev",
       .headers = {},
       .body = ""},
      api_server::Identity::admin());
  EXPECT_TRUE(page_becomes("world", "none", 10s)) << "gone with its owner";
  sim.run_for(5min);
  ASSERT_TRUE(sim.process("operator").alive());
  install_type();
  greet("moon", "moon");
  EXPECT_TRUE(page_becomes("moon", "Hello, moon!", 2min));
  EXPECT_EQ(page("world"), "none");
}

}  // namespace
}  // namespace windlass::testing_world
