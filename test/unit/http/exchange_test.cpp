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

  Response send(Request request, SendOptions options = {}) {
    return world.run(client->send(std::move(request), options));
  }

  World world;
  TaskGroup tasks;
  Server server;
  std::unique_ptr<Client> client;
};

Task<void> echo(Request request, Peer, Responder& responder) {
  Response response;
  response.headers.add("X-Method", request.method);
  response.headers.add("X-Target", request.target);
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
  EXPECT_EQ(response.body, "hello");
}

}  // namespace
}  // namespace windlass::http
