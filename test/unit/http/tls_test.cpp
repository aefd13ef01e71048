// TLS over streams in memory, and certificates.

#include <gtest/gtest.h>

#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>

#include "test_world.hpp"
#include "tls_context.hpp"

namespace windlass::http {
namespace {

using namespace std::chrono_literals;
using http_test::World;
using testing::Test;

const WallTime kPast = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
const WallTime kFuture =
    std::chrono::sys_days(std::chrono::year(2120) / 2 / 29) + 12h + 34min + 56s;

KeyPair make_authority(const std::string& name) {
  return make_certificate(
             {.common_name = name, .not_before = kPast, .not_after = kFuture, .is_ca = true})
      .value();
}

/// Made once: keys cost time.
struct Certificates {
  KeyPair authority = make_authority("test authority");
  KeyPair other = make_authority("other authority");
  KeyPair server = make_certificate({.common_name = "server",
                                     .dns_names = {"db.example.com", "*.pods.example.com"},
                                     .ip_addresses = {"10.0.0.1", "fd00::1"},
                                     .not_before = kPast,
                                     .not_after = kFuture},
                                    &authority)
                       .value();
  KeyPair expired = make_certificate({.common_name = "old server",
                                      .dns_names = {"db.example.com"},
                                      .not_before = kPast,
                                      .not_after = kPast + 1h},
                                     &authority)
                        .value();
  KeyPair early = make_certificate({.common_name = "young server",
                                    .dns_names = {"db.example.com"},
                                    .not_before = kFuture - 1h,
                                    .not_after = kFuture},
                                   &authority)
                      .value();
  KeyPair client = make_certificate({.common_name = "system:admin",
                                     .organizations = {"system:masters", "people"},
                                     .not_before = kPast,
                                     .not_after = kFuture},
                                    &authority)
                       .value();
};

const Certificates& certificates() {
  static const Certificates all;
  return all;
}

struct Shaken {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
  PeerCertificate peer;
  std::exception_ptr client_failure;
  std::exception_ptr server_failure;
};

Task<void> connect(std::unique_ptr<Stream> stream, TlsClientOptions options, Shaken* result) {
  try {
    auto connecting = tls_connect(std::move(stream), std::move(options));
    result->client = co_await std::move(connecting);
  } catch (...) {
    result->client_failure = std::current_exception();
  }
}

Task<void> accept(std::unique_ptr<Stream> stream, std::shared_ptr<TlsServerContext> context,
                  Shaken* result) {
  try {
    auto accepting = context->accept(std::move(stream), &result->peer);
    result->server = co_await std::move(accepting);
  } catch (...) {
    result->server_failure = std::current_exception();
  }
}

struct TlsTest : Test {
  void shake(TlsClientOptions client, const TlsServerOptions& server, std::size_t piece = SIZE_MAX,
             std::size_t window = SIZE_MAX) {
    auto [there, here] = http_test::make_streams(world.io());
    for (auto* stream : {there.get(), here.get()}) {
      stream->in().piece = piece;
      stream->in().window = window;
    }
    client_side = there.get();
    TaskGroup tasks(world.io());
    tasks.spawn("client", connect(std::move(there), std::move(client), &shaken));
    tasks.spawn("server", accept(std::move(here), TlsServerContext::make(server).value(), &shaken));
    world.run(tasks.join());
  }

  std::string client_error() const {
    return shaken.client_failure ? describe(shaken.client_failure).message : "";
  }

  static TlsServerOptions server_options(const KeyPair& pair = certificates().server) {
    return {.certificate_pem = pair.certificate_pem, .key_pem = pair.key_pem};
  }
  static TlsClientOptions client_options(std::string name = "db.example.com") {
    return {.ca_pem = certificates().authority.certificate_pem, .server_name = std::move(name)};
  }

  World world;
  Shaken shaken;
  http_test::MemoryStream* client_side = nullptr;
};

Task<void> write_all(Stream& stream, std::string text) {
  auto writing = stream.write(text);
  co_await std::move(writing);
}

Task<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto rest = std::span<char>(text).subspan(have);
    auto reading = stream.read_some(rest);
    const auto count = co_await std::move(reading);
    if (count == 0) break;
    have += count;
  }
  text.resize(have);
  co_return text;
}

Task<void> read_into(Stream& stream, std::size_t size, std::string* out) {
  auto reading = read_exactly(stream, size);
  *out = co_await std::move(reading);
}

TEST_F(TlsTest, AcceptsTheNamesThatTheCertificateBears) {
  for (const std::string name :
       {"db.example.com", "DB.example.com", "a.pods.example.com", "10.0.0.1", "fd00::1"}) {
    SCOPED_TRACE(name);
    shaken = {};
    shake(client_options(name), server_options());
    ASSERT_TRUE(shaken.client && shaken.server) << client_error();
    EXPECT_EQ(shaken.peer.common_name, "");
    world.run(write_all(*shaken.client, "ping"));
    EXPECT_EQ(world.run(read_exactly(*shaken.server, 4)), "ping");
    world.run(write_all(*shaken.server, "pong"));
    EXPECT_EQ(world.run(read_exactly(*shaken.client, 4)), "pong");
  }
}

TEST_F(TlsTest, RefusesOtherNames) {
  for (const std::string name : {"example.com", "a.b.pods.example.com", "10.0.0.2", "fd00::2"}) {
    shaken = {};
    shake(client_options(name), server_options());
    ASSERT_TRUE(shaken.client_failure) << name;
    EXPECT_EQ(describe(shaken.client_failure).code, Errc::tls);
    EXPECT_NE(client_error().find("CN=server"), std::string::npos) << client_error();
    EXPECT_NE(client_error().find("mismatch"), std::string::npos) << client_error();
    EXPECT_TRUE(shaken.server_failure);  // the alert told it
  }
}

TEST_F(TlsTest, RefusesOtherAuthorities) {
  auto options = client_options();
  options.ca_pem = certificates().other.certificate_pem;
  shake(options, server_options());
  EXPECT_NE(client_error().find("unable to get local issuer certificate"), std::string::npos)
      << client_error();
}

TEST_F(TlsTest, RefusesExpiredAndEarlyCertificates) {
  shake(client_options(), server_options(certificates().expired));
  EXPECT_NE(client_error().find("CN=old server"), std::string::npos) << client_error();
  EXPECT_NE(client_error().find("expired"), std::string::npos) << client_error();
  shaken = {};
  shake(client_options(), server_options(certificates().early));
  EXPECT_NE(client_error().find("not yet valid"), std::string::npos) << client_error();
}

TEST_F(TlsTest, VerifiesNothingWhenToldSo) {
  shake({.verify = false}, server_options(certificates().expired));
  EXPECT_TRUE(shaken.client) << client_error();
}

TEST_F(TlsTest, NeedsANameToVerify) {
  shake(client_options(""), server_options());
  EXPECT_EQ(describe(shaken.client_failure).code, Errc::tls);
}

TEST_F(TlsTest, ShowsTheClientsCertificate) {
  auto client = client_options();
  client.certificate_pem = certificates().client.certificate_pem;
  client.key_pem = certificates().client.key_pem;
  auto server = server_options();
  server.client_ca_pem = certificates().authority.certificate_pem;
  shake(client, server);
  ASSERT_TRUE(shaken.server) << client_error();
  EXPECT_EQ(shaken.peer.common_name, "system:admin");
  EXPECT_EQ(shaken.peer.organizations, (std::vector<std::string>{"system:masters", "people"}));
  // without one it is anonymous
  shaken = {};
  shake(client_options(), server);
  ASSERT_TRUE(shaken.server);
  EXPECT_EQ(shaken.peer.common_name, "");
  // an unverified one does not count
  shaken = {};
  shake(client, server_options());
  EXPECT_EQ(shaken.peer.common_name, "");
}

TEST_F(TlsTest, RefusesClientsOfOtherAuthorities) {
  auto client = client_options();
  client.certificate_pem = certificates().client.certificate_pem;
  client.key_pem = certificates().client.key_pem;
  auto server = server_options();
  server.client_ca_pem = certificates().other.certificate_pem;
  shake(client, server);
  ASSERT_TRUE(shaken.server_failure);
  const auto refusal = describe(shaken.server_failure).message;
  EXPECT_NE(refusal.find("CN=system:admin"), std::string::npos) << refusal;
  // with TLS 1.3 the client learns it from its first read
  ASSERT_TRUE(shaken.client);
  try {
    world.run(read_exactly(*shaken.client, 1));
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::tls) << failure.what();
  }
}

TEST_F(TlsTest, ReadsAndWritesAtOnceThroughSmallPiecesAndWindows) {
  shake(client_options(), server_options(), 100, 700);
  ASSERT_TRUE(shaken.client && shaken.server) << client_error();
  std::string there(500'000, '\0');
  for (std::size_t i = 0; i < there.size(); ++i) there[i] = static_cast<char>(i % 251);
  const std::string back(there.rbegin(), there.rend());
  std::string got_there;
  std::string got_back;
  TaskGroup tasks(world.io());
  tasks.spawn("write there", write_all(*shaken.client, there));
  tasks.spawn("write back", write_all(*shaken.server, back));
  tasks.spawn("read there", read_into(*shaken.server, there.size(), &got_there));
  tasks.spawn("read back", read_into(*shaken.client, back.size(), &got_back));
  world.run(tasks.join());
  EXPECT_EQ(got_there, there);
  EXPECT_EQ(got_back, back);
}

TEST_F(TlsTest, EndsInOrder) {
  shake(client_options(), server_options());
  ASSERT_TRUE(shaken.client && shaken.server);
  world.run(write_all(*shaken.server, "last"));
  world.run(detail::end_tls(*shaken.server));
  shaken.server->close();
  EXPECT_EQ(world.run(read_exactly(*shaken.client, 100)), "last");
}

TEST_F(TlsTest, ATruncatedSessionIsNoOrderlyEnd) {
  shake(client_options(), server_options());
  shaken.server->close();
  try {
    world.run(read_exactly(*shaken.client, 1));
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::closed);
  }
}

TEST_F(TlsTest, CloseEndsPendingReadsAndWrites) {
  shake(client_options(), server_options(), SIZE_MAX, 10'000);
  std::vector<Errc> codes;
  TaskGroup tasks(world.io(), [&](std::string_view, std::exception_ptr failure) {
    codes.push_back(describe(failure).code);
  });
  std::string ignored;
  tasks.spawn("read", read_into(*shaken.client, 1, &ignored));
  tasks.spawn("write", write_all(*shaken.client, std::string(100'000, 'x')));
  world.settle();
  EXPECT_EQ(tasks.running().size(), 2);
  shaken.client->close();
  world.run(tasks.join());
  EXPECT_EQ(codes, (std::vector<Errc>{Errc::closed, Errc::closed}));
}

TEST_F(TlsTest, AHandshakeThatBreaksOffAnywhereFails) {
  shake(client_options(), server_options());
  const auto whole = client_side->out().total;
  ASSERT_GT(whole, 200u);
  for (std::size_t kept = 0; kept < whole; kept += 7) {
    // relays `kept` bytes of the client's side, then closes
    auto [client_end, relay_client] = http_test::make_streams(world.io());
    auto [server_end, relay_server] = http_test::make_streams(world.io());
    const auto relay = [](Stream& from, Stream& to, std::size_t limit) -> Task<void> {
      std::array<char, 1024> buffer;
      while (limit > 0) {
        const auto space = std::span<char>(buffer).first(std::min(buffer.size(), limit));
        auto reading = from.read_some(space);
        const auto count = co_await std::move(reading);
        if (count == 0) break;
        const std::string_view part(buffer.data(), count);
        auto writing = to.write(part);
        co_await std::move(writing);
        limit -= count;
      }
      from.close();
      to.close();
    };
    Shaken result;
    TaskGroup tasks(world.io(), [](std::string_view, std::exception_ptr) {});
    tasks.spawn("forth", relay(*relay_client, *relay_server, kept));
    tasks.spawn("back", relay(*relay_server, *relay_client, SIZE_MAX));
    tasks.spawn("client", connect(std::move(client_end), client_options(), &result));
    tasks.spawn("server", accept(std::move(server_end),
                                 TlsServerContext::make(server_options()).value(), &result));
    world.run(tasks.join());
    ASSERT_TRUE(result.server_failure) << kept;
    const auto code = describe(result.server_failure).code;
    ASSERT_TRUE(code == Errc::tls || code == Errc::closed) << kept;
  }
}

TEST_F(TlsTest, ASpeakerOfPlainHttpIsRefused) {
  auto [there, here] = http_test::make_streams(world.io());
  world.run(write_all(*there, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  world.run(accept(std::move(here), TlsServerContext::make(server_options()).value(), &shaken));
  ASSERT_TRUE(shaken.server_failure);
  EXPECT_EQ(describe(shaken.server_failure).code, Errc::tls);
}

TEST_F(TlsTest, CarriesHttp) {
  const Endpoint at{"10.0.0.1", 443};
  auto server = server_options();
  server.client_ca_pem = certificates().authority.certificate_pem;
  auto client_tls = client_options("");  // the address that was dialled
  client_tls.certificate_pem = certificates().client.certificate_pem;
  client_tls.key_pem = certificates().client.key_pem;
  const auto handler = [](Request request, Peer peer, Responder& responder) -> Task<void> {
    Response response{.body = peer.certificate.common_name + " " + request.body};
    auto sending = responder.send(std::move(response));
    co_await std::move(sending);
  };
  Server http_server(world, world.io(), world.memory.listen(world.io(), at).value(), handler,
                     {.tls = TlsServerContext::make(server).value()});
  TaskGroup tasks(world.io());
  tasks.spawn("server", http_server.run());
  Client client(world, world.io(), {.server = at, .tls = client_tls});
  const std::string body(300'000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.run(client.send({.method = "POST", .body = body})).body,
              "system:admin " + body);
  }
  EXPECT_EQ(world.memory.dials, 1);
  // new trust holds for new connections
  client_tls.ca_pem = certificates().other.certificate_pem;
  client.set_tls(client_tls);
  EXPECT_EQ(world.run(client.send({})).status, 200);
  client.drop_connections();
  try {
    world.run(client.send({}));
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::tls);
  }
  // a client that never finishes its handshake is closed in time
  const auto silent = world.run(world.memory.dial(at));
  const auto before = world.time.steady_now();
  EXPECT_EQ(world.run(read_exactly(*silent, 1)), "");
  EXPECT_EQ(world.time.steady_now() - before, 10s);
  world.run(http_server.stop(0s));
  world.run(tasks.join());
}

TEST(Certificates, TellTheirEnd) {
  EXPECT_EQ(certificate_expiry(certificates().server.certificate_pem).value(), kFuture);
  const auto chain =
      certificates().expired.certificate_pem + certificates().authority.certificate_pem;
  EXPECT_EQ(certificate_expiry(chain).value(), kPast + 1h);
  for (const std::string text : {"", "nonsense",
                                 "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                 "-----END CERTIFICATE-----\n"}) {
    const auto result = certificate_expiry(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Errc::tls);
  }
}

TEST(Certificates, WhatCannotBeMadeSaysWhy) {
  CertificateRequest request{.common_name = "x", .not_before = kPast, .not_after = kFuture};
  request.ip_addresses = {"not an address"};
  EXPECT_NE(make_certificate(request).error().message.find("not an address"), std::string::npos);
  request.ip_addresses = {};
  request.not_after = kPast;
  EXPECT_FALSE(make_certificate(request));
  request.not_after = kFuture;
  const KeyPair broken{.certificate_pem = "x", .key_pem = "y"};
  EXPECT_EQ(make_certificate(request, &broken).error().code, Errc::tls);
}

TEST(Certificates, ServersNameWhatIsWrong) {
  const auto& all = certificates();
  const auto error = [](const TlsServerOptions& options) {
    const auto context = TlsServerContext::make(options);
    return context ? std::string() : context.error().message;
  };
  EXPECT_EQ(error({all.server.certificate_pem, all.server.key_pem}), "");
  EXPECT_NE(error({"", all.server.key_pem}).find("the server's certificate"), std::string::npos);
  EXPECT_NE(error({all.server.certificate_pem, ""}).find("the server's key"), std::string::npos);
  EXPECT_NE(error({all.server.certificate_pem, all.client.key_pem}).find("does not belong"),
            std::string::npos);
  EXPECT_NE(error({all.server.certificate_pem, all.server.key_pem, "x"}).find("authority"),
            std::string::npos);
}

}  // namespace
}  // namespace windlass::http
