#include <algorithm>

#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr const char* kServiceLabel = "kubernetes.io/service-name";

/// The number behind a port name in a pod's containers, or the number itself; 0 when unknown.
std::int32_t container_port(const core::Pod& pod, const core::ServicePort& port) {
  const auto target = port.target_port.value_or(meta::IntOrString(port.port));
  if (target.is_int()) return target.as_int() == 0 ? port.port : target.as_int();
  for (const auto& container : pod.spec.containers) {
    for (const auto& named : container.ports) {
      if (named.name == target.as_string()) return named.container_port;
    }
  }
  return 0;
}

discovery::Endpoint endpoint_of(const core::Pod& pod, bool publish_not_ready) {
  discovery::Endpoint endpoint;
  endpoint.addresses = {pod.status.pod_ip};
  const bool ready = is_pod_ready(pod);
  const bool terminating = pod.metadata.is_deleting();
  endpoint.conditions.ready = publish_not_ready || (ready && !terminating);
  endpoint.conditions.serving = ready;
  endpoint.conditions.terminating = terminating;
  endpoint.node_name = pod.spec.node_name;
  if (!pod.spec.subdomain.empty()) endpoint.hostname = pod.spec.hostname;
  auto& target = endpoint.target_ref.ensure();
  target.kind = "Pod";
  target.name = pod.metadata.name;
  target.namespace_ = pod.metadata.namespace_;
  target.uid = pod.metadata.uid;
  return endpoint;
}

}  // namespace

Task<Action> EndpointsReconciler::reconcile(Context context, Ref<core::Service> service) {
  if (service->metadata.is_deleting() || service->spec.selector.empty()) co_return await_change();
  discovery::EndpointSlice slice;
  slice.metadata.name = service->metadata.name + "-local";
  slice.metadata.namespace_ = service->metadata.namespace_;
  slice.metadata.labels = service->metadata.labels;
  slice.metadata.labels[kServiceLabel] = service->metadata.name;
  slice.metadata.labels["endpointslice.kubernetes.io/managed-by"] = "local-cluster";
  slice.address_type = "IPv4";
  const auto pods = co_await context.list<core::Pod>(service->metadata.namespace_);
  const core::Pod* sample = nullptr;
  for (const auto& pod : pods) {
    const auto& labels = pod->metadata.labels;
    const bool selected = std::all_of(
        service->spec.selector.begin(), service->spec.selector.end(), [&](const auto& wanted) {
          const auto found = labels.find(wanted.first);
          return found != labels.end() && found->second == wanted.second;
        });
    const bool gone = pod->status.phase == "Succeeded" || pod->status.phase == "Failed";
    if (!selected || gone || pod->status.pod_ip.empty()) continue;
    slice.endpoints.push_back(
        endpoint_of(*pod, service->spec.publish_not_ready_addresses.value_or(false)));
    sample = pod.operator->();
  }
  for (const auto& port : service->spec.ports) {
    discovery::EndpointPort published;
    published.name = port.name;
    published.protocol = port.protocol.empty() ? "TCP" : port.protocol;
    published.port = sample != nullptr ? container_port(*sample, port) : port.port;
    slice.ports.push_back(std::move(published));
  }
  co_await context.apply(slice);
  co_return await_change();
}

}  // namespace windlass::inline v0::testing
