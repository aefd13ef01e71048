// Client and server against a peer that says exactly what the test says.

#include <gtest/gtest.h>

#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>

#include "test_world.hpp"

namespace windlass::http {
namespace {

using namespace std::chrono_literals;
using http_test::MemoryStream;
using http_test::World;

const Endpoint kServer{"10.0.0.1", 80};

// ---- the client

/// What one accepted connection does.
struct Step {
  std::string answer;  ///< written once a request (its empty line) has arrived
  bool close = false;  ///< and then closes
  bool split = false;  ///< byte by byte
};

/// Answers the n-th request of the n-th connection by script and keeps what it received.
class ScriptedServer {
 public:
  using Script = std::vector<std::vector<Step>>;
  ScriptedServer(World& world, Script script)
      : world_(world),
        script_(std::move(script)),
        listener_(world.memory.listen(world.io(), kServer).value()),
        tasks_(world.io(), [](std::string_view, std::exception_ptr) {}) {
    tasks_.spawn("accept", accept(this));
  }
  ~ScriptedServer() {
    tasks_.cancel();
    world_.run(tasks_.join());
  }
  std::vector<std::string> requests;

 private:
  static Task<void> accept(ScriptedServer* self) {
    for (const auto& steps : self->script_) {
      auto accepting = self->listener_->accept();
      auto stream = co_await std::move(accepting);
      self->tasks_.spawn("serve", serve(self, std::move(stream), steps));
    }
  }

  static Task<void> serve(ScriptedServer* self, std::unique_ptr<Stream> stream,
                          std::vector<Step> steps) {
    std::array<char, 4096> buffer;
    for (const auto& step : steps) {
      std::string request;
      while (request.find("\r\n\r\n") == request.npos) {
        auto reading = stream->read_some(buffer);
        const auto count = co_await std::move(reading);
        if (count == 0) co_return;
        request.append(buffer.data(), count);
      }
      self->requests.push_back(request);
      std::string_view rest = step.answer;
      while (!rest.empty()) {
        const auto part = rest.substr(0, step.split ? 1 : rest.size());
        auto writing = stream->write(part);
        co_await std::move(writing);
        rest.remove_prefix(part.size());
      }
      if (step.close) co_return;
    }
    // silent from here on, until the client closes
    auto reading = stream->read_some(buffer);
    co_await std::move(reading);
  }

  World& world_;
  Script script_;
  std::unique_ptr<Listener> listener_;
  TaskGroup tasks_;
};

struct Outcome {
  int status = 0;
  std::string body;
  Errc error{};
  std::string message;
};

Outcome send(World& world, Client& client, Request request = {}, SendOptions options = {}) {
  try {
    auto response = world.run(client.send(std::move(request), options));
    return {response.status, response.body, {}, {}};
  } catch (const Exception& failure) {
    return {0, {}, failure.code(), failure.what()};
  }
}

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(ClientWire, SendsPlainRequests) {
  World world;
  ScriptedServer server(world, {{{kOk}, {kOk}}});
  Client client(world, world.io(), {.server = kServer});
  EXPECT_EQ(
      send(world, client, {.target = "/x", .headers = {{"A", "b"}, {"Content-Length", "9"}}}).body,
      "ok");
  EXPECT_EQ(send(world, client, {.method = "PATCH", .headers = {{"Host", "h"}}}).body, "ok");
  EXPECT_EQ(server.requests[0], "GET /x HTTP/1.1\r\nHost: 10.0.0.1\r\nA: b\r\n\r\n");
  EXPECT_EQ(server.requests[1], "PATCH / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
}

TEST(ClientWire, AnyFramingInAnySplit) {
  const std::vector<std::string> answers = {
      kOk,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\nT: x\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk,
      "HTTP/1.1 200 OK\r\n\r\nok",
  };
  for (const auto& answer : answers) {
    for (const bool split : {false, true}) {
      SCOPED_TRACE(answer);
      World world;
      ScriptedServer server(world, {{{answer, true, split}}});
      Client client(world, world.io(), {.server = kServer});
      EXPECT_EQ(send(world, client).body, "ok");
    }
  }
}

TEST(ClientWire, StaleConnectionsAreTriedOnceMoreForGetOnly) {
  struct Case {
    const char* method;
    std::string second;  ///< what the reused connection says before it closes
    int dials;
    Errc error;
  };
  const std::vector<Case> cases = {
      {"GET", "", 2, {}},
      {"POST", "", 1, Errc::closed},
      {"PATCH", "", 1, Errc::closed},
      {"DELETE", "", 1, Errc::closed},
      {"GET", "HTTP/1.1", 1, Errc::closed},  // the answer had begun
      {"GET", "garbage\r\n\r\n", 1, Errc::io},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.method + std::string(" ") + test.second);
    World world;
    ScriptedServer server(world, {{{kOk}, {test.second, true}}, {{kOk}}});
    Client client(world, world.io(), {.server = kServer});
    EXPECT_EQ(send(world, client).status, 200);
    const auto outcome = send(world, client, {.method = test.method});
    EXPECT_EQ(outcome.error, test.error) << outcome.message;
    EXPECT_EQ(outcome.status, test.error == Errc{} ? 200 : 0);
    EXPECT_EQ(world.memory.dials, test.dials);
  }
}

TEST(ClientWire, ANewConnectionThatDiesIsNotTriedAgain) {
  World world;
  ScriptedServer server(world, {{{"", true}}, {{kOk}}});
  Client client(world, world.io(), {.server = kServer});
  EXPECT_EQ(send(world, client).error, Errc::closed);
  EXPECT_EQ(world.memory.dials, 1);
}

TEST(ClientWire, BrokenAnswers) {
  struct Case {
    std::string answer;
    Errc error;
  };
  const std::vector<Case> cases = {
      {"nonsense\r\n\r\n", Errc::io},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", Errc::closed},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Errc::closed},
      {"HTTP/1.1 200 OK\r\nA: " + std::string(5000, 'x') + "\r\n\r\n", Errc::too_large},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", Errc::io},
      {"HTTP/1.1 100 Continue\r\n\r\n", Errc::closed},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.answer);
    World world;
    ScriptedServer server(world, {{{test.answer, true}}});
    Client client(world, world.io(), {.server = kServer, .max_header_bytes = 4096});
    const auto outcome = send(world, client, {.target = "/p?secret"});
    EXPECT_EQ(outcome.error, test.error) << outcome.message;
    EXPECT_NE(outcome.message.find("GET http://10.0.0.1:80/p: "), std::string::npos);
  }
}

TEST(ClientWire, BytesThatNobodyAskedForEndAnIdleConnection) {
  World world;
  ScriptedServer server(world, {{{kOk + "HTTP/1.1 500 Smuggled\r\n\r\n"}}, {{kOk}}});
  Client client(world, world.io(), {.server = kServer});
  EXPECT_EQ(send(world, client).status, 200);
  EXPECT_EQ(send(world, client, {.method = "POST"}).status, 200);
  EXPECT_EQ(world.memory.dials, 2);
}

TEST(ClientWire, ASilentServerTimesOutBeforeAndInsideTheBody) {
  for (const std::string answer : {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) {
    World world;
    ScriptedServer server(world, {{{answer}}});
    Client client(world, world.io(), {.server = kServer});
    EXPECT_EQ(send(world, client, {}, {.timeout = 4s}).error, Errc::timeout);
    EXPECT_EQ(world.time.steady_now().time_since_epoch(), 4s);
  }
}

// ---- the server

Task<void> echo(Request request, Peer, Responder& responder) {
  Response response{.body = request.method + " " + request.target + " " + request.body};
  auto sending = responder.send(std::move(response));
  co_await std::move(sending);
}

/// Writes the parts of a conversation and returns everything the server says until it closes, or
/// until nothing more happens within `patience`.
struct RawClient {
  explicit RawClient(Handler handler, ServerOptions options = {})
      : tasks(world.io()),
        server(world, world.io(), world.memory.listen(world.io(), kServer).value(),
               std::move(handler), std::move(options)) {
    tasks.spawn("server", server.run());
  }
  ~RawClient() {
    world.run(server.stop(0s));
    world.run(tasks.join());
  }

  static Task<void> read_all(Stream& stream, std::string& heard, bool& closed) {
    std::array<char, 4096> buffer;
    for (;;) {
      auto reading = stream.read_some(buffer);
      const auto count = co_await std::move(reading);
      if (count == 0) break;
      heard.append(buffer.data(), count);
    }
    closed = true;
  }

  std::string talk(const std::vector<std::string>& parts, Duration patience = 1s) {
    heard.clear();
    closed = false;
    auto stream = world.run(world.memory.dial(kServer));
    TaskGroup reader(world.io(), [](std::string_view, std::exception_ptr) {});
    reader.spawn("read", read_all(*stream, heard, closed));
    for (const auto& part : parts) {
      if (!closed) world.run(stream->write(part));
      world.settle();
    }
    world.run(sleep_for(world.time, patience));
    stream->close();
    world.run(reader.join());
    return heard;
  }

  World world;
  TaskGroup tasks;
  Server server;
  std::string heard;
  bool closed = false;
};

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> parts;
  for (const char c : text) parts.emplace_back(1, c);
  return parts;
}

std::string ok(const std::string& body, const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

TEST(ServerWire, AnswersPipelinedRequestsInOrderHoweverTheyAreSplit) {
  const std::string text =
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
      "PUT /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  const auto want = ok("GET /1 ") + ok("POST /2 ab") + ok("PUT /3 abc");
  RawClient f(echo);
  EXPECT_EQ(f.talk({text}), want);
  EXPECT_FALSE(f.closed);
  EXPECT_EQ(f.talk(bytes_of(text)), want);
  for (std::size_t split = 1; split < text.size(); ++split) {
    ASSERT_EQ(f.talk({text.substr(0, split), text.substr(split)}), want) << split;
  }
}

TEST(ServerWire, ConnectionFields) {
  struct Case {
    std::string request;
    std::string answer;
    bool closes;
  };
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       ok("GET / ", "Connection: close\r\n"), true},
      {"GET / HTTP/1.0\r\n\r\n", ok("GET / ", "Connection: close\r\n"), true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       ok("GET / ", "Connection: keep-alive\r\n"), false},
      {"GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n", ok("GET /p?q "), false},
      {"GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n", ok("GET / "), false},
      {"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", false},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
       ok("POST / "), false},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.request);
    RawClient f(echo);
    EXPECT_EQ(f.talk({test.request}), test.answer);
    EXPECT_EQ(f.closed, test.closes);
  }
}

TEST(ServerWire, ExpectContinueIsAnsweredBeforeTheBody) {
  RawClient f(echo);
  const std::string head =
      "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_EQ(f.talk({head}), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(f.talk({head, "ab"}), "HTTP/1.1 100 Continue\r\n\r\n" + ok("PUT / ab"));
  EXPECT_EQ(f.talk({head + "ab"}), ok("PUT / ab"));
}

TEST(ServerWire, RefusesWhatItCannotServe) {
  struct Case {
    std::string request;
    int status;
    Duration patience = 1s;
  };
  const std::vector<Case> cases = {
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n", 413},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 413},
      {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'x'), 431},
      {"GET / HTTP/1.1\r\nHost: h\r\n", 408, 11s},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc", 408, 61s},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.request);
    RawClient f(echo, {.max_header_bytes = 1000, .max_body_bytes = 100});
    const auto answer = f.talk({test.request}, test.patience);
    EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 " + std::to_string(test.status) + " ");
    EXPECT_NE(answer.find("Connection: close\r\n"), answer.npos);
    EXPECT_TRUE(f.closed);
  }
}

TEST(ServerWire, SilentClientsAreClosedWithoutAnAnswer) {
  RawClient f(echo);
  EXPECT_EQ(f.talk({}, 9s), "");
  EXPECT_FALSE(f.closed);
  EXPECT_EQ(f.talk({}, 11s), "");
  EXPECT_TRUE(f.closed);
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(f.talk({request}, 119s), ok("GET / "));
  EXPECT_FALSE(f.closed);
  EXPECT_EQ(f.talk({request}, 121s), ok("GET / "));
  EXPECT_TRUE(f.closed);
}

TEST(ServerWire, ATrickleOfHeaderBytesDoesNotExtendTheTime) {
  RawClient f(echo);
  auto stream = f.world.run(f.world.memory.dial(kServer));
  TaskGroup reader(f.world.io(), [](std::string_view, std::exception_ptr) {});
  reader.spawn("read", RawClient::read_all(*stream, f.heard, f.closed));
  for (int second = 0; second < 12 && !f.closed; ++second) {
    f.world.run(stream->write("G"));
    f.world.run(sleep_for(f.world.time, 1s));
  }
  EXPECT_TRUE(f.closed);
  EXPECT_EQ(f.heard.substr(0, 12), "HTTP/1.1 408");
  f.world.run(reader.join());
}

Task<void> stream_two(Request, Peer, Responder& responder) {
  Response head{.headers = {{"X", "y"}}, .body = "first"};
  auto starting = responder.start(std::move(head));
  co_await std::move(starting);
  auto writing = responder.write("");
  co_await std::move(writing);
  auto more = responder.write("second");
  co_await std::move(more);
}

TEST(ServerWire, Streams) {
  RawClient f(stream_two);
  const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\n";
  EXPECT_EQ(f.talk({"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}),
            head + "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
  EXPECT_FALSE(f.closed);
  EXPECT_EQ(f.talk({"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}),
            head + "Connection: close\r\n\r\nfirstsecond");
  EXPECT_TRUE(f.closed);
  EXPECT_EQ(f.talk({"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"}),
            head + "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_FALSE(f.closed);
}

TEST(ServerWire, AClientThatDoesNotReadIsGivenUp) {
  RawClient f([](Request, Peer, Responder& responder) -> Task<void> {
    Response response{.body = std::string(100'000, 'x')};
    auto sending = responder.send(std::move(response));
    co_await std::move(sending);
  });
  f.world.memory.window = 1000;
  auto stream = f.world.run(f.world.memory.dial(kServer));
  f.world.run(stream->write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  f.world.run(sleep_for(f.world.time, 61s));
  f.world.run(f.server.stop(1h));  // nothing is left to wait for
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 61s);
}

TEST(ServerWire, HostileBytesNeverHarm) {
  RawClient f(echo, {.max_header_bytes = 512, .max_body_bytes = 64});
  const std::string seed_text =
      "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
  SeededRandom random(7);
  for (int round = 0; round < 500; ++round) {
    auto text = seed_text;
    for (int change = 0; change < 3; ++change) {
      const auto at = random.next() % text.size();
      if (random.next() % 2 == 0) {
        text[at] = static_cast<char>(random.next());
      } else {
        text.erase(at, 1 + random.next() % 9);
      }
    }
    const auto split = random.next() % (text.size() + 1);
    f.talk({text.substr(0, split), text.substr(split)});
  }
  EXPECT_EQ(f.talk({"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}), ok("GET / "));
}

}  // namespace
}  // namespace windlass::http
