// Core::answer: a request that may have to wait for webhooks.

#include <fmt/format.h>

#include <windlass/api_server/core.hpp>
#include <windlass/http/client.hpp>

#include "core_impl.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

namespace {

/// Where a Service is reached: by the resolver, or at its cluster address.
Result<Endpoint> find_service(const State& state, const WebhookCall& call) {
  if (state.resolve_service) {
    return state.resolve_service(call.service_namespace, call.service_name, call.port);
  }
  const StoredPtr service = state.get("/services", {call.service_namespace, call.service_name});
  if (service == nullptr)
    return Error{Errc::not_found, fmt::format("service \"{}\" not found", call.service_name)};
  const std::string address(service->value().at_path({"spec", "clusterIP"}).string_or(""));
  if (address.empty() || address == "None") {
    return Error{Errc::not_found,
                 fmt::format("service \"{}\" has no cluster address", call.service_name)};
  }
  return Endpoint{address, call.port};
}

}  // namespace

Task<WebhookAnswer> make_call(State* state, Environment* caller, Executor executor,
                              WebhookCall call) {
  Result<Endpoint> server = Endpoint{call.host, call.port};
  if (!call.service_name.empty()) server = find_service(*state, call);
  if (!server) co_return WebhookAnswer{.error = server.error().message};
  http::Client client(
      *caller, executor,
      {.server = *server,
       .tls = http::TlsClientOptions{.ca_pem = call.ca_pem, .server_name = call.host},
       .dial_timeout = call.timeout});
  http::Request request{.method = "POST",
                        .target = call.path,
                        .headers = {{"Content-Type", "application/json"},
                                    {"Accept", "application/json, */*"},
                                    {"Host", call.host},
                                    {"User-Agent", "kube-apiserver-admission"}},
                        .body = std::move(call.body)};
  WebhookAnswer answer;
  try {
    Task<http::Response> sending =
        client.send(std::move(request), {.timeout = call.timeout, .max_body_bytes = 3u << 20});
    http::Response response = co_await std::move(sending);
    answer.status = response.status;
    answer.body = std::move(response.body);
  } catch (const Exception& error) {
    if (error.code() == Errc::cancelled) throw;
    answer.error = error.code() == Errc::timeout ? "context deadline exceeded" : error.what();
  }
  co_return answer;
}

Reply Core::handle_as_own(const http::Request& request) {
  Exchange own{.internal = true};
  return impl_->handle(request, Identity::admin(), &own);
}

void Core::set_service_resolver(ServiceResolver resolver) {
  impl_->state.resolve_service = std::move(resolver);
}

Task<Reply> Core::answer(Executor executor, http::Request request, Identity identity,
                         Answering how) {
  Exchange exchange;
  Environment* const caller = how.caller != nullptr ? how.caller : &impl_->state.env;
  for (;;) {
    if (how.at_work) how.at_work(true);
    Reply reply = impl_->handle(request, identity, &exchange);
    if (how.at_work) how.at_work(false);
    if (!exchange.wanted) co_return reply;
    WebhookCall call = std::move(*exchange.wanted);
    exchange.wanted.reset();
    const std::string key = call.key;
    Task<WebhookAnswer> calling = make_call(&impl_->state, caller, executor, std::move(call));
    WebhookAnswer answer = co_await std::move(calling);
    exchange.answers[key] = std::move(answer);
  }
}

}  // namespace windlass::inline v0::api_server
