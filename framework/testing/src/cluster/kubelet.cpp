#include <windlass/testing/workloads.hpp>

#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr int kNodes = 3;
const meta::Resource& kPod = api::core::v1::Pod::resource;

std::string image_name(const api::core::v1::Pod& pod) {
  if (pod.spec.containers.empty()) return {};
  const auto& image = pod.spec.containers.front().image;
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  return colon == std::string::npos || (slash != std::string::npos && colon < slash)
             ? image
             : image.substr(0, colon);
}

std::string condition_status(const api::core::v1::Pod& pod) {
  for (const auto& condition : pod.status.conditions) {
    if (condition.type == "Ready") return condition.status;
  }
  return {};
}

}  // namespace

Kubelet::Kubelet(SimulatedCluster::Impl& world)
    : world_(world), random_(world.options.seed * 77 + 5) {}

void Kubelet::changed(const std::string& collection, const meta::ObjectKey& key) {
  if (collection == "/pods") {
    pods_.try_emplace(key);
    schedule(key, Duration(random_.between(20'000'000, 400'000'000)));
    return;
  }
  if (models_.empty()) return;
  for (const auto& [pod, local] : pods_) {
    if (pod.namespace_ == key.namespace_ && local.looked_at) {
      schedule(pod, Duration(random_.between(50'000'000, 1'000'000'000)));
    }
  }
}

void Kubelet::schedule(const meta::ObjectKey& key, Duration delay) {
  auto& local = pods_[key];
  if (local.due) return;
  local.due = true;
  world_.sim.after(delay, [this, key] {
    const auto found = pods_.find(key);
    if (found == pods_.end()) return;
    found->second.due = false;
    look_at(key);
  });
}

const PodModel* Kubelet::model_of(const api::core::v1::Pod& pod) const {
  const auto found = models_.find(image_name(pod));
  return found == models_.end() ? nullptr : &found->second;
}

std::string Kubelet::volume_of(const api::core::v1::Pod& pod) const {
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.persistent_volume_claim) continue;
    const auto& name = volume.persistent_volume_claim->claim_name;
    const auto answer =
        world_.core.handle({.method = "GET",
                            .target = path_of(api::core::v1::PersistentVolumeClaim::resource,
                                              {pod.metadata.namespace_, name}),
                            .headers = {},
                            .body = ""},
                           api_server::Identity::admin());
    if (answer.response.status != 200) return {};
    return json::decode<api::core::v1::PersistentVolumeClaim>(answer.response.body)
        .value()
        .metadata.uid;
  }
  return {};
}

void Kubelet::patch(const meta::ObjectKey& key, std::string_view subresource,
                    const json::Value& body) {
  auto path = path_of(kPod, key);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  world_.direct("kubelet", "PATCH", path, json::dump(body), "application/merge-patch+json");
}

void Kubelet::look_at(const meta::ObjectKey& key) {
  const auto answer =
      world_.core.handle({.method = "GET", .target = path_of(kPod, key), .headers = {}, .body = ""},
                         api_server::Identity::admin());
  if (answer.response.status != 200) {
    pods_.erase(key);
    return;
  }
  const auto pod = json::decode<api::core::v1::Pod>(answer.response.body).value();
  auto& local = pods_[key];
  const auto now = world_.sim.now();
  if (local.uid != pod.metadata.uid) {
    const bool due = local.due;
    local = {};
    local.due = due;
    local.uid = pod.metadata.uid;
    local.node = "node-" + std::to_string(random_.next() % kNodes);
    local.starts = now + Duration(random_.between(200'000'000, 4'000'000'000));
  }
  if (const auto lost = lost_nodes_.find(local.node); lost != lost_nodes_.end()) {
    return schedule(key, std::max(lost->second - now, Duration(1ms)));
  }
  if (pod.metadata.is_deleting()) {
    json::Value options;
    options["gracePeriodSeconds"] = 0;
    options["preconditions"]["uid"] = pod.metadata.uid;
    world_.direct("kubelet", "DELETE", path_of(kPod, key), json::dump(options));
    return;
  }
  if (pod.status.phase == "Failed" || pod.status.phase == "Succeeded") return;
  if (now < local.starts) {
    if (local.restarts > 0) show(pod, local, {.ready = false, .annotations = {}});
    return schedule(key, local.starts - now);
  }
  local.looked_at = true;
  PodState state;
  if (const auto* model = model_of(pod)) {
    auto read = [this](const meta::Resource& resource,
                       const meta::ObjectKey& wanted) -> std::optional<std::string> {
      auto found = world_.core.handle(
          {.method = "GET", .target = path_of(resource, wanted), .headers = {}, .body = ""},
          api_server::Identity::admin());
      if (found.response.status != 200) return std::nullopt;
      return std::move(found.response.body);
    };
    state = (*model)(PodView(pod, volume_of(pod), std::move(read)));
  }
  show(pod, local, state);
}

void Kubelet::show(const api::core::v1::Pod& pod, const Local& local, const PodState& state) {
  json::Value annotations;
  for (const auto& [name, value] : state.annotations) {
    const auto known = pod.metadata.annotations.find(name);
    if (known == pod.metadata.annotations.end() || known->second != value)
      annotations[name] = value;
  }
  if (!annotations.is_null()) {
    json::Value body;
    body["metadata"]["annotations"] = annotations;
    patch(pod.metadata.key(), {}, body);
  }
  const std::string ready = state.ready ? "True" : "False";
  std::int64_t restarts = 0;
  for (const auto& status : pod.status.container_statuses)
    restarts = std::max<std::int64_t>(restarts, status.restart_count);
  if (pod.status.phase == "Running" && condition_status(pod) == ready && restarts == local.restarts)
    return;
  json::Value condition;
  condition["type"] = "Ready";
  condition["status"] = ready;
  json::Value container;
  container["name"] = pod.spec.containers.empty() ? "main" : pod.spec.containers.front().name;
  container["image"] = pod.spec.containers.empty() ? "" : pod.spec.containers.front().image;
  container["imageID"] = "";
  container["ready"] = state.ready;
  container["restartCount"] = local.restarts;
  json::Value body;
  body["status"]["phase"] = "Running";
  body["status"]["podIP"] = "10.1.0." + std::to_string(1 + random_.next() % 250);
  body["status"]["conditions"] = json::Array{condition};
  body["status"]["containerStatuses"] = json::Array{container};
  if (pod.status.phase == "Running") body["status"].as_object().erase("podIP");
  patch(pod.metadata.key(), "status", body);
}

void Kubelet::crash_container(std::uint64_t seed) {
  if (pods_.empty()) return;
  auto found = std::next(pods_.begin(), static_cast<std::ptrdiff_t>(seed % pods_.size()));
  auto& local = found->second;
  if (!local.looked_at) return;
  ++local.restarts;
  local.looked_at = false;
  local.starts = world_.sim.now() + Duration(1s) * static_cast<int>(1 + seed % 20);
  schedule(found->first, 10ms);
}

void Kubelet::evict(std::uint64_t seed) {
  if (pods_.empty()) return;
  const auto found = std::next(pods_.begin(), static_cast<std::ptrdiff_t>(seed % pods_.size()));
  if (!found->second.looked_at) return;
  json::Value body;
  body["status"]["phase"] = "Failed";
  body["status"]["reason"] = "Evicted";
  body["status"]["message"] = "The node was low on resource: memory.";
  json::Value condition;
  condition["type"] = "Ready";
  condition["status"] = "False";
  body["status"]["conditions"] = json::Array{condition};
  patch(found->first, "status", body);
}

void Kubelet::lose_node(std::uint64_t seed, Duration lasts) {
  const auto node = "node-" + std::to_string(seed % kNodes);
  const auto until = world_.sim.now() + lasts;
  lost_nodes_[node] = until;
  for (auto& [key, local] : pods_) {
    if (local.node != node || !local.looked_at) continue;
    json::Value condition;
    condition["type"] = "Ready";
    condition["status"] = "False";
    json::Value body;
    body["status"]["conditions"] = json::Array{condition};
    patch(key, "status", body);
  }
  world_.sim.after(lasts, [this, node, until] {
    const auto found = lost_nodes_.find(node);
    if (found != lost_nodes_.end() && found->second <= until) lost_nodes_.erase(found);
    std::vector<meta::ObjectKey> there;
    for (const auto& [key, local] : pods_) {
      if (local.node == node) there.push_back(key);
    }
    for (const auto& key : there) schedule(key, 100ms);
  });
}

void Kubelet::heal() {
  lost_nodes_.clear();
  std::vector<meta::ObjectKey> all;
  for (auto& [key, local] : pods_) {
    local.starts = std::min<Duration>(local.starts, world_.sim.now() + 1s);
    local.due = false;
    all.push_back(key);
  }
  for (const auto& key : all) schedule(key, 100ms);
}

}  // namespace windlass::inline v0::testing
