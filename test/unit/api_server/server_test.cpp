// The server on the real loopback network: TLS, client certificates, tokens, watches.

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <windlass/api_server/server.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/http/client.hpp>

namespace windlass {
namespace {

struct Credentials {
  http::ClientOptions options;
  std::string token;
};

Credentials read_kubeconfig(const api_server::Server& server, const std::string& text) {
  const auto config = json::parse(text).value();
  const auto& cluster = config["clusters"].as_array().at(0)["cluster"];
  const auto& user = config["users"].as_array().at(0)["user"];
  Credentials out{.options = {.server = server.local_endpoint()},
                  .token = std::string(user["token"].string_or(""))};
  if (cluster.find("certificate-authority-data") != nullptr) {
    out.options.tls = http::TlsClientOptions{
        .ca_pem = decode_base64(cluster["certificate-authority-data"].as_string()).value(),
        .certificate_pem = decode_base64(user["client-certificate-data"].as_string()).value(),
        .key_pem = decode_base64(user["client-key-data"].as_string()).value(),
        .server_name = "127.0.0.1"};
  }
  return out;
}

Task<int> exchange(SystemEnvironment& environment, bool tls) {
  auto server = std::make_shared<api_server::Server>(environment, environment.io(),
                                                     api_server::ServerOptions{.tls = tls});
  TaskGroup group(environment.io());
  Task<void> run = server->run();
  group.spawn("server", std::move(run));
  const Credentials credentials = read_kubeconfig(*server, server->kubeconfig());
  http::Client client(environment, environment.io(), credentials.options);
  http::Headers headers{{"Content-Type", "application/json"}};
  if (!tls) headers.set("Authorization", "Bearer " + credentials.token);

  http::Request whoami{.method = "POST",
                       .target = "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                       .headers = headers,
                       .body = "{}"};
  http::Response answer = co_await client.send(whoami);
  EXPECT_EQ(answer.status, 201) << answer.body;
  const auto review = json::parse(answer.body).value();
  EXPECT_EQ(review.at_path({"status", "userInfo", "username"}).string_or(""), "kubernetes-admin");

  http::Request watch{.method = "GET",
                      .target = "/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=30",
                      .headers = headers,
                      .body = ""};
  std::unique_ptr<http::ResponseStream> stream = co_await client.open(watch);
  EXPECT_EQ(stream->status(), 200);
  http::Request create{.method = "POST",
                       .target = "/api/v1/namespaces/default/configmaps",
                       .headers = headers,
                       .body = R"({"metadata":{"name":"a"}})"};
  answer = co_await client.send(create);
  EXPECT_EQ(answer.status, 201) << answer.body;
  const std::string_view event = co_await stream->read();
  EXPECT_TRUE(event.starts_with(R"({"type":"ADDED","object":{)")) << event;
  stream.reset();

  http::Request stranger{.method = "GET",
                         .target = "/api/v1/namespaces",
                         .headers = {{"Authorization", "Bearer x"}},
                         .body = ""};
  answer = co_await client.send(stranger);
  EXPECT_EQ(answer.status, 401);
  client.drop_connections();
  co_await server->stop(std::chrono::seconds(1));
  co_await group.join();
  co_return 0;
}

int serve(bool tls) {
  auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  SystemEnvironment& reference = *environment;
  return environment->run([&reference, tls] { return exchange(reference, tls); });
}

TEST(Server, AnswersOverTls) { EXPECT_EQ(serve(true), 0); }
TEST(Server, AnswersWithoutTls) { EXPECT_EQ(serve(false), 0); }

TEST(Server, WritesPrivateFiles) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "windlass-private";
  ASSERT_TRUE(api_server::write_private_file(path, "one"));
  ASSERT_TRUE(api_server::write_private_file(path, "two"));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ifstream file(path);
  std::string text;
  file >> text;
  EXPECT_EQ(text, "two");
  std::filesystem::remove(path);
  EXPECT_FALSE(api_server::write_private_file("/nowhere/at/all", "x"));
}

}  // namespace
}  // namespace windlass
