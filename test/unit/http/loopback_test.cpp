// The same over real sockets, without and with TLS.

#include <gtest/gtest.h>

#include <windlass/base/system_environment.hpp>
#include <windlass/http/client.hpp>
#include <windlass/http/server.hpp>

namespace windlass::http {
namespace {

using namespace std::chrono_literals;

Task<void> echo(Request request, Peer, Responder& responder) {
  Response head{.body = "echo: "};
  auto starting = responder.start(std::move(head));
  co_await std::move(starting);
  auto writing = responder.write(request.body);
  co_await std::move(writing);
}

Task<void> send_some(Client& client, int count, int& answered) {
  for (int i = 0; i < count; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 7001, static_cast<char>('a' + i));
    Request request{.method = "POST", .body = body};
    auto sending = client.send(std::move(request));
    const auto response = co_await std::move(sending);
    EXPECT_EQ(response.body, "echo: " + body);
    ++answered;
  }
}

Task<int> converse(SystemEnvironment& env, bool tls) {
  auto listener = env.network(env.io()).listen(env.io(), {"127.0.0.1", 0}).value();
  ClientOptions client_options{.server = listener->local_endpoint()};
  ServerOptions server_options;
  if (tls) {
    const auto now = env.clock().wall_now();
    const CertificateRequest request{.common_name = "loopback",
                                     .ip_addresses = {"127.0.0.1"},
                                     .not_before = now - 1h,
                                     .not_after = now + 1h};
    const auto pair = make_certificate(request).value();
    server_options.tls = TlsServerContext::make({pair.certificate_pem, pair.key_pem}).value();
    client_options.tls = TlsClientOptions{.ca_pem = pair.certificate_pem};
  }
  Server server(env, env.io(), std::move(listener), echo, server_options);
  Client client(env, env.io(), client_options);
  TaskGroup serving(env.io());
  TaskGroup load(env.io());
  serving.spawn("server", server.run());
  int answered = 0;
  for (int i = 0; i < 5; ++i) load.spawn("load", send_some(client, 20, answered));
  auto loading = load.join();
  co_await std::move(loading);
  EXPECT_EQ(answered, 100);
  auto stopping = server.stop(5s);
  co_await std::move(stopping);
  auto joining = serving.join();
  co_await std::move(joining);
  Errc refused{};
  try {
    auto sending = client.send({});
    co_await std::move(sending);
  } catch (const Exception& failure) {
    refused = failure.code();
  }
  EXPECT_EQ(refused, Errc::refused);
  co_return answered;
}

class Loopback : public testing::TestWithParam<bool> {};

TEST_P(Loopback, CarriesManyExchanges) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  const bool tls = GetParam();
  const auto answered = environment->run([&] {
    return with_timeout(environment->clock(), 30s, "the test", converse(*environment, tls));
  });
  EXPECT_EQ(answered, 100);
}

INSTANTIATE_TEST_SUITE_P(PlainAndTls, Loopback, testing::Bool());

}  // namespace
}  // namespace windlass::http
