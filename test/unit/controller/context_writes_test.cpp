// What a context's writes carry: the version and UID that they were decided on.

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/cache/cache.hpp>
#include <windlass/controller/context.hpp>
#include <windlass/http/server.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::controller {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using windlass::testing::SimulatedProcess;
using windlass::testing::Simulation;

/// An API server that has one object, or none, and takes every write.
struct Script {
  bool exists = true;
  std::string verb;    ///< of the last write
  json::Value body{};  ///< of the last write
};

Task<void> answer(std::shared_ptr<Script> script, http::Request request, http::Responder& to) {
  http::Response response{200, {{"Content-Type", "application/json"}}, ""};
  response.body =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"page","namespace":"ns",)"
      R"("uid":"u-1","resourceVersion":"41"}})";
  if (request.method != "GET") {
    script->verb = request.method;
    script->body = json::parse(request.body).value();
  } else if (!script->exists) {
    response.status = 404;
    response.body = R"({"kind":"Status","status":"Failure","reason":"NotFound","code":404,)"
                    R"("details":{"name":"page","kind":"configmaps"}})";
  }
  auto sending = to.send(std::move(response));
  co_await std::move(sending);
}

Task<void> serve(SimulatedProcess& process, std::shared_ptr<Script> script) {
  auto listener = process.network(process.io()).listen(process.io(), {"", 6443}).value();
  http::Handler handler = [script](http::Request request, http::Peer, http::Responder& to) {
    return answer(script, std::move(request), to);
  };
  http::Server server(process, process.io(), std::move(listener), std::move(handler));
  auto running = server.run();
  co_await std::move(running);
}

class ContextWrites : public ::testing::Test {
 protected:
  ContextWrites() {
    simulation_.process("api").start(
        [this](SimulatedProcess& process) { return serve(process, script_); });
    simulation_.run_for(10ms);
    object_.metadata.name = "page";
    object_.metadata.namespace_ = "ns";
    object_.metadata.uid = "u-7";
    object_.metadata.resource_version = "97";
  }
  static client::Config config() {
    client::Config made;
    made.server = {"api", 6443};
    return made;
  }
  /// The metadata of what `task` has sent, or the preconditions of a deletion.
  template <class T>
  json::Value sent(Task<T> task) {
    simulation_.run(process_, std::move(task));
    return script_->verb == "DELETE" ? script_->body["preconditions"] : script_->body["metadata"];
  }
  static std::string fence(const json::Value& place) {
    return std::string(place["uid"].string_or("none")) + " " +
           std::string(place["resourceVersion"].string_or("none"));
  }

  Simulation simulation_{5};
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  SimulatedProcess& process_ = simulation_.process("operator");
  client::Client client_{process_, process_.io(), config()};
  cache::Cache cache_{client_, {}};
  ConfigMap object_;
  Context context_{
      std::make_shared<ContextState>(ContextState{.environment = process_,
                                                  .client = client_,
                                                  .cache = cache_,
                                                  .applied = std::make_shared<AppliedBodies>(),
                                                  .record_event = {},
                                                  .log = {},
                                                  .request = {"ns", "page"}})};
};

TEST_F(ContextWrites, AnApplyCarriesWhatTheServerHas) {
  ConfigMap want;
  want.metadata.name = "page";
  want.metadata.namespace_ = "ns";
  EXPECT_EQ(fence(sent(context_.apply(want, {.owned = false}))), "u-1 41");
  EXPECT_EQ(script_->verb, "PATCH");
}

TEST_F(ContextWrites, AnApplyOfWhatIsNotThereOverwritesNothing) {
  script_->exists = false;
  ConfigMap want;
  want.metadata.name = "page";
  want.metadata.namespace_ = "ns";
  // a version that no object ever has: the server creates, or refuses
  EXPECT_EQ(fence(sent(context_.apply(want, {.owned = false}))), "none 1");
}

TEST_F(ContextWrites, AnApplyForgetsTheVersionThatItsBodyHad) {
  EXPECT_EQ(fence(sent(context_.apply(object_, {.owned = false}))), "u-1 41");
}

TEST_F(ContextWrites, PatchesRemovalsAndFinalizersCarryTheObjects) {
  EXPECT_EQ(fence(sent(context_.patch(object_, json::Object()))), "u-7 97");
  EXPECT_EQ(fence(sent(context_.add_finalizer(object_, "example.com/wait"))), "u-7 97");
  EXPECT_EQ(fence(sent(context_.remove(object_))), "u-7 97");
  EXPECT_EQ(script_->verb, "DELETE");
}

TEST_F(ContextWrites, WithoutElectionThereIsNoEpoch) { EXPECT_EQ(context_.epoch(), ""); }

}  // namespace
}  // namespace windlass::controller
