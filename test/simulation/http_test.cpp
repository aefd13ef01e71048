// The real HTTP client and server over the simulated network: the code that runs in production,
// under faults that strike beneath it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>
#include <windlass/testing/simulation_fixture.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedProcess;
using testing::Simulation;

/// Answers "<path> <body>"; /slow after 5 s; /watch with a line per second, for ever.
Task<void> answer(SimulatedProcess* process, http::Request request, http::Responder* responder) {
  if (request.target == "/watch") {
    http::Response head;
    co_await responder->start(head);
    for (int n = 0;; ++n) {
      const auto line = std::to_string(n) + "\n";
      co_await responder->write(line);
      co_await sleep_for(process->clock(), 1s);
    }
  }
  if (request.target == "/slow") co_await sleep_for(process->clock(), 5s);
  http::Response response;
  response.body = request.target + " " + request.body;
  co_await responder->send(std::move(response));
}

Task<void> serve(SimulatedProcess& process) {
  auto listening = process.network(process.io()).listen(process.io(), {"", 80});
  auto handler = [&process](http::Request request, http::Peer, http::Responder& responder) {
    return answer(&process, std::move(request), &responder);
  };
  http::Server server(process, process.io(), std::move(listening.value()), std::move(handler));
  co_await server.run();
}

struct Tally {
  int answered = 0;
  int failed = 0;
  int lines = 0;
};

Task<std::string> get(http::Client* client, std::string target, http::SendOptions options) {
  http::Request request;
  request.target = std::move(target);
  auto sending = client->send(std::move(request), options);
  const auto response = co_await std::move(sending);
  co_return response.body;
}

/// One request a second, whatever happens.
Task<void> keep_asking(SimulatedProcess* process, std::shared_ptr<Tally> tally) {
  http::Client client(*process, process->io(), {.server = {"server", 80}});
  for (int n = 0;; ++n) {
    const auto target = "/" + std::to_string(n);
    bool failed = false;
    try {
      auto asking = get(&client, target, {.timeout = 3s});
      const auto body = co_await std::move(asking);
      EXPECT_EQ(body, target + " ");
      ++tally->answered;
    } catch (const Exception& error) {
      failed = true;
      if (error.code() == Errc::cancelled) throw;
      process->log().info("request failed", {{"error", error.error().message}});
    }
    if (failed) ++tally->failed;
    co_await sleep_for(process->clock(), 1s);
  }
}

/// Watches, and watches again when the stream ends.
Task<void> keep_watching(SimulatedProcess* process, std::shared_ptr<Tally> tally) {
  http::Client client(*process, process->io(), {.server = {"server", 80}});
  for (;;) {
    try {
      http::Request request;
      request.target = "/watch";
      auto opening = client.open(std::move(request));
      const auto stream = co_await std::move(opening);
      for (;;) {
        const auto chunk = co_await stream->read();
        if (chunk.empty()) break;
        tally->lines += static_cast<int>(std::ranges::count(chunk, '\n'));
      }
    } catch (const Exception& error) {
      if (error.code() == Errc::cancelled) throw;
    }
    co_await sleep_for(process->clock(), 1s);
  }
}

class HttpSimulation : public testing::SimulationFixture {
 protected:
  HttpSimulation()
      : SimulationFixture({.network = {.min_delay = 0ms, .max_delay = 5ms, .max_fragment = 40}}) {
    server.start(serve);
    client.start(
        [tally = tally](SimulatedProcess& self) -> Task<void> { return both(&self, tally); });
  }

  static Task<void> both(SimulatedProcess* process, std::shared_ptr<Tally> tally) {
    TaskGroup group(process->io());
    group.spawn("asks", keep_asking(process, tally));
    group.spawn("watches", keep_watching(process, tally));
    co_await group.join();
  }

  SimulatedProcess& server = sim.process("server");
  SimulatedProcess& client = sim.process("client");
  std::shared_ptr<Tally> tally = std::make_shared<Tally>();
};

TEST_P(HttpSimulation, AnswersEverythingWithoutFaults) {
  sim.run_for(100s);
  EXPECT_GE(tally->answered, 95);
  EXPECT_LE(tally->failed, 1);  // the server may start second
  EXPECT_GE(tally->lines, 95);
}

TEST_P(HttpSimulation, RecoversFromCrashesOfTheServer) {
  for (int n = 0; n < 20; ++n) {
    sim.run_for(std::chrono::milliseconds(sim.random().between(1, 3000)));
    server.crash();
    sim.run_for(std::chrono::milliseconds(sim.random().between(1, 2000)));
    server.restart();
  }
  const auto before = *tally;
  sim.run_for(20s);
  EXPECT_GE(tally->answered - before.answered, 18);
  EXPECT_GE(tally->lines - before.lines, 17);
}

TEST_P(HttpSimulation, RecoversFromCrashesOfTheClient) {
  for (int n = 0; n < 20; ++n) {
    sim.run_for(std::chrono::milliseconds(sim.random().between(1, 3000)));
    client.restart();
  }
  const auto before = *tally;
  sim.run_for(20s);
  EXPECT_GE(tally->answered - before.answered, 19);
}

TEST_P(HttpSimulation, AWatchEndsAfterAPartitionAndBeginsAnew) {
  sim.run_for(10s);
  const auto before = *tally;
  sim.partition(server, client);
  sim.run_for(60s);
  EXPECT_EQ(tally->lines, before.lines);
  EXPECT_GE(tally->failed - before.failed, 10);
  sim.heal();
  sim.run_for(50s);
  EXPECT_GE(tally->lines - before.lines, 30);
  EXPECT_GE(tally->answered - before.answered, 40);
}

TEST_P(HttpSimulation, APausedServerAnswersLate) {
  sim.run_for(10s);
  const auto before = *tally;
  server.pause(2s);
  sim.run_for(10s);
  EXPECT_EQ(tally->failed, before.failed);
  EXPECT_GE(tally->answered - before.answered, 7);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HttpSimulation, testing::seeds(5));

std::pair<std::uint64_t, std::string> run(std::uint64_t seed) {
  Simulation sim(seed);
  auto& server = sim.process("server");
  auto& client = sim.process("client");
  const auto tally = std::make_shared<Tally>();
  server.start(serve);
  sim.settle();
  sim.spawn(client, keep_asking(&client, tally));
  for (int n = 0; n < 10; ++n) {
    sim.run_for(std::chrono::milliseconds(sim.random().between(1, 3000)));
    server.restart();
  }
  return {sim.trace_hash(), sim.log_text()};
}

TEST(HttpTrace, SameSeedSameRun) {
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1).first, run(2).first);
}

}  // namespace
}  // namespace windlass
