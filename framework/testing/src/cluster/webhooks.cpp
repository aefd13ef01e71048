// Admission webhooks: one server, outside of the API servers, that they call over the network.

#include <windlass/base/encoding.hpp>

#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr std::uint16_t kPort = 8443;
constexpr const char* kName = "webhooks";

http::Response json_response(const json::Value& body) {
  http::Response response;
  response.headers.set("Content-Type", "application/json");
  response.body = json::dump(body);
  return response;
}

}  // namespace

Webhooks::Webhooks(SimulatedCluster::Impl& world)
    : world_(world),
      process_(world.sim.process(kName)),
      certificate_(make_authority(kName, world.sim.wall_now())) {
  process_.start([this](SimulatedProcess& self) { return run(self, this); });
}

json::Value Webhooks::add(json::Value configuration, WebhookModel model) {
  for (auto& webhook : configuration["webhooks"].as_array()) {
    auto& client = webhook["clientConfig"];
    client = json::Object();
    client["url"] = std::string("https://") + kName + ":" + std::to_string(kPort) + "/" +
                    std::to_string(models_.size());
    client["caBundle"] = encode_base64(certificate_.certificate_pem);
  }
  models_.push_back(std::move(model));
  return configuration;
}

Task<void> Webhooks::run(SimulatedProcess& self, Webhooks* webhooks) {
  auto listener = self.network(self.io()).listen(self.io(), {"", kPort}).value();
  http::Handler handler = [webhooks](http::Request request, http::Peer,
                                     http::Responder& responder) {
    return serve(webhooks, std::move(request), &responder);
  };
  http::ServerOptions options;
  options.tls =
      http::TlsServerContext::make({.certificate_pem = webhooks->certificate_.certificate_pem,
                                    .key_pem = webhooks->certificate_.key_pem})
          .value();
  auto server = std::make_shared<http::Server>(self, self.io(), std::move(listener),
                                               std::move(handler), std::move(options));
  self.keep(server);
  auto serving = server->run();
  co_await std::move(serving);
}

Task<void> Webhooks::serve(Webhooks* webhooks, http::Request request, http::Responder* responder) {
  auto& process = webhooks->process_;
  auto& world = webhooks->world_;
  if (world.chance_in(Fault::Kind::webhook, 0)) {
    world.note(TraceEvent::Kind::fault, kName, "does not answer " + request.target);
    auto waiting = sleep_for(process.clock(), 24h);
    co_await std::move(waiting);
  }
  const auto number = std::strtoull(request.target.c_str() + 1, nullptr, 10);
  const auto review = json::parse(request.body).value();
  auto answer = webhooks->models_.at(number)(review["request"]);
  answer["uid"] = review["request"]["uid"];
  json::Value body;
  body["apiVersion"] = "admission.k8s.io/v1";
  body["kind"] = "AdmissionReview";
  body["response"] = std::move(answer);
  auto sending = responder->send(json_response(body));
  co_await std::move(sending);
}

}  // namespace windlass::inline v0::testing
