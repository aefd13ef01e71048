// exec and attach over WebSockets, in memory and in virtual time: what a client of any language
// sees, with a runtime that plays the kubelet.

#include <gtest/gtest.h>

#include <windlass/api_server/server.hpp>
#include <windlass/http/websocket.hpp>

#include "../http/test_world.hpp"
#include "spdy.hpp"

namespace windlass::api_server {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using http_test::World;

/// Programs of a container that is not there.
class Pods final : public PodRuntime {
 public:
  Pods(const Executor& executor, http_test::MemoryNetwork& network)
      : network_(network), never_(executor) {}

  Task<void> logs(LogRequest, LogWriter write) override {
    auto writing = write("log\n");
    co_await std::move(writing);
  }

  Task<int> exec(ExecRequest request, std::shared_ptr<ProcessStreams> streams) override {
    last = request;
    const std::string& program = request.command.front();
    if (program == "cat") {
      for (;;) {
        auto reading = streams->read_input();
        std::string piece = co_await std::move(reading);
        if (piece.empty()) break;
        auto writing = streams->write_output(std::move(piece));
        co_await std::move(writing);
      }
      co_return 0;
    }
    if (program == "fail") {
      auto writing = streams->write_errors("no\n");
      co_await std::move(writing);
      co_return 3;
    }
    if (program == "size") {
      auto sizing = streams->next_size();
      const TerminalSize size = co_await std::move(sizing);
      auto writing =
          streams->write_output(std::to_string(size.columns) + "x" + std::to_string(size.rows));
      co_await std::move(writing);
      co_return 0;
    }
    if (program == "gone") throw Exception(Errc::not_found, "container \"c\" is not running");
    const std::shared_ptr<void> leaving(nullptr, [this](void*) { cancelled = true; });
    co_await never_.wait();
    co_return 0;
  }

  Task<void> attach(ExecRequest request, std::shared_ptr<ProcessStreams> streams) override {
    last = request;
    auto writing = streams->write_output("attached\n");
    co_await std::move(writing);
  }

  Task<std::unique_ptr<Stream>> dial(std::string, std::string, std::uint16_t port) override {
    auto dialing = network_.dial({"10.0.0.9", port});
    co_return co_await std::move(dialing);
  }

  ExecRequest last;
  bool cancelled = false;

 private:
  http_test::MemoryNetwork& network_;
  Event never_;
};

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

struct Cluster {
  explicit Cluster(CoreOptions options = {})
      : tasks(world.io()),
        pods(world.io(), world.memory),
        server(world, world.io(),
               {.core = std::move(options), .listen = kAddress, .tls = false, .pods = &pods}) {
    tasks.spawn("server", server.run());
    server.core().seed(
        {pod("a", R"([{"name":"c","image":"i"}])", "local"),
         pod("two", R"([{"name":"c","image":"i"},{"name":"d","image":"i"}])", "local"),
         pod("new", R"([{"name":"c","image":"i"}])", "")});
  }
  ~Cluster() {
    socket.reset();
    world.run(server.stop(0s));
    world.run(tasks.join());
  }

  static json::Value pod(const std::string& name, const std::string& containers,
                         const std::string& node) {
    return json::parse(
               R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"default","name":")" +
               name + R"("},"spec":{"nodeName":")" + node + R"(","containers":)" + containers +
               "}}")
        .value();
  }

  /// The head of the answer; with 101 `socket` is the connection.
  std::string open(const std::string& path, const std::string& more_fields = kVersion5) {
    stream = world.run(world.memory.dial(kAddress));
    const bool streams = path.find('?') != path.npos && path.find("stdout") == path.npos;
    world.run(stream->write("GET /api/v1/namespaces/default/pods/" + path +
                            (streams ? "&stdout=true&stderr=true" : "") +
                            " HTTP/1.1\r\nHost: a\r\n" + more_fields + "\r\n"));
    const std::string head = world.run(read_head(stream.get()));
    if (head.starts_with("HTTP/1.1 101")) {
      socket = std::make_unique<http::WebSocket>(world, world.io(), std::move(stream),
                                                 http::WebSocketRole::client);
    }
    return head;
  }
  /// The body of a refusal.
  json::Value refusal(const std::string& path, const std::string& fields = kVersion5) {
    const std::string head = open(path, fields + "Connection: close\r\n");
    std::string body;
    std::array<char, 4096> piece{};
    while (const auto count = world.run(stream->read_some(piece))) body.append(piece.data(), count);
    return json::parse(body).value();
  }
  void send(const std::string& message) { world.run(socket->write(message)); }
  /// Everything until the connection's end: by channel.
  std::map<int, std::string> rest() {
    std::map<int, std::string> out;
    while (auto message = world.run(socket->read()))
      out[static_cast<unsigned char>(message->data.at(0))] += message->data.substr(1);
    return out;
  }

  static inline const Endpoint kAddress{"10.0.0.1", 80};
  static inline const std::string kUpgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  static inline const std::string kVersion5 =
      kUpgrade + "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io\r\n";

  World world;
  TaskGroup tasks;
  Pods pods;
  Server server;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<http::WebSocket> socket;
};

std::string_view status_text(const std::map<int, std::string>& channels, json::Value& out) {
  out = json::parse(channels.at(3)).value();
  return out["status"].string_or("");
}

TEST(Exec, StreamsInputAndOutputAndTellsSuccess) {
  Cluster f;
  const std::string head = f.open("a/exec?command=cat&command=-&stdin=true&stdout=true");
  ASSERT_TRUE(head.starts_with("HTTP/1.1 101")) << head;
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: v5.channel.k8s.io"), std::string::npos) << head;
  auto first = f.world.run(f.socket->read());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data, "\x01");  // the connection stands
  f.send("\0hello"s);
  auto echoed = f.world.run(f.socket->read());
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->data, "\x01hello");
  f.send("\0 world"s);
  f.send("\xff\0"s);  // the end of standard input
  const auto channels = f.rest();
  EXPECT_EQ(channels.at(1), " world");
  json::Value status;
  EXPECT_EQ(status_text(channels, status), "Success");
  EXPECT_EQ(f.pods.last.command, (std::vector<std::string>{"cat", "-"}));
  EXPECT_EQ(f.pods.last.container, "c");
  EXPECT_TRUE(f.pods.last.input);
  EXPECT_FALSE(f.pods.last.tty);
}

TEST(Exec, TellsTheExitCodeAndErrors) {
  Cluster f;
  f.open("a/exec?command=fail");
  const auto channels = f.rest();
  EXPECT_EQ(channels.at(2), "no\n");
  json::Value status;
  EXPECT_EQ(status_text(channels, status), "Failure");
  EXPECT_EQ(status["reason"], json::Value("NonZeroExitCode"));
  const auto& cause = status.at_path({"details", "causes"}).as_array().at(0);
  EXPECT_EQ(cause["reason"], json::Value("ExitCode"));
  EXPECT_EQ(cause["message"], json::Value("3"));
}

TEST(Exec, TellsWhyACommandCouldNotBeRun) {
  Cluster f;
  f.open("a/exec?command=gone");
  json::Value status;
  EXPECT_EQ(status_text(f.rest(), status), "Failure");
  EXPECT_NE(status["message"].string_or("").find("container \"c\" is not running"),
            std::string::npos);
}

TEST(Exec, PassesTheTerminalsSizeOn) {
  Cluster f;
  f.open("a/exec?command=size&tty=true&stdin=true");
  f.send("\x04{\"Width\":132,\"Height\":43}");
  EXPECT_EQ(f.rest().at(1), "132x43");
  EXPECT_TRUE(f.pods.last.tty);
}

TEST(Exec, EndsTheCommandWhenTheClientGoes) {
  Cluster f;
  f.open("a/exec?command=hang");
  f.world.run(f.socket->read());
  EXPECT_FALSE(f.pods.cancelled);
  f.socket.reset();
  f.world.settle();
  EXPECT_TRUE(f.pods.cancelled);
}

TEST(Exec, EndsWithTheServer) {
  auto f = std::make_unique<Cluster>();
  f->open("a/exec?command=hang");
  f->world.run(f->socket->read());
  f->world.run(f->server.stop(1s));
  EXPECT_TRUE(f->pods.cancelled);
}

TEST(Exec, WithTheFourthVersionInputHasNoEnd) {
  Cluster f;
  const std::string head =
      f.open("a/exec?command=cat&stdin=true",
             Cluster::kUpgrade + "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n");
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: v4.channel.k8s.io"), std::string::npos) << head;
  f.send("\0x"s);
  f.world.run(f.socket->read());
  auto echoed = f.world.run(f.socket->read());
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->data, "\x01x");
}

TEST(Exec, RefusesAsTheServerDoes) {
  Cluster f;
  const auto message = [&](const std::string& path, const std::string& fields) {
    return std::string(f.refusal(path, fields)["message"].string_or(""));
  };
  EXPECT_EQ(message("none/exec?command=cat", Cluster::kVersion5), "pods \"none\" not found");
  EXPECT_EQ(message("new/exec?command=cat", Cluster::kVersion5),
            "pod new does not have a host assigned");
  EXPECT_EQ(message("two/exec?command=cat", Cluster::kVersion5),
            "a container name must be specified for pod two, choose one of: [c d]");
  EXPECT_EQ(message("a/exec?command=cat&container=x", Cluster::kVersion5),
            "container x is not valid for pod a");
  EXPECT_EQ(message("a/exec?command=cat", ""), "Upgrade request required");
  EXPECT_EQ(message("a/exec?command=cat&stdout=false", Cluster::kVersion5),
            "you must specify at least 1 of stdin, stdout, stderr");
  EXPECT_NE(message("a/exec?command=cat", Cluster::kUpgrade).find("v5.channel.k8s.io"),
            std::string::npos);
  EXPECT_NE(message("a/portforward", Cluster::kVersion5).find("SPDY/3.1+portforward.k8s.io"),
            std::string::npos);
  f.server.set_pod_runtime(nullptr);
  EXPECT_NE(message("a/exec?command=cat", Cluster::kVersion5).find("no kubelet"),
            std::string::npos);
}

TEST(Exec, NeedsTheVerbCreateAlsoForAWebSocket) {
  Cluster f({.authorization = true});
  const auto grant = [&](const char* verbs) {
    f.server.core().seed(
        {json::parse(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":
           {"name":"r","namespace":"default"},"rules":[{"apiGroups":[""],"resources":["pods/exec"],
           "verbs":)" +
                     std::string(verbs) + "}]}")
             .value(),
         json::parse(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
           "metadata":{"name":"r","namespace":"default"},"roleRef":{"apiGroup":
           "rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"kind":"User",
           "apiGroup":"rbac.authorization.k8s.io","name":"jane"}]})")
             .value()});
  };
  const std::string fields =
      Cluster::kVersion5 + "Authorization: Bearer " +
      f.server.core().issue_token({.user = "jane", .groups = {"system:authenticated"}}) + "\r\n";
  grant(R"(["get"])");
  const json::Value refused = f.refusal("a/exec?command=fail", fields);
  EXPECT_EQ(refused["code"], json::Value(403));
  EXPECT_EQ(refused["message"], json::Value("pods \"a\" is forbidden: "));
  grant(R"(["get","create"])");
  EXPECT_TRUE(f.open("a/exec?command=fail", fields).starts_with("HTTP/1.1 101"));
  f.rest();
}

TEST(Attach, StreamsUntilTheContainerEnds) {
  Cluster f;
  f.open("a/attach?stdout=true");
  const auto channels = f.rest();
  EXPECT_EQ(channels.at(1), "attached\n");
  json::Value status;
  EXPECT_EQ(status_text(channels, status), "Success");
  EXPECT_TRUE(f.pods.last.command.empty());
}

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

TEST(Spdy, ReadsWhatAnotherImplementationWrote) {
  // two streams; the second one's headers refer to the first one's
  const std::string bytes = from_hex(
      "800300010000003c0000000100000000000078f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45a0"
      "24cc64610024398b209198094adc8c0600000000ffff"
      "800300010000001800000003000000000000c2aa15540a2512d209000000ffff");
  for (const std::size_t piece : {1u, 7u, 1000u}) {
    SpdyParser parser;
    std::vector<SpdyFrame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      parser.put(std::string_view(bytes).substr(at, piece));
      for (auto next = parser.next().value(); next; next = parser.next().value())
        frames.push_back(std::move(*next));
    }
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].kind, SpdyFrame::Kind::syn_stream);
    EXPECT_EQ(frames[0].stream, 1U);
    EXPECT_EQ(frames[0].header("StreamType"), "error");
    EXPECT_EQ(frames[1].stream, 3U);
    EXPECT_EQ(frames[1].header("streamtype"), "data");
    EXPECT_EQ(frames[1].header("port"), "80");
    EXPECT_EQ(frames[1].header("none"), "");
  }
}

TEST(Spdy, RefusesWhatIsNone) {
  const auto refused = [](const std::string& bytes) {
    SpdyParser parser;
    parser.put(bytes);
    return !parser.next();
  };
  EXPECT_TRUE(refused(from_hex("8002000100000000")));                  // another version
  EXPECT_TRUE(refused(from_hex("8003000600000000")));                  // a ping without a number
  EXPECT_TRUE(refused(from_hex("80030001000000020000")));              // ends early
  EXPECT_TRUE(refused(from_hex("800300020000000800000001ffffffff")));  // no compression
  EXPECT_TRUE(refused(from_hex("0000000100ffffff")));                  // too long
}

/// A client of port forwarding, and a pod that listens on 8080 and echoes.
struct Forwarded {
  Forwarded() : echo(cluster.world.memory.listen(cluster.world.io(), {"10.0.0.9", 8080}).value()) {
    cluster.tasks.spawn("echo", serve(echo.get()));
    head =
        cluster.open("a/portforward?ports=8080",
                     Cluster::kUpgrade + "Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n");
  }
  ~Forwarded() { echo->close(); }

  static Task<void> serve(Listener* listener) {
    try {
      for (;;) {
        std::unique_ptr<Stream> stream = co_await listener->accept();
        std::array<char, 100> piece{};
        while (const auto count = co_await stream->read_some(piece)) {
          co_await stream->write({piece.data(), count});
          if (std::string_view(piece.data(), count).ends_with("!")) break;
        }
      }
    } catch (const Exception&) {  // the listener was closed
    }
  }

  void send(const SpdyFrame& frame) {
    cluster.world.run(cluster.socket->write(writer.write(frame)));
  }
  SpdyFrame next() {
    for (;;) {
      if (auto frame = parser.next().value()) return std::move(*frame);
      parser.put(cluster.world.run(cluster.socket->read()).value().data);
    }
  }
  void open(std::uint32_t stream, const char* type, const char* port, const char* request) {
    send({.kind = SpdyFrame::Kind::syn_stream,
          .stream = stream,
          .headers = {{"streamtype", type}, {"port", port}, {"requestid", request}}});
    const SpdyFrame answer = next();
    EXPECT_EQ(answer.kind, SpdyFrame::Kind::syn_reply);
    EXPECT_EQ(answer.stream, stream);
  }

  Cluster cluster;
  std::unique_ptr<Listener> echo;
  std::string head;
  SpdyWriter writer;
  SpdyParser parser;
};

TEST(PortForward, CarriesConnectionsBothWays) {
  Forwarded f;
  ASSERT_TRUE(f.head.starts_with("HTTP/1.1 101")) << f.head;
  for (const std::uint32_t first : {1u, 5u}) {
    const std::string number = std::to_string(first);
    f.open(first, "error", "8080", number.c_str());
    f.send({.stream = first, .last = true});
    f.open(first + 2, "data", "8080", number.c_str());
    f.send({.stream = first + 2, .data = "hello"});
    const SpdyFrame echoed = f.next();
    EXPECT_EQ(echoed.stream, first + 2);
    EXPECT_EQ(echoed.data, "hello");
    f.send({.stream = first + 2, .data = "bye!"});
    EXPECT_EQ(f.next().data, "bye!");
    const SpdyFrame end = f.next();
    EXPECT_EQ(end.stream, first + 2);
    EXPECT_TRUE(end.last);
    const SpdyFrame errors = f.next();
    EXPECT_EQ(errors.stream, first);
    EXPECT_TRUE(errors.last);
    EXPECT_EQ(errors.data, "");
  }
  f.send({.kind = SpdyFrame::Kind::ping, .stream = 9});
  const SpdyFrame pong = f.next();
  EXPECT_EQ(pong.kind, SpdyFrame::Kind::ping);
  EXPECT_EQ(pong.stream, 9U);
}

TEST(PortForward, TellsWhyAPortCannotBeReached) {
  Forwarded f;
  f.open(1, "error", "81", "0");
  f.open(3, "data", "81", "0");
  const SpdyFrame complaint = f.next();
  EXPECT_EQ(complaint.stream, 1U);
  EXPECT_NE(complaint.data.find("error forwarding port 81 to pod a: "), std::string::npos)
      << complaint.data;
  EXPECT_EQ(f.next().stream, 3U);
  EXPECT_TRUE(f.next().last);
  f.send({.kind = SpdyFrame::Kind::syn_stream, .stream = 5, .headers = {{"streamtype", "other"}}});
  EXPECT_EQ(f.next().kind, SpdyFrame::Kind::reset);
}

}  // namespace
}  // namespace windlass::api_server
