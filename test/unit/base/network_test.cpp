// SystemEnvironment: real sockets on the loopback network, files, variables.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include <windlass/base/system_environment.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;

/// A directory of this test that goes away with it.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "windlass.XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

struct NetworkTest : testing::Test {
  template <class Main, class... Arguments>
  void run(Main main, Arguments... arguments) {
    const auto limited = [](SystemEnvironment& env, Task<void> task) -> Task<int> {
      auto timed = with_timeout(env.clock(), 20s, "the test", std::move(task));
      co_await std::move(timed);
      co_return 0;
    };
    EXPECT_EQ(
        environment->run([&] { return limited(*environment, main(*environment, arguments...)); }),
        0);
  }

  std::unique_ptr<SystemEnvironment> environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
};

Task<void> exchange(SystemEnvironment& env, Endpoint at) {
  auto& network = env.network(env.io());
  const auto listener = network.listen(env.io(), at).value();
  const auto where = listener->local_endpoint();
  EXPECT_EQ(where.port == 0, at.host.starts_with('/'));
  auto dialing = network.dial({at.host, where.port});
  const auto client = co_await std::move(dialing);
  auto accepting = listener->accept();
  auto server = co_await std::move(accepting);
  auto writing = client->write("hello");
  co_await std::move(writing);
  std::array<char, 64> buffer;
  auto reading = server->read_some(buffer);
  const auto count = co_await std::move(reading);
  EXPECT_EQ(std::string_view(buffer.data(), count), "hello");
  server.reset();  // closes
  auto reading_end = client->read_some(buffer);
  const auto end = co_await std::move(reading_end);
  EXPECT_EQ(end, 0u);
}

TEST_F(NetworkTest, TcpCarriesBytes) { run(exchange, Endpoint{"127.0.0.1", 0}); }

TEST_F(NetworkTest, NamesAreResolved) { run(exchange, Endpoint{"localhost", 0}); }

TEST_F(NetworkTest, UnixSocketsCarryBytes) {
  const Folder folder;
  run(exchange, Endpoint{(folder.path / "socket").string(), 0});
}

/// How much of a large write arrives when the writer closes in the middle of it.
Task<void> close_in_the_middle(SystemEnvironment& env, bool reset, std::size_t* arrived,
                               bool* in_order) {
  constexpr std::size_t kSize = 4u << 20;
  auto& network = env.network(env.io());
  const auto listener = network.listen(env.io(), {"127.0.0.1", 0}).value();
  auto dialing = network.dial({"127.0.0.1", listener->local_endpoint().port});
  auto client = co_await std::move(dialing);
  auto accepting = listener->accept();
  const auto server = co_await std::move(accepting);
  client->reset_on_close(reset);
  const std::string bytes(kSize, 'x');
  const auto write = [](Stream* stream, const std::string* text) -> Task<void> {
    auto writing = stream->write(*text);
    co_await std::move(writing);
  };
  TaskGroup group(env.io(), [](std::string_view, const std::exception_ptr&) {});
  group.spawn("write", write(client.get(), &bytes));
  auto turn = yield();  // the write has filled what the system takes
  co_await std::move(turn);
  client->close();
  auto ending = group.join();
  co_await std::move(ending);
  std::vector<char> buffer(65536);
  try {
    for (;;) {
      auto reading = server->read_some(buffer);
      const auto count = co_await std::move(reading);
      *in_order = count == 0;
      if (count == 0) break;
      *arrived += count;
    }
  } catch (const Exception&) {
    *in_order = false;
  }
}

TEST_F(NetworkTest, AClosedStreamStillSendsWhatTheSystemTook) {
  std::size_t arrived = 0;
  bool in_order = false;
  run(close_in_the_middle, false, &arrived, &in_order);
  EXPECT_TRUE(in_order);
  EXPECT_GT(arrived, 0u);
}

TEST_F(NetworkTest, AStreamThatResetsOnCloseSendsNothingMore) {
  std::size_t all = 0;
  bool in_order = false;
  run(close_in_the_middle, false, &all, &in_order);
  std::size_t arrived = 0;
  run(close_in_the_middle, true, &arrived, &in_order);
  EXPECT_FALSE(in_order);
  EXPECT_LT(arrived, all);
}

/// What a task threw, as its code.
Task<Errc> code_of(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    co_return describe(std::current_exception()).code;
  }
  co_return Errc{};
}

Task<void> read_once(Stream& stream) {
  std::array<char, 16> buffer;
  auto reading = stream.read_some(buffer);
  co_await std::move(reading);
}

Task<void> accept_once(Listener& listener) {
  auto accepting = listener.accept();
  co_await std::move(accepting);
}

Task<void> dial_once(Network& network, Endpoint to) {
  auto dialing = network.dial(to);
  co_await std::move(dialing);
}

Task<void> note(Task<void> task, Errc& code) {
  auto running = code_of(std::move(task));
  code = co_await std::move(running);
}

Task<void> close_ends_everything(SystemEnvironment& env) {
  auto& network = env.network(env.io());
  const auto listener = network.listen(env.io(), {"127.0.0.1", 0}).value();
  auto dialing = network.dial(listener->local_endpoint());
  const auto client = co_await std::move(dialing);
  Errc read{};
  Errc accepted{};
  Errc blocked{};
  TaskGroup tasks(env.io());
  const std::string flood(50'000'000, 'x');  // more than any socket buffers
  tasks.spawn("read", note(read_once(*client), read));
  tasks.spawn("write", note(client->write(flood), blocked));
  auto accepting = listener->accept();
  const auto server = co_await std::move(accepting);
  tasks.spawn("accept", note(accept_once(*listener), accepted));
  auto turn = yield();
  co_await std::move(turn);
  EXPECT_EQ(tasks.running().size(), 3u);
  client->close();
  client->close();
  listener->close();
  auto joining = tasks.join();
  co_await std::move(joining);
  EXPECT_EQ(read, Errc::closed);
  EXPECT_EQ(blocked, Errc::closed);
  EXPECT_EQ(accepted, Errc::closed);
  auto again = code_of(read_once(*client));
  const auto after = co_await std::move(again);
  EXPECT_EQ(after, Errc::closed);
  auto writing = code_of(client->write("x"));
  const auto write_after = co_await std::move(writing);
  EXPECT_EQ(write_after, Errc::closed);
}

TEST_F(NetworkTest, CloseEndsPendingOperations) { run(close_ends_everything); }

Task<void> cancel_ends_everything(SystemEnvironment& env) {
  auto& network = env.network(env.io());
  const auto listener = network.listen(env.io(), {"127.0.0.1", 0}).value();
  auto dialing = network.dial(listener->local_endpoint());
  const auto client = co_await std::move(dialing);
  Errc read{};
  Errc accepted{};
  auto accepting = listener->accept();
  const auto server = co_await std::move(accepting);
  TaskGroup tasks(env.io());
  tasks.spawn("read", note(read_once(*client), read));
  tasks.spawn("accept", note(accept_once(*listener), accepted));
  auto turn = yield();
  co_await std::move(turn);
  tasks.cancel();
  auto joining = tasks.join();
  co_await std::move(joining);
  EXPECT_EQ(read, Errc::cancelled);
  EXPECT_EQ(accepted, Errc::cancelled);
}

TEST_F(NetworkTest, CancellationEndsPendingOperations) { run(cancel_ends_everything); }

Task<void> refusals(SystemEnvironment& env) {
  auto& network = env.network(env.io());
  auto first = network.listen(env.io(), {"127.0.0.1", 0}).value();
  const auto at = first->local_endpoint();
  const auto second = network.listen(env.io(), at);
  EXPECT_FALSE(second);
  if (!second) {
    EXPECT_EQ(second.error().code, Errc::io);
    EXPECT_EQ(second.error().message, "cannot listen on " + to_string(at) +
                                          ": the address is in use by another program; stop it or "
                                          "choose another port");
  }
  first.reset();
  auto dialing = code_of(dial_once(network, at));
  const auto refused = co_await std::move(dialing);
  EXPECT_EQ(refused, Errc::refused);
  const auto again = network.listen(env.io(), at);  // at once: no TIME_WAIT in the way
  EXPECT_TRUE(again);
  const auto named = network.listen(env.io(), {"example.com", 80});
  EXPECT_EQ(named.error().code, Errc::invalid_argument);
  auto no_socket = code_of(dial_once(network, {"/nowhere/socket", 0}));
  const auto missing = co_await std::move(no_socket);
  EXPECT_EQ(missing, Errc::io);
}

TEST_F(NetworkTest, RefusalsSayWhy) { run(refusals); }

Task<void> dead_peer(SystemEnvironment& env) {
  auto& network = env.network(env.io());
  const auto listener = network.listen(env.io(), {"127.0.0.1", 0}).value();
  auto dialing = network.dial(listener->local_endpoint());
  const auto client = co_await std::move(dialing);
  auto accepting = listener->accept();
  auto server = co_await std::move(accepting);
  server.reset();
  // the first write reaches a closed socket, which answers with a reset
  Errc code{};
  for (int i = 0; i < 1000 && code == Errc{}; ++i) {
    auto writing = code_of(client->write("x"));
    code = co_await std::move(writing);
    auto turn = yield();
    co_await std::move(turn);
  }
  EXPECT_EQ(code, Errc::closed);
}

TEST_F(NetworkTest, WritingToAPeerThatIsGoneSaysClosed) { run(dead_peer); }

TEST_F(NetworkTest, ExceptionsOfMainComeOut) {
  const auto main = []() -> Task<int> {
    throw Exception(Errc::unavailable, "x");
    co_return 0;
  };
  EXPECT_THROW(environment->run(main), Exception);
}

TEST_F(NetworkTest, ReadsFilesAndVariables) {
  const Folder folder;
  const auto file = folder.path / "file";
  std::ofstream(file) << std::string(200'000, 'x');
  EXPECT_EQ(environment->read_file(file).value().size(), 200'000);
  const auto missing = environment->read_file(folder.path / "none");
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_NE(missing.error().message.find((folder.path / "none").string()), std::string::npos);
  EXPECT_EQ(environment->read_file(folder.path).error().code, Errc::io);
  EXPECT_FALSE(environment->variable("WINDLASS_TEST_SURELY_UNSET"));
  EXPECT_TRUE(environment->variable("PATH"));
  EXPECT_EQ(environment->secret_bytes(32).size(), 32);
  EXPECT_NE(environment->secret_bytes(32), environment->secret_bytes(32));
  EXPECT_FALSE(environment->host_name().empty());
}

}  // namespace
}  // namespace windlass
