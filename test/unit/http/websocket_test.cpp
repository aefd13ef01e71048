// WebSockets: frames as RFC 6455 shows them, and both roles against each other.

#include <gtest/gtest.h>

#include <windlass/http/server.hpp>
#include <windlass/http/websocket.hpp>

#include "test_world.hpp"

namespace windlass::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using http_test::World;
using Kind = WebSocketEvent::Kind;

/// Everything that arrives when the bytes come in pieces of this size.
Result<std::vector<WebSocketEvent>> parse(WebSocketRole role, const std::string& bytes,
                                          std::size_t piece, std::size_t max = 1000) {
  WebSocketParser parser(role, max);
  std::vector<WebSocketEvent> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.put(std::string_view(bytes).substr(at, piece));
    for (;;) {
      auto event = parser.next();
      if (!event) return event.error();
      if (!*event) break;
      out.push_back(std::move(**event));
    }
  }
  return out;
}

TEST(WebSocketParser, ReadsTheExamplesOfTheStandard) {
  struct Case {
    WebSocketRole reader;
    std::string bytes;
    std::vector<std::pair<Kind, std::string>> events;
  };
  const std::vector<Case> cases{
      {WebSocketRole::client, "\x81\x05Hello", {{Kind::text, "Hello"}}},
      {WebSocketRole::server,
       "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
       {{Kind::text, "Hello"}}},
      {WebSocketRole::client, "\x01\x03Hel\x80\x02lo", {{Kind::text, "Hello"}}},
      {WebSocketRole::client,
       "\x01\x03Hel\x89\x05Hello\x80\x02lo",
       {{Kind::ping, "Hello"}, {Kind::text, "Hello"}}},
      {WebSocketRole::server,
       "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
       {{Kind::pong, "Hello"}}},
      {WebSocketRole::client,
       "\x82\x7e\x01\x00"s + std::string(256, 'x'),
       {{Kind::binary, std::string(256, 'x')}}},
      {WebSocketRole::client, "\x88\x04\x03\xe8hi", {{Kind::close, "hi"}}}};
  for (const Case& one : cases) {
    for (const std::size_t piece : {1u, 3u, 1000u}) {
      const auto events = parse(one.reader, one.bytes, piece).value();
      ASSERT_EQ(events.size(), one.events.size());
      for (std::size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].kind, one.events[i].first);
        EXPECT_EQ(events[i].data, one.events[i].second);
      }
    }
  }
}

TEST(WebSocketParser, RefusesWhatBreaksTheProtocol) {
  const auto refused = [](WebSocketRole role, const std::string& bytes) {
    const auto events = parse(role, bytes, bytes.size());
    return events ? std::string("accepted") : events.error().message;
  };
  EXPECT_NE(refused(WebSocketRole::server, "\x81\x05Hello").find("must mask"), std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
                .find("must not mask"),
            std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\xc1\x01x").find("reserved"), std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x83\x01x").find("unknown"), std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x80\x01x").find("no message"), std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x01\x01x\x81\x01y").find("within another"),
            std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x09\x01x").find("too long"), std::string::npos);
  EXPECT_NE(refused(WebSocketRole::client, "\x88\x01x").find("half a code"), std::string::npos);
  const auto large = parse(WebSocketRole::client, "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s, 10);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::too_large);
  const auto joined = parse(WebSocketRole::client,
                            "\x02\x03"s
                            "abc\x80\x03"
                            "def",
                            4, 5);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code, Errc::too_large);
}

TEST(WebSocketHandshake, AcceptsTheExampleOfTheStandard) {
  Request request{.headers = {{"Connection", "keep-alive, Upgrade"},
                              {"Upgrade", "WebSocket"},
                              {"Sec-WebSocket-Version", "13"},
                              {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                              {"Sec-WebSocket-Protocol", "chat, superchat"}}};
  EXPECT_TRUE(wants_websocket(request));
  EXPECT_EQ(choose_subprotocol(request, {"superchat", "chat"}), "chat");
  EXPECT_EQ(choose_subprotocol(request, {"other"}), "");
  const auto response = accept_websocket(request, "chat").value();
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(response.headers.get("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(response.headers.get("Sec-WebSocket-Protocol"), "chat");
  request.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_FALSE(accept_websocket(request, ""));
  request.headers.set("Sec-WebSocket-Version", "13");
  request.headers.set("Sec-WebSocket-Key", "short");
  EXPECT_FALSE(accept_websocket(request, ""));
  request.headers.erase("Upgrade");
  EXPECT_FALSE(wants_websocket(request));
}

Task<void> echo(Environment* environment, Executor executor, Request request,
                Responder* responder) {
  auto head = accept_websocket(request, "").value();
  auto upgrading = responder->upgrade(std::move(head));
  auto stream = co_await std::move(upgrading);
  WebSocket socket(*environment, executor, std::move(stream), WebSocketRole::server, 100'000);
  for (;;) {
    auto reading = socket.read();
    auto message = co_await std::move(reading);
    if (!message) co_return;
    auto writing = socket.write(std::move(message->data), message->kind == Kind::text);
    co_await std::move(writing);
  }
}

/// Reads up to the empty line of an HTTP head.
Task<std::string> read_head(Stream* stream) {
  std::string head;
  char one = 0;
  while (!head.ends_with("\r\n\r\n")) {
    const auto count = co_await stream->read_some({&one, 1});
    if (count == 0) break;
    head += one;
  }
  co_return head;
}

/// A server that echoes, and the client's end of a connection to it whose handshake is done.
struct Echo {
  Echo()
      : tasks(world.io()),
        server(world, world.io(), world.memory.listen(world.io(), kServer).value(),
               [this](Request request, Peer, Responder& responder) {
                 return echo(&world, world.io(), std::move(request), &responder);
               }) {
    tasks.spawn("server", server.run());
    auto stream = world.run(world.memory.dial(kServer));
    const std::string head =
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    world.run(stream->write(head));
    answer = world.run(read_head(stream.get()));
    socket = std::make_unique<WebSocket>(world, world.io(), std::move(stream),
                                         WebSocketRole::client, 100'000);
  }
  ~Echo() {
    socket.reset();
    world.run(server.stop(0s));
    world.run(tasks.join());
  }

  static inline const Endpoint kServer{"10.0.0.1", 80};
  World world;
  TaskGroup tasks;
  Server server;
  std::string answer;
  std::unique_ptr<WebSocket> socket;
};

TEST(WebSocket, CarriesMessagesOfEverySizeBothWays) {
  Echo f;
  EXPECT_TRUE(f.answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << f.answer;
  EXPECT_NE(f.answer.find("Connection: Upgrade\r\n"), std::string::npos) << f.answer;
  EXPECT_EQ(f.answer.find("Content-Length"), std::string::npos) << f.answer;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 99'999u}) {
    const std::string data(size, static_cast<char>(size));
    f.world.run(f.socket->write(data, size % 2 == 0));
    const auto message = f.world.run(f.socket->read());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->data, data);
    EXPECT_EQ(message->kind, size % 2 == 0 ? Kind::text : Kind::binary);
  }
}

TEST(WebSocket, TellsThePeerThatAMessageIsTooLong) {
  Echo f;
  f.world.run(f.socket->write(std::string(100'001, 'x')));
  EXPECT_FALSE(f.world.run(f.socket->read()));  // it was told to close
  EXPECT_THROW(f.world.run(f.socket->write("more")), Exception);
}

TEST(WebSocket, ClosesInOrder) {
  Echo f;
  f.world.run(f.socket->close(1000, "enough"));
  f.world.run(f.socket->close());
  EXPECT_FALSE(f.world.run(f.socket->read()));
  EXPECT_FALSE(f.world.run(f.socket->read()));  // and then the connection's end
}

}  // namespace
}  // namespace windlass::http
