#include "registry.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "schema_data.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

namespace {

enum Flag : unsigned {
  kCluster = 1,
  kStatus = 2,
  kScale = 4,
  kNoGeneration = 8,
  kReview = 16,
  kReadOnly = 32,
  kAll = 64,
  kExtensions = 128
};

struct Row {
  const char* group;
  const char* version;
  const char* kind;
  const char* plural;
  unsigned flags;
  const char* short_names = "";
};

constexpr Row kRows[] = {
    {"", "v1", "Binding", "bindings", kReview},
    {"", "v1", "ComponentStatus", "componentstatuses", kCluster | kReadOnly, "cs"},
    {"", "v1", "ConfigMap", "configmaps", kNoGeneration, "cm"},
    {"", "v1", "Endpoints", "endpoints", kNoGeneration, "ep"},
    {"", "v1", "Event", "events", kNoGeneration, "ev"},
    {"", "v1", "LimitRange", "limitranges", kNoGeneration, "limits"},
    {"", "v1", "Namespace", "namespaces", kCluster | kStatus | kNoGeneration, "ns"},
    {"", "v1", "Node", "nodes", kCluster | kStatus | kNoGeneration, "no"},
    {"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", kStatus | kNoGeneration, "pvc"},
    {"", "v1", "PersistentVolume", "persistentvolumes", kCluster | kStatus | kNoGeneration, "pv"},
    {"", "v1", "Pod", "pods", kStatus | kAll, "po"},
    {"", "v1", "PodTemplate", "podtemplates", 0},
    {"", "v1", "ReplicationController", "replicationcontrollers", kStatus | kScale | kAll, "rc"},
    {"", "v1", "ResourceQuota", "resourcequotas", kStatus | kNoGeneration, "quota"},
    {"", "v1", "Secret", "secrets", kNoGeneration},
    {"", "v1", "ServiceAccount", "serviceaccounts", kNoGeneration, "sa"},
    {"", "v1", "Service", "services", kStatus | kNoGeneration | kAll, "svc"},
    {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
     kCluster | kExtensions},
    {"admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding",
     "mutatingadmissionpolicybindings", kCluster | kExtensions},
    {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
     "mutatingwebhookconfigurations", kCluster | kExtensions},
    {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy",
     "validatingadmissionpolicies", kCluster | kStatus | kExtensions},
    {"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding",
     "validatingadmissionpolicybindings", kCluster | kExtensions},
    {"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
     "validatingwebhookconfigurations", kCluster | kExtensions},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
     kCluster | kStatus | kExtensions, "crd,crds"},
    {"apps", "v1", "ControllerRevision", "controllerrevisions", kNoGeneration},
    {"apps", "v1", "DaemonSet", "daemonsets", kStatus | kAll, "ds"},
    {"apps", "v1", "Deployment", "deployments", kStatus | kScale | kAll, "deploy"},
    {"apps", "v1", "ReplicaSet", "replicasets", kStatus | kScale | kAll, "rs"},
    {"apps", "v1", "StatefulSet", "statefulsets", kStatus | kScale | kAll, "sts"},
    {"authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", kCluster | kReview},
    {"authentication.k8s.io", "v1", "TokenReview", "tokenreviews", kCluster | kReview},
    {"authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews",
     kReview},
    {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews",
     kCluster | kReview},
    {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews",
     kCluster | kReview},
    {"authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews",
     kCluster | kReview},
    {"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
     kStatus | kNoGeneration | kAll, "hpa"},
    {"batch", "v1", "CronJob", "cronjobs", kStatus | kAll, "cj"},
    {"batch", "v1", "Job", "jobs", kStatus | kAll},
    {"certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests",
     kCluster | kStatus | kNoGeneration, "csr"},
    {"coordination.k8s.io", "v1", "Lease", "leases", kNoGeneration},
    {"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", 0},
    {"events.k8s.io", "v1", "Event", "events", kNoGeneration, "ev"},
    {"networking.k8s.io", "v1", "IngressClass", "ingressclasses", kCluster},
    {"networking.k8s.io", "v1", "Ingress", "ingresses", kStatus, "ing"},
    {"networking.k8s.io", "v1", "IPAddress", "ipaddresses", kCluster | kNoGeneration, "ip"},
    {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", 0, "netpol"},
    {"networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", kCluster | kStatus | kNoGeneration},
    {"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", kStatus, "pdb"},
    {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings",
     kCluster | kNoGeneration},
    {"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", kCluster | kNoGeneration},
    {"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", kNoGeneration},
    {"rbac.authorization.k8s.io", "v1", "Role", "roles", kNoGeneration},
    {"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", kCluster, "pc"},
    {"storage.k8s.io", "v1", "CSIDriver", "csidrivers", kCluster | kNoGeneration},
    {"storage.k8s.io", "v1", "CSINode", "csinodes", kCluster | kNoGeneration},
    {"storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", kNoGeneration},
    {"storage.k8s.io", "v1", "StorageClass", "storageclasses", kCluster | kNoGeneration, "sc"},
    {"storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments",
     kCluster | kStatus | kNoGeneration},
    {"storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses",
     kCluster | kNoGeneration, "vac"},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

/// "io.k8s.api.apps.v1.Deployment": found by its end, which is unique.
std::string definition_name(const Object& definitions, const Row& row) {
  const std::string_view group(row.group);
  const std::string label(group.empty() ? "core" : group.substr(0, group.find('.')));
  const std::string end = fmt::format(".{}.{}.{}", label, row.version, row.kind);
  for (const auto& member : definitions) {
    if (member.key.ends_with(end)) return member.key;
  }
  return "";
}

}  // namespace

std::shared_ptr<const Object> builtin_definitions() {
  static const std::shared_ptr<const Object> definitions = [] {
    auto all = std::make_shared<Object>();
    std::vector<json::Member> members;
    for (const std::string_view text : schema_documents()) {
      auto document = json::parse(text).value();
      Object* schemas = nullptr;
      if (Value* found = document.find("schemas")) schemas = &found->as_object();
      if (schemas == nullptr) continue;
      for (auto& member : *schemas) members.push_back(std::move(member));
    }
    *all = Object::from_unsorted(std::move(members));
    return all;
  }();
  return definitions;
}

std::vector<std::string> Resource::verbs() const {
  if (review) return {"create"};
  if (read_only) return {"get", "list"};
  if (is("", "Namespace")) return {"create", "delete", "get", "list", "patch", "update", "watch"};
  if (custom)
    return {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::vector<std::string> Resource::subresources() const {
  std::vector<std::string> out;
  if (has_status) out.emplace_back("status");
  if (has_scale) out.emplace_back("scale");
  if (is("", "Pod")) {
    for (const char* name : {"attach", "binding", "ephemeralcontainers", "eviction", "exec", "log",
                             "portforward", "resize"}) {
      out.emplace_back(name);
    }
  }
  if (is("", "Namespace")) out.emplace_back("finalize");
  if (is("", "ServiceAccount")) out.emplace_back("token");
  if (is("certificates.k8s.io", "CertificateSigningRequest")) out.emplace_back("approval");
  std::sort(out.begin(), out.end());
  return out;
}

Registry::Registry() : definitions_(builtin_definitions()) {
  schemas_.set_definitions(definitions_);
  object_meta_ = schemas_.builtin("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  for (const Row& row : kRows) {
    auto resource = std::make_shared<Resource>();
    resource->group = row.group;
    resource->version = row.version;
    resource->kind = row.kind;
    resource->plural = row.plural;
    resource->singular = lower(row.kind);
    resource->namespaced = (row.flags & kCluster) == 0;
    resource->has_status = (row.flags & kStatus) != 0;
    resource->has_scale = (row.flags & kScale) != 0;
    resource->has_generation = (row.flags & kNoGeneration) == 0;
    resource->review = (row.flags & kReview) != 0;
    resource->read_only = (row.flags & kReadOnly) != 0;
    resource->short_names = split(row.short_names);
    if ((row.flags & kAll) != 0) resource->categories = {"all"};
    if ((row.flags & kExtensions) != 0) resource->categories = {"api-extensions"};
    resource->list_kind = resource->kind + "List";
    resource->schema = schemas_.builtin(definition_name(*definitions_, row));
    // Both event APIs read and write the same objects, kept in the older form.
    const bool event = resource->kind == "Event";
    resource->storage = (event ? "" : resource->group) + "/" + resource->plural;
    resource->storage_version = event ? "v1" : resource->api_version();
    put(std::move(resource));
  }
}

namespace {
std::string path_key(std::string_view group, std::string_view version, std::string_view plural) {
  std::string key;
  key.reserve(group.size() + version.size() + plural.size() + 2);
  key.append(group).append("/").append(version).append("/").append(plural);
  return key;
}
std::string kind_key(std::string_view api_version, std::string_view kind) {
  return std::string(api_version) + " " + std::string(kind);
}
}  // namespace

void Registry::put(ResourcePtr resource) {
  by_path_[path_key(resource->group, resource->version, resource->plural)] = resource;
  by_kind_[kind_key(resource->api_version(), resource->kind)] = resource;
}

void Registry::erase(std::string_view group, std::string_view plural) {
  std::erase_if(by_path_, [&](const auto& entry) {
    return entry.second->group == group && entry.second->plural == plural;
  });
  std::erase_if(by_kind_, [&](const auto& entry) {
    return entry.second->group == group && entry.second->plural == plural;
  });
}

ResourcePtr Registry::find(std::string_view group, std::string_view version,
                           std::string_view plural) const {
  const auto found = by_path_.find(path_key(group, version, plural));
  return found != by_path_.end() ? found->second : nullptr;
}

ResourcePtr Registry::find_kind(std::string_view api_version, std::string_view kind) const {
  const auto found = by_kind_.find(kind_key(api_version, kind));
  return found != by_kind_.end() ? found->second : nullptr;
}

bool Registry::has_group_version(std::string_view group, std::string_view version) const {
  const std::string prefix = path_key(group, version, "");
  const auto found = by_path_.lower_bound(prefix);
  return found != by_path_.end() && found->first.starts_with(prefix);
}

std::vector<ResourcePtr> Registry::all() const {
  std::vector<ResourcePtr> out;
  for (const auto& entry : by_path_) {
    if (entry.second->served) out.push_back(entry.second);
  }
  std::stable_sort(out.begin(), out.end(), [](const ResourcePtr& a, const ResourcePtr& b) {
    return std::tie(a->group, a->version, a->plural) < std::tie(b->group, b->version, b->plural);
  });
  return out;
}

ResourcePtr Registry::storing(const std::string& storage) const {
  for (const auto& entry : by_path_) {
    if (entry.second->storage == storage &&
        entry.second->api_version() == entry.second->storage_version) {
      return entry.second;
    }
  }
  return nullptr;
}

}  // namespace windlass::inline v0::api_server
