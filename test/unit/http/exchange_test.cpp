// Client and server against each other, in memory and in virtual time.

#include <gtest/gtest.h>

#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>

#include "test_world.hpp"

namespace windlass::http {
namespace {

using namespace std::chrono_literals;
using http_test::World;

const Endpoint kServer{"10.0.0.1", 80};

/// A server in a world, and a client to it.
struct Fixture {
  explicit Fixture(Handler handler, ServerOptions server_options = {},
                   ClientOptions client_options = {})
      : tasks(world.io()),
        server(world, world.io(), world.memory.listen(world.io(), kServer).value(),
               std::move(handler), std::move(server_options)) {
    client_options.server = kServer;
    client = std::make_unique<Client>(world, world.io(), std::move(client_options));
    tasks.spawn("server", server.run());
  }
  ~Fixture() {
    client.reset();
    world.run(server.stop(0s));
    world.run(tasks.join());
  }

  Response send(Request request = {}, SendOptions options = {}) {
    return world.run(client->send(std::move(request), options));
  }
  std::unique_ptr<ResponseStream> open(Request request = {}) {
    return world.run(client->open(std::move(request)));
  }

  World world;
  TaskGroup tasks;
  Server server;
  std::unique_ptr<Client> client;
};

Errc code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Exception& failure) {
    return failure.code();
  }
  return Errc{};
}

Task<void> echo(Request request, Peer, Responder& responder) {
  Response response;
  response.headers.add("X-Method", request.method);
  response.headers.add("X-Target", request.target);
  response.headers.add("X-Host", request.headers.get("host"));
  response.body = std::move(request.body);
  auto sending = responder.send(std::move(response));
  co_await std::move(sending);
}

TEST(Exchange, CarriesMethodTargetAndBody) {
  Fixture f(echo);
  const auto response =
      f.send({.method = "POST", .target = "/a/b?c=d", .headers = {}, .body = "hello"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("x-method"), "POST");
  EXPECT_EQ(response.headers.get("X-TARGET"), "/a/b?c=d");
  EXPECT_EQ(response.headers.get("X-Host"), "10.0.0.1");
  EXPECT_EQ(response.body, "hello");
}

TEST(Exchange, CarriesLargeBodiesThroughSmallWindows) {
  Fixture f(echo);
  f.world.memory.window = 1000;
  f.world.memory.client_piece = 333;
  f.world.memory.server_piece = 77;
  std::string body(300'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  EXPECT_EQ(f.send({.method = "PUT", .body = body}).body, body);
}

TEST(Exchange, ReusesAConnection) {
  Fixture f(echo);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(f.send().status, 200);
  EXPECT_EQ(f.world.memory.dials, 1);
}

TEST(Exchange, ReusesAfterHeadAndEmptyAnswers) {
  Fixture f([](Request request, Peer, Responder& responder) -> Task<void> {
    Response response{.status = request.target == "/none" ? 204 : 200};
    response.body = "body";
    auto sending = responder.send(std::move(response));
    co_await std::move(sending);
  });
  EXPECT_EQ(f.send({.method = "HEAD"}).headers.get("content-length"), "4");
  EXPECT_EQ(f.send({.method = "HEAD"}).body, "");
  EXPECT_EQ(f.send({.target = "/none"}).status, 204);
  EXPECT_EQ(f.send().body, "body");
  EXPECT_EQ(f.world.memory.dials, 1);
}

TEST(Exchange, ConnectionCloseIsKept) {
  Fixture f(echo);
  const auto response = f.send({.headers = {{"Connection", "close"}}});
  EXPECT_EQ(response.headers.get("connection"), "close");
  f.send();
  EXPECT_EQ(f.world.memory.dials, 2);
}

TEST(Exchange, ManyAtOnceUseConnectionsOfTheirOwnAndKeepSome) {
  Fixture f(echo, {}, {.server = {}, .max_idle_connections = 2});
  const auto burst = [](Client& client, const Executor& executor) -> Task<void> {
    TaskGroup group(executor);
    const auto one = [](Client& c) -> Task<void> {
      auto sending = c.send({});
      const auto response = co_await std::move(sending);
      EXPECT_EQ(response.status, 200);
    };
    for (int i = 0; i < 5; ++i) group.spawn("one", one(client));
    auto joining = group.join();
    co_await std::move(joining);
  };
  f.world.run(burst(*f.client, f.world.io()));
  EXPECT_EQ(f.world.memory.dials, 5);
  f.world.run(burst(*f.client, f.world.io()));
  EXPECT_EQ(f.world.memory.dials, 8);  // two of the first five were kept
}

TEST(Exchange, IdleConnectionsEnd) {
  Fixture f(echo, {}, {.server = {}, .idle_timeout = 90s});
  f.send();
  f.world.run(sleep_for(f.world.time, 89s));
  f.send();
  EXPECT_EQ(f.world.memory.dials, 1);
  f.world.run(sleep_for(f.world.time, 91s));
  f.send();
  EXPECT_EQ(f.world.memory.dials, 2);
}

TEST(Exchange, AServerThatClosesIdleConnectionsIsNoticedBeforeReuse) {
  Fixture f(echo, {.idle_timeout = 5s});
  f.send();
  f.world.run(sleep_for(f.world.time, 6s));
  // not a GET: it would not be sent again
  EXPECT_EQ(f.send({.method = "POST"}).status, 200);
  EXPECT_EQ(f.world.memory.dials, 2);
}

TEST(Exchange, DropConnectionsEndsIdleOnesAndBusyOnesAfterTheirExchange) {
  Fixture f(echo);
  f.send();
  f.client->drop_connections();
  f.send();
  EXPECT_EQ(f.world.memory.dials, 2);
  const auto stream = f.open({.method = "POST", .body = std::string(200'000, 'x')});
  f.client->drop_connections();
  std::size_t size = 0;
  const auto read_all = [](ResponseStream& s, std::size_t& count) -> Task<void> {
    for (;;) {
      auto reading = s.read();
      const auto piece = co_await std::move(reading);
      if (piece.empty()) co_return;
      count += piece.size();
    }
  };
  f.world.run(read_all(*stream, size));
  EXPECT_EQ(size, 200'000);
  f.send();
  EXPECT_EQ(f.world.memory.dials, 3);
}

/// Sends a chunk each second until it is cancelled.
struct Watch {
  World* world = nullptr;
  int started = 0;
  int cancelled = 0;
  int writes = 0;

  Handler handler() {
    return [this](Request, Peer, Responder& responder) { return run(this, responder); };
  }
  static Task<void> run(Watch* self, Responder& responder) {
    ++self->started;
    try {
      Response head;
      auto starting = responder.start(std::move(head));
      co_await std::move(starting);
      for (;;) {
        auto pause = sleep_for(self->world->time, 1s);
        co_await std::move(pause);
        auto writing = responder.write("event\n");
        co_await std::move(writing);
        ++self->writes;
      }
    } catch (const Exception& failure) {
      if (failure.code() == Errc::cancelled) ++self->cancelled;
      throw;
    }
  }
};

TEST(Stream, DeliversPiecesAsTheyComeWithoutATimeout) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  const auto stream = f.open();
  EXPECT_EQ(stream->status(), 200);
  EXPECT_EQ(stream->headers().get("transfer-encoding"), "chunked");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(f.world.run(stream->read()), "event\n");
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 100s);
}

TEST(Stream, AClientThatGoesAwayCancelsAnIdleHandler) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  auto stream = f.open();
  EXPECT_EQ(watch.started, 1);
  stream.reset();
  f.world.settle();
  EXPECT_EQ(watch.cancelled, 1);
  EXPECT_EQ(watch.writes, 0);
}

TEST(Stream, CloseEndsAPendingRead) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  const auto stream = f.open();
  const auto reader = [](ResponseStream& s) -> Task<void> {
    auto reading = s.read();
    co_await std::move(reading);
  };
  std::exception_ptr failure;
  TaskGroup tasks(f.world.io(),
                  [&](std::string_view, std::exception_ptr error) { failure = error; });
  tasks.spawn("reader", reader(*stream));
  f.world.settle();
  stream->close();
  f.world.settle();
  ASSERT_TRUE(failure);
  EXPECT_EQ(describe(failure).code, Errc::closed);
  EXPECT_EQ(code_of([&] { f.world.run(stream->read()); }), Errc::closed);
}

TEST(Stream, AbortEndsIt) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  const auto stream = f.open();
  f.client->abort_connections();
  EXPECT_EQ(code_of([&] { f.world.run(stream->read()); }), Errc::closed);
  EXPECT_EQ(watch.cancelled, 1);
  EXPECT_EQ(f.open()->status(), 200);  // the client lives on
}

TEST(Stream, AStreamOutlivesItsClient) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  const auto stream = f.open();
  f.client.reset();
  EXPECT_EQ(code_of([&] { f.world.run(stream->read()); }), Errc::closed);
}

Task<void> never(Request, Peer, Responder& responder) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Event forever(executor);
  auto waiting = forever.wait();
  co_await std::move(waiting);
  Response response;
  auto sending = responder.send(std::move(response));
  co_await std::move(sending);
}

TEST(Timeout, EndsAnExchangeAndItsConnection) {
  Fixture f(never);
  try {
    f.send({.target = "/slow?token=secret"}, {.timeout = 3s});
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::timeout);
    EXPECT_STREQ(failure.what(), "GET http://10.0.0.1:80/slow took longer than 3s");
  }
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 3s);
  EXPECT_EQ(code_of([&] { f.send({}, {.timeout = 1s}); }), Errc::timeout);
  EXPECT_EQ(f.world.memory.dials, 2);
}

TEST(Timeout, CoversDialing) {
  Fixture f(echo);
  f.world.memory.dial_delay = 20s;
  EXPECT_EQ(code_of([&] { f.send({}, {.timeout = 3s}); }), Errc::timeout);
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 3s);
  EXPECT_EQ(code_of([&] { f.send({}, {.timeout = 0s}); }), Errc::timeout);  // dial_timeout
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 13s);
}

TEST(Timeout, ZeroIsNone) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  // an endless answer ends by its size only
  EXPECT_EQ(code_of([&] { f.send({}, {.timeout = 0s, .max_body_bytes = 600}); }), Errc::too_large);
  EXPECT_EQ(watch.writes, 101);
}

TEST(Cancellation, ClosesTheConnection) {
  Fixture f(never);
  TaskGroup tasks(f.world.io());
  const auto one = [](Client& client) -> Task<void> {
    auto sending = client.send({});
    co_await std::move(sending);
  };
  tasks.spawn("request", one(*f.client));
  f.world.settle();
  EXPECT_EQ(tasks.running().size(), 1);
  tasks.cancel();
  f.world.run(tasks.join());
  EXPECT_EQ(code_of([&] { f.send({}, {.timeout = 1s}); }), Errc::timeout);
  EXPECT_EQ(f.world.memory.dials, 2);
}

TEST(Refusals, AreErrorsWithTheAddress) {
  World world;
  Client client(world, world.io(), {.server = {"10.9.9.9", 6443}});
  EXPECT_EQ(code_of([&] { world.run(client.send({})); }), Errc::refused);
}

TEST(Refusals, BrokenRequestsAreNotSent) {
  Fixture f(echo);
  for (const Request& request :
       {Request{.target = "/a b"}, Request{.target = "/\r\nX: y"}, Request{.target = ""},
        Request{.method = "G T"}, Request{.headers = {{"A", "b\r\nC: d"}}},
        Request{.headers = {{"A:", "b"}}}, Request{.headers = {{"A", std::string("\0", 1)}}}}) {
    EXPECT_EQ(code_of([&] { f.send(request); }), Errc::invalid_argument);
  }
  EXPECT_EQ(f.world.memory.dials, 0);
}

TEST(Limits, AnAnswerThatIsTooLarge) {
  Fixture f(echo);
  EXPECT_EQ(code_of([&] {
              f.send({.method = "POST", .body = std::string(2000, 'x')}, {.max_body_bytes = 1999});
            }),
            Errc::too_large);
  EXPECT_EQ(f.send({.method = "POST", .body = std::string(1999, 'x')}, {.max_body_bytes = 1999})
                .body.size(),
            1999);
}

TEST(Limits, ABodyThatIsTooLargeForTheServer) {
  Fixture f(echo, {.max_body_bytes = 1000});
  f.world.memory.window = 500;  // the client is still writing when the answer comes
  EXPECT_EQ(f.send({.method = "POST", .body = std::string(100'000, 'x')}).status, 413);
  EXPECT_EQ(f.send({.method = "POST", .body = std::string(1000, 'x')}).status, 200);
}

TEST(Handlers, ThatThrowAnswer500AndEndTheConnection) {
  Fixture f([](Request, Peer, Responder&) -> Task<void> {
    throw std::runtime_error("a secret detail");
    co_return;
  });
  const auto response = f.send();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
  EXPECT_EQ(response.headers.get("connection"), "close");
}

TEST(Handlers, ThatThrowInAStreamBreakItOff) {
  Fixture f([](Request, Peer, Responder& responder) -> Task<void> {
    Response head{.body = "first"};
    auto starting = responder.start(std::move(head));
    co_await std::move(starting);
    throw std::runtime_error("broken");
  });
  EXPECT_EQ(code_of([&] { f.send(); }), Errc::closed);
}

TEST(Handlers, ThatSayNothingOrTooMuchAreMistakes) {
  Fixture silent([](Request, Peer, Responder&) -> Task<void> { co_return; });
  EXPECT_EQ(silent.send().status, 500);
  Fixture twice([](Request, Peer, Responder& responder) -> Task<void> {
    Response response{.body = "once"};
    auto sending = responder.send(response);
    co_await std::move(sending);
    auto again = responder.send(response);
    co_await std::move(again);
  });
  EXPECT_EQ(twice.send().body, "once");
}

TEST(Server, StopEndsIdleConnectionsAndLetsRunningRequestsFinish) {
  World world;
  const auto slow = [&world](Request, Peer, Responder& responder) -> Task<void> {
    const auto run = [](World& w, Responder& r) -> Task<void> {
      auto pause = sleep_for(w.time, 5s);
      co_await std::move(pause);
      Response response;
      auto sending = r.send(std::move(response));
      co_await std::move(sending);
    };
    return run(world, responder);
  };
  Server server(world, world.io(), world.memory.listen(world.io(), kServer).value(), slow);
  Client client(world, world.io(), {.server = kServer});
  TaskGroup tasks(world.io());
  tasks.spawn("server", server.run());
  int status = 0;
  const auto one = [](Client& c, int& got) -> Task<void> {
    auto sending = c.send({});
    const auto response = co_await std::move(sending);
    got = response.status;
    EXPECT_EQ(response.headers.get("connection"), "close");
  };
  tasks.spawn("request", one(client, status));
  world.settle();
  world.run(server.stop(10s));
  EXPECT_EQ(world.time.steady_now().time_since_epoch(), 5s);
  world.run(tasks.join());  // `run` has returned too
  EXPECT_EQ(status, 200);
  EXPECT_EQ(code_of([&] { world.run(client.send({})); }), Errc::refused);
}

TEST(Server, StopCancelsHandlersWhenTheGraceIsOver) {
  Watch watch;
  Fixture f(watch.handler());
  watch.world = &f.world;
  const auto stream = f.open();
  f.world.run(f.server.stop(7s));
  EXPECT_EQ(f.world.time.steady_now().time_since_epoch(), 7s);
  EXPECT_EQ(watch.cancelled, 1);
}

TEST(Server, CancellingRunEndsEverything) {
  World world;
  Watch watch{.world = &world};
  Server server(world, world.io(), world.memory.listen(world.io(), kServer).value(),
                watch.handler());
  Client client(world, world.io(), {.server = kServer});
  TaskGroup tasks(world.io());
  tasks.spawn("server", server.run());
  const auto stream = world.run(client.open({}));
  tasks.cancel();
  world.run(tasks.join());
  EXPECT_EQ(watch.cancelled, 1);
  EXPECT_EQ(code_of([&] { world.run(stream->read()); }), Errc::closed);
}

TEST(Server, ConnectionsBeyondTheLimitAreClosed) {
  Watch watch;
  Fixture f(watch.handler(), {.max_connections = 1});
  watch.world = &f.world;
  const auto stream = f.open();
  EXPECT_EQ(code_of([&] { f.open(); }), Errc::closed);
  EXPECT_EQ(f.world.run(stream->read()), "event\n");
}

TEST(Message, HeadersCompareWithoutCase) {
  Headers headers{{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
  EXPECT_EQ(headers.get("content-type"), "a");
  EXPECT_EQ(headers.all("X"), (std::vector<std::string_view>{"1", "2"}));
  headers.set("x", headers.get("x"));
  EXPECT_EQ(headers.all("X"), std::vector<std::string_view>{"1"});
  headers.add("Y", "");
  EXPECT_TRUE(headers.contains("y"));
  headers.erase("Y");
  EXPECT_FALSE(headers.contains("y"));
  EXPECT_EQ(headers.get("y"), "");
}

}  // namespace
}  // namespace windlass::http
