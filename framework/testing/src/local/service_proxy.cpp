#include "service_proxy.hpp"

#include <array>

#include <windlass/api/discovery_v1.hpp>

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
namespace discovery = api::discovery::v1;
using namespace std::chrono_literals;

/// One listening port of one Service.
struct ServiceProxy::Front {
  meta::ObjectKey service;
  std::string port_name;
  std::unique_ptr<Listener> listener;
  std::size_t next = 0;
};

namespace {

/// Copies until one side ends; then ends both, which ends the other direction too.
Task<void> pump(std::shared_ptr<Stream> from, std::shared_ptr<Stream> to) {
  std::array<char, 16384> buffer;
  std::exception_ptr failure;
  try {
    for (;;) {
      const auto size = co_await from->read_some(buffer);
      if (size == 0) break;
      co_await to->write({buffer.data(), size});
    }
  } catch (...) {
    failure = std::current_exception();
  }
  from->close();
  to->close();
  if (is_cancellation(failure)) std::rethrow_exception(failure);
}

}  // namespace

ServiceProxy::ServiceProxy(Environment& environment, Executor executor, const cache::Cache& cache,
                           Logger log)
    : environment_(environment),
      executor_(executor),
      cache_(cache),
      log_(std::move(log)),
      dirty_(executor),
      tasks_(executor, [this](std::string_view, std::exception_ptr failure) {
        log_.warn("A service connection failed", {{"error", describe(failure).message}});
      }) {}

ServiceProxy::~ServiceProxy() = default;

Task<void> ServiceProxy::run() {
  std::exception_ptr stopped;
  try {
    for (;;) {
      dirty_.reset();
      sync();
      co_await dirty_.wait();
    }
  } catch (...) {
    stopped = std::current_exception();
  }
  for (auto& [name, front] : fronts_) front->listener->close();
  co_await ignore_cancellation();
  co_await tasks_.stop();
  std::rethrow_exception(stopped);
}

void ServiceProxy::sync() {
  std::map<std::string, std::pair<Endpoint, std::pair<meta::ObjectKey, std::string>>> wanted;
  for (const auto& service : cache_.list<core::Service>()) {
    const auto& ip = service->spec.cluster_ip;
    if (ip.empty() || ip == "None" || service->spec.selector.empty()) continue;
    for (const auto& port : service->spec.ports) {
      const Endpoint at{ip, static_cast<std::uint16_t>(port.port)};
      wanted[to_string(at)] = {at, {service->metadata.key(), port.name}};
    }
  }
  for (auto it = fronts_.begin(); it != fronts_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    it->second->listener->close();
    it = fronts_.erase(it);
  }
  for (const auto& [name, entry] : wanted) {
    if (fronts_.contains(name)) continue;
    auto listener = environment_.network(executor_).listen(executor_, entry.first);
    if (!listener) {
      log_.warn("Cannot listen for a Service",
                {{"service", entry.second.first.to_string()}, {"error", listener.error().message}});
      continue;
    }
    auto front = std::make_shared<Front>();
    front->service = entry.second.first;
    front->port_name = entry.second.second;
    front->listener = std::move(*listener);
    fronts_[name] = front;
    tasks_.spawn("service " + name, accept_loop(front));
  }
}

Task<void> ServiceProxy::accept_loop(std::shared_ptr<Front> front) {
  for (;;) {
    std::exception_ptr failure;
    std::shared_ptr<Stream> client;
    try {
      client = co_await front->listener->accept();
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure && describe(failure).code == Errc::closed) co_return;
    if (failure) {
      co_await sleep_for(environment_.clock(), 100ms);  // out of file descriptors, say
      continue;
    }
    tasks_.spawn("connection to " + front->service.to_string(), serve(front, std::move(client)));
  }
}

std::vector<Endpoint> ServiceProxy::ready_endpoints(const Front& front) const {
  std::vector<Endpoint> ready;
  for (const auto& slice : cache_.list<discovery::EndpointSlice>(front.service.namespace_)) {
    const auto label = slice->metadata.labels.find("kubernetes.io/service-name");
    if (label == slice->metadata.labels.end() || label->second != front.service.name) continue;
    for (const auto& port : slice->ports) {
      if (port.name.value_or("") != front.port_name) continue;
      for (const auto& endpoint : slice->endpoints) {
        if (!endpoint.conditions.ready.value_or(false) || endpoint.addresses.empty()) continue;
        ready.push_back(
            {endpoint.addresses.front(), static_cast<std::uint16_t>(port.port.value_or(0))});
      }
    }
  }
  return ready;
}

Task<void> ServiceProxy::serve(std::shared_ptr<Front> front, std::shared_ptr<Stream> client) {
  const auto endpoints = ready_endpoints(*front);
  if (endpoints.empty()) {
    client->close();  // a real cluster refuses the connection
    co_return;
  }
  const auto& target = endpoints[front->next++ % endpoints.size()];
  std::exception_ptr failure;
  std::shared_ptr<Stream> server;
  try {
    server = co_await environment_.network(executor_).dial(target);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    client->close();
    if (is_cancellation(failure)) std::rethrow_exception(failure);
    co_return;
  }
  TaskGroup directions(executor_);
  directions.spawn("up", pump(client, server));
  directions.spawn("down", pump(server, client));
  std::exception_ptr stopped;
  try {
    co_await directions.join();
  } catch (...) {
    stopped = std::current_exception();
  }
  co_await ignore_cancellation();
  co_await directions.stop();
  if (stopped) std::rethrow_exception(stopped);
}

}  // namespace windlass::inline v0::testing
