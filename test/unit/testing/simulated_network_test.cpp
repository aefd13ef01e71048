#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/testing/simulation.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using testing::NetworkOptions;
using testing::SimulatedProcess;
using testing::Simulation;
using testing::SimulationError;
using testing::SimulationOptions;

/// Echoes every connection until its end.
Task<void> echo_one(std::unique_ptr<Stream> stream) {
  std::string buffer(1000, '\0');
  for (;;) {
    std::size_t size = 0;
    try {
      size = co_await stream->read_some(buffer);
    } catch (const Exception& error) {
      if (error.code() == Errc::cancelled) throw;
    }
    if (size == 0) co_return;
    try {
      co_await stream->write(std::string_view(buffer).substr(0, size));
    } catch (const Exception& error) {
      if (error.code() == Errc::cancelled) throw;
      co_return;
    }
  }
}

Task<void> echo_server(SimulatedProcess& process) {
  TaskGroup group(process.io());
  auto listening = process.network(process.io()).listen(process.io(), {"", 7});
  const auto listener = std::move(listening.value());
  for (;;) {
    auto stream = co_await listener->accept();
    group.spawn("echo", echo_one(std::move(stream)));
  }
}

Task<std::unique_ptr<Stream>> dial(SimulatedProcess* process, Endpoint to) {
  return process->network(process->io()).dial(std::move(to));
}

Task<std::string> exchange(SimulatedProcess* process, Endpoint to, std::string text) {
  const auto stream = co_await dial(process, std::move(to));
  TaskGroup group(process->io());
  const auto send = [](Stream* s, std::string bytes) -> Task<void> { co_await s->write(bytes); };
  group.spawn("send", send(stream.get(), text));
  std::string got;
  std::string buffer(4096, '\0');
  while (got.size() < text.size()) {
    const auto size = co_await stream->read_some(buffer);
    if (size == 0) break;
    got.append(buffer, 0, size);
  }
  co_await group.join();
  co_return got;
}

Errc code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.code();
  }
  ADD_FAILURE() << "it did not fail";
  return Errc::internal;
}

class SimulatedNetworkTest : public ::testing::Test {
 protected:
  SimulatedNetworkTest() {
    server.start(echo_server);
    sim.settle();
  }
  std::unique_ptr<Stream> connect() { return sim.run(client, dial(&client, {"server", 7})); }
  void write(Stream& stream, std::string_view text) { sim.run(client, stream.write(text)); }
  std::string read(Stream& stream) {
    const auto read_some = [](Stream* s) -> Task<std::string> {
      std::string buffer(4096, '\0');
      const auto size = co_await s->read_some(buffer);
      buffer.resize(size);
      co_return buffer;
    };
    return sim.run(client, read_some(&stream));
  }

  Simulation sim{5};
  SimulatedProcess& server = sim.process("server");
  SimulatedProcess& client = sim.process("client");
};

TEST_F(SimulatedNetworkTest, CarriesBytesByNameAddressAndAlias) {
  EXPECT_EQ(sim.run(client, exchange(&client, {"server", 7}, "hello")), "hello");
  EXPECT_EQ(sim.run(client, exchange(&client, {server.address(), 7}, "hello")), "hello");
  EXPECT_EQ(sim.run(server, exchange(&server, {"127.0.0.1", 7}, "hello")), "hello");
  sim.add_host("echo.example.com", server);
  EXPECT_EQ(sim.run(client, exchange(&client, {"echo.example.com", 7}, "hello")), "hello");
  EXPECT_GT(sim.now(), 0s);
}

TEST_F(SimulatedNetworkTest, CarriesMoreThanTheWindowInOrder) {
  std::string text;
  for (int n = 0; text.size() < 2'000'000; ++n) text += std::to_string(n) + ",";
  EXPECT_EQ(sim.run(client, exchange(&client, {"server", 7}, text)), text);
}

TEST_F(SimulatedNetworkTest, RefusesAndDoesNotResolve) {
  EXPECT_EQ(code_of([&] { sim.run(client, dial(&client, {"server", 8})); }), Errc::refused);
  EXPECT_EQ(code_of([&] { sim.run(client, dial(&client, {"nobody", 7})); }), Errc::io);
  sim.refuse(server);
  EXPECT_EQ(code_of([&] { connect(); }), Errc::refused);
  sim.refuse(server, false);
  EXPECT_NE(connect(), nullptr);
  server.crash();
  EXPECT_EQ(code_of([&] { connect(); }), Errc::refused);
}

TEST_F(SimulatedNetworkTest, ListenersHaveAddressesOfTheirOwn) {
  auto& network = server.network(server.io());
  const auto taken = network.listen(server.io(), {"127.0.0.1", 7});
  EXPECT_THAT(taken.error().message, ::testing::HasSubstr("in use"));
  const auto foreign = network.listen(server.io(), {client.address(), 9});
  EXPECT_EQ(foreign.error().code, Errc::io);
  auto chosen = network.listen(server.io(), {"127.0.0.1", 0});
  const auto at = (*chosen)->local_endpoint();
  EXPECT_NE(at.port, 0);
  EXPECT_EQ(code_of([&] { sim.run(client, dial(&client, {"server", at.port})); }), Errc::refused);
  EXPECT_NE(sim.run(server, dial(&server, at)), nullptr);
  auto socket = network.listen(server.io(), {"/run/db.sock", 0});
  EXPECT_NE(sim.run(server, dial(&server, {"/run/db.sock", 0})), nullptr);
  EXPECT_EQ(code_of([&] { sim.run(client, dial(&client, {"/run/db.sock", 0})); }), Errc::refused);
}

TEST_F(SimulatedNetworkTest, CloseEndsThePeersReadingAfterTheData) {
  auto listening = client.network(client.io()).listen(client.io(), {"", 1});
  auto dialled = sim.run(server, dial(&server, {"client", 1}));
  auto accepted = sim.run(client, (*listening)->accept());
  sim.run(server, dialled->write("last words"));
  dialled->close();
  EXPECT_EQ(read(*accepted), "last words");
  EXPECT_EQ(read(*accepted), "");
  EXPECT_EQ(code_of([&] { sim.run(server, dialled->write("x")); }), Errc::closed);
  write(*accepted, "nobody reads this");  // answered by a reset, as TCP does
  sim.run_for(1s);
  EXPECT_EQ(code_of([&] { write(*accepted, "x"); }), Errc::closed);
}

TEST_F(SimulatedNetworkTest, ClosingWakesAPendingReadAndAccept) {
  auto stream = connect();
  sim.after(1s, [&] { stream->close(); });
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::closed);
  auto listening = client.network(client.io()).listen(client.io(), {"", 1});
  sim.after(1s, [&] { (*listening)->close(); });
  EXPECT_EQ(code_of([&] { sim.run(client, (*listening)->accept()); }), Errc::closed);
}

TEST_F(SimulatedNetworkTest, ACrashResetsTheConnectionsOfItsPeers) {
  auto stream = connect();
  server.crash();
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::closed);
  EXPECT_LT(sim.now(), 1s);
  server.restart();
  sim.settle();
  EXPECT_EQ(sim.run(client, exchange(&client, {"server", 7}, "again")), "again");
}

TEST_F(SimulatedNetworkTest, AVanishedMachineIsNoticedAfterTheTimeout) {
  auto stream = connect();
  const auto before = sim.now();
  server.vanish();
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::timeout);
  EXPECT_EQ(sim.now() - before, 45s);
  EXPECT_EQ(code_of([&] { connect(); }), Errc::timeout);
}

TEST_F(SimulatedNetworkTest, AMachineThatComesBackDisownsItsOldConnections) {
  auto stream = connect();
  server.vanish();
  write(*stream, "into the void");
  sim.run_for(5s);
  server.restart();
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::closed);
  EXPECT_LT(sim.now(), 6s);
  EXPECT_NE(connect(), nullptr);
}

TEST_F(SimulatedNetworkTest, APartitionHoldsDataUntilItHeals) {
  auto stream = connect();
  sim.partition(client, server);
  write(*stream, "hello ");
  write(*stream, "again");
  sim.run_for(20s);
  sim.heal(client, server);
  std::string got;
  while (got.size() < 11) got += read(*stream);
  EXPECT_EQ(got, "hello again");
  EXPECT_LT(sim.now(), 21s);
}

TEST_F(SimulatedNetworkTest, ALongPartitionBreaksConnectionsAndDials) {
  auto stream = connect();
  sim.isolate(server);
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::timeout);
  EXPECT_GT(sim.now(), 44s);
  EXPECT_LT(sim.now(), 46s);
  EXPECT_EQ(code_of([&] { connect(); }), Errc::timeout);
  sim.after(10s, [&] { sim.heal(); });
  EXPECT_NE(connect(), nullptr);
}

TEST_F(SimulatedNetworkTest, OneDirectionCanBeBlockedAlone) {
  auto stream = connect();
  sim.block(server, client);
  write(*stream, "question");
  const auto answer = [&] { return read(*stream); };
  EXPECT_EQ(code_of(answer), Errc::timeout);
}

TEST_F(SimulatedNetworkTest, CutResetsBothEnds) {
  auto stream = connect();
  sim.cut(server, client);
  EXPECT_EQ(code_of([&] { read(*stream); }), Errc::closed);
  EXPECT_EQ(code_of([&] { write(*stream, "x"); }), Errc::closed);
}

TEST_F(SimulatedNetworkTest, StreamsSurviveTheDeathOfTheirProcess) {
  auto stream = connect();
  client.crash();
  EXPECT_NO_THROW(stream->close());
  sim.run_for(1s);
  stream.reset();
  EXPECT_TRUE(server.alive());
}

TEST_F(SimulatedNetworkTest, ADialIsCancelledByATimeout) {
  sim.partition(client, server);
  const auto limited = [](SimulatedProcess* p) -> Task<void> {
    auto pending = dial(p, {"server", 7});
    auto stream = co_await with_timeout<std::unique_ptr<Stream>>(p->clock(), 2s, "dialling",
                                                                 std::move(pending));
    stream->close();
  };
  EXPECT_EQ(code_of([&] { sim.run(client, limited(&client)); }), Errc::timeout);
  EXPECT_EQ(sim.now(), 2s);
  sim.heal();
  sim.run_for(1min);
}

std::uint64_t run_with(std::uint64_t seed) {
  Simulation sim(SimulationOptions{
      .seed = seed,
      .network = NetworkOptions{.min_delay = 0s, .max_delay = 20ms, .max_fragment = 50}});
  auto& server = sim.process("server");
  auto& client = sim.process("client");
  server.start(echo_server);
  sim.settle();
  const std::string text(3000, 'x');
  for (int n = 0; n < 5; ++n) {
    EXPECT_EQ(sim.run(client, exchange(&client, {"server", 7}, text)), text);
  }
  client.crash();
  sim.run_for(1s);
  return sim.trace_hash();
}

TEST(SimulatedNetwork, SameSeedSameTraffic) {
  EXPECT_EQ(run_with(3), run_with(3));
  EXPECT_NE(run_with(3), run_with(4));
}

}  // namespace
}  // namespace windlass
