#pragma once
// An API server and operators without election around it, in virtual time.

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include <windlass/api_server/server.hpp>
#include <windlass/testing/simulation.hpp>
#include <windlass/windlass.hpp>

namespace windlass::testing_world {

using namespace std::chrono_literals;

class World : public ::testing::Test {
 protected:
  World() {
    sim.process("api").start(
        [this](testing::SimulatedProcess& self) { return serve(self, &core); });
    sim.run_until([this] { return core != nullptr; }, 1s);
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << sim.log_text();
  }

  static client::Config config() {
    client::Config made;
    made.server = {"api", 6443};
    return made;
  }
  /// Starts an operator whose controllers `setup` adds.
  testing::SimulatedProcess& start_operator(std::function<void(Manager&)> setup) {
    auto& process = sim.process("operator");
    process.start([setup = std::move(setup)](testing::SimulatedProcess& self) {
      return operate(self, setup);
    });
    return process;
  }

  client::Client user() {
    auto& process = sim.process("user");
    return client::Client(process, process.io(), config());
  }
  template <class T>
  T run(Task<T> task) {
    return sim.run(sim.process("user"), std::move(task), 10min);
  }
  template <class T>
  void merge(const std::string& name, const std::string& patch) {
    run(user().patch<T>({"default", name}, client::PatchType::merge, json::parse(patch).value()));
  }
  /// `condition` may ask the server; time goes on in between.
  bool eventually(const std::function<bool()>& condition, Duration limit) {
    const auto until = sim.now() + limit;
    while (sim.now() < until) {
      if (condition()) return true;
      sim.run_for(50ms);
    }
    return false;
  }

  testing::Simulation sim{1};
  api_server::Core* core = nullptr;  ///< the server's, for what no client can do

 private:
  static Task<void> serve(testing::SimulatedProcess& self, api_server::Core** core) {
    api_server::ServerOptions options;
    options.listen = {"", 6443};
    options.tls = false;
    auto server = std::make_shared<api_server::Server>(self, self.io(), options);
    self.keep(server);
    *core = &server->core();
    auto serving = server->run();
    co_await std::move(serving);
  }
  static Task<void> operate(testing::SimulatedProcess& self, std::function<void(Manager&)> setup) {
    ManagerOptions options;
    options.operator_name = "operator";
    options.leader_election = false;
    options.health_probe_bind_address = "0";
    auto manager = std::make_shared<Manager>(self, config(), options);
    self.keep(manager);
    setup(*manager);
    auto running = manager->run();
    const int code = co_await std::move(running);
    if (code != 0) self.terminate(code);
  }
};

}  // namespace windlass::testing_world
