#include "scaffold/package.hpp"

#include <algorithm>
#include <functional>

#include "scaffold/rights.hpp"

namespace windlass::inline v0::scaffold {
namespace {

using json::Value;

std::string_view kind_of(const Value& document) { return document["kind"].string_or(""); }
std::string name_of(const Value& document) {
  return std::string(document.at_path({"metadata", "name"}).string_or(""));
}

const Value* find_kind(const std::vector<Value>& documents, std::string_view kind) {
  const auto found = std::find_if(documents.begin(), documents.end(),
                                  [&](const Value& d) { return kind_of(d) == kind; });
  return found == documents.end() ? nullptr : &*found;
}

Error no_deployment() {
  return {Errc::invalid_argument,
          "config/default holds no Deployment with a container; a package needs one"};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// Keys whose values name namespaces; texts that happen to be equal to one stand elsewhere.
bool names_namespace(std::string_view key) {
  return key == "namespace" || key == "namespaces" || key == "matchNames" ||
         key == "kubernetes.io/metadata.name";
}

/// Every string in the document, to be changed.
void each_string(Value& value, const std::function<void(std::string&)>& change) {
  if (value.is_string()) change(value.as_string());
  if (value.is_array()) {
    for (auto& element : value.as_array()) each_string(element, change);
  }
  if (value.is_object()) {
    for (auto& member : value.as_object()) each_string(member.value, change);
  }
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// "registry/name:tag" in two.
std::pair<std::string, std::string> split_image(const std::string& image) {
  const auto colon = image.rfind(':');
  if (colon == std::string::npos || image.find('/', colon) != std::string::npos)
    return {image, "latest"};
  return {image.substr(0, colon), image.substr(colon + 1)};
}

/// `spec` of the manager's container.
Value* container_of(Value& deployment) {
  auto* spec = deployment.find("spec");
  for (const auto* key : {"template", "spec", "containers"})
    spec = spec == nullptr ? nullptr : spec->find(key);
  return spec == nullptr || !spec->is_array() || spec->as_array().empty()
             ? nullptr
             : &spec->as_array().front();
}

// words that stand for Helm's expressions until the YAML is written
constexpr const char* kNamespaceMark = "windlass-mark-namespace";
constexpr const char* kReplicasMark = "windlass-mark-replicas";
constexpr const char* kImageMark = "windlass-mark-image";
constexpr const char* kPullMark = "windlass-mark-pull";
constexpr const char* kResourcesMark = "windlass-mark-resources";

void mark_namespace(Value& value, const std::string& name_space, bool is_one = false) {
  if (value.is_string() && is_one && value.as_string() == name_space) value = kNamespaceMark;
  if (value.is_array()) {
    for (auto& element : value.as_array()) mark_namespace(element, name_space, is_one);
  }
  if (value.is_object()) {
    for (auto& member : value.as_object())
      mark_namespace(member.value, name_space, names_namespace(member.key));
  }
}

std::string template_of(Value document, const std::string& name_space) {
  each_string(document, [](std::string& text) { replace_all(text, "{{", "{{ `{{` }}"); });
  if (!name_space.empty()) mark_namespace(document, name_space);
  auto yaml = kPackageMark + to_yaml(document);
  replace_all(yaml, kNamespaceMark, "{{ .Release.Namespace }}");
  replace_all(yaml, kReplicasMark, "{{ .Values.replicas }}");
  replace_all(yaml, kImageMark, "\"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"");
  replace_all(yaml, kPullMark, "{{ .Values.image.pullPolicy }}");
  replace_all(yaml, kResourcesMark, "{{ toJson .Values.resources }}");
  return yaml;
}

Value rules_of(const std::vector<Value>& documents, std::string_view kind, std::string_view part) {
  for (const auto& document : documents) {
    if (kind_of(document) == kind && name_of(document).find(part) != std::string::npos)
      return document["rules"];
  }
  return json::Array();
}

Value owned_kinds(const std::vector<Value>& documents) {
  json::Array owned;
  for (const auto& document : documents) {
    if (kind_of(document) != "CustomResourceDefinition") continue;
    const auto& spec = document["spec"];
    for (const auto& version : spec["versions"].as_array()) {
      Value entry;
      entry["name"] = name_of(document);
      entry["kind"] = spec["names"]["kind"];
      entry["displayName"] = spec["names"]["kind"];
      entry["version"] = version["name"];
      entry["description"] =
          version.at_path({"schema", "openAPIV3Schema", "description"}).string_or("");
      owned.push_back(std::move(entry));
    }
  }
  return owned;
}

}  // namespace

Result<Files> helm_chart(const Project& project, const std::vector<Value>& documents) {
  const auto* found = find_kind(documents, "Deployment");
  if (found == nullptr) return no_deployment();
  const std::string name_space(found->at_path({"metadata", "namespace"}).string_or(""));
  Value deployment = *found;
  auto* container = container_of(deployment);
  if (container == nullptr) return no_deployment();

  Value values;
  const auto [repository, tag] = split_image(std::string((*container)["image"].string_or("")));
  values["image"]["repository"] = repository;
  values["image"]["tag"] = tag;
  values["image"]["pullPolicy"] = (*container)["imagePullPolicy"].string_or("IfNotPresent");
  values["replicas"] = std::as_const(deployment)["spec"]["replicas"].integer_or(3);
  values["resources"] = std::as_const(*container)["resources"];
  deployment["spec"]["replicas"] = kReplicasMark;
  (*container)["image"] = kImageMark;
  (*container)["imagePullPolicy"] = kPullMark;
  (*container)["resources"] = kResourcesMark;

  Files files;
  files["dist/chart/Chart.yaml"] =
      "apiVersion: v2\nname: " + project.name + "\ndescription: The operator " + project.name +
      "\ntype: application\nversion: 0.1.0\nappVersion: " + to_yaml(Value(tag));
  files["dist/chart/values.yaml"] = "# what `helm install --set` changes\n" + to_yaml(values);
  for (const auto& document : documents) {
    const auto kind = kind_of(document);
    if (kind == "Namespace") continue;  // helm install --create-namespace
    if (kind == "CustomResourceDefinition") {
      files["dist/chart/crds/" + name_of(document) + ".yaml"] = kPackageMark + to_yaml(document);
      continue;
    }
    const auto path = "dist/chart/templates/" + lower(kind) + "-" + name_of(document) + ".yaml";
    files[path] = template_of(kind == "Deployment" ? deployment : document, name_space);
  }
  return files;
}

Result<Files> olm_bundle(const Project& project, const std::vector<Value>& documents,
                         const std::string& version, const std::vector<Value>& samples) {
  const auto* deployment = find_kind(documents, "Deployment");
  if (deployment == nullptr) return no_deployment();
  const std::string account((*deployment)
                                .at_path({"spec", "template", "spec", "serviceAccountName"})
                                .string_or("default"));
  const auto permission = [&](const Value& rules) {
    Value made;
    made["serviceAccountName"] = account;
    made["rules"] = rules;
    return json::Array{made};
  };
  Value csv;
  csv["apiVersion"] = "operators.coreos.com/v1alpha1";
  csv["kind"] = "ClusterServiceVersion";
  csv["metadata"]["name"] = project.name + ".v" + version;
  csv["metadata"]["annotations"]["capabilities"] = "Basic Install";
  csv["metadata"]["annotations"]["alm-examples"] = json::dump(json::Array(samples));
  auto& spec = csv["spec"];
  spec["displayName"] = project.name;
  spec["description"] = "The operator " + project.name;
  spec["version"] = version;
  spec["maturity"] = "alpha";
  spec["minKubeVersion"] = "1.27.0";
  spec["provider"]["name"] = project.domain;
  json::Array modes;
  for (const auto& [mode, for_narrow, for_wide] : {std::tuple{"OwnNamespace", true, false},
                                                   {"SingleNamespace", false, false},
                                                   {"MultiNamespace", false, false},
                                                   {"AllNamespaces", false, true}}) {
    Value entry;
    entry["type"] = mode;
    entry["supported"] = project.namespaced ? for_narrow : for_wide;
    modes.push_back(std::move(entry));
  }
  spec["installModes"] = std::move(modes);
  spec["customresourcedefinitions"]["owned"] = owned_kinds(documents);
  auto& install = spec["install"];
  install["strategy"] = "deployment";
  if (!project.namespaced)
    install["spec"]["clusterPermissions"] =
        permission(rules_of(documents, "ClusterRole", "manager-role"));
  auto rules = rules_of(documents, "Role", "leader-election-role");
  if (project.namespaced) {
    const auto more = rules_of(documents, "Role", "manager-role");
    rules.as_array().insert(rules.as_array().end(), more.as_array().begin(), more.as_array().end());
  }
  install["spec"]["permissions"] = permission(rules);
  Value entry;
  entry["name"] = name_of(*deployment);
  entry["spec"] = (*deployment)["spec"];
  install["spec"]["deployments"] = json::Array{entry};

  Files files;
  files["bundle/manifests/" + project.name + ".clusterserviceversion.yaml"] =
      kPackageMark + to_yaml(csv);
  for (const auto& document : documents) {
    const auto kind = kind_of(document);
    const bool for_people =
        kind == "ClusterRole" && name_of(document).find("manager-role") == std::string::npos;
    if (kind == "CustomResourceDefinition" || kind == "PodDisruptionBudget" ||
        kind == "NetworkPolicy" || for_people) {
      auto copy = document;
      if (copy.find("metadata") != nullptr) copy["metadata"].as_object().erase("namespace");
      files["bundle/manifests/" + name_of(document) + "_" + lower(kind) + ".yaml"] =
          kPackageMark + to_yaml(copy);
    }
  }
  const std::pair<const char*, std::string> notes[] = {
      {"operators.operatorframework.io.bundle.channel.default.v1", "alpha"},
      {"operators.operatorframework.io.bundle.channels.v1", "alpha"},
      {"operators.operatorframework.io.bundle.manifests.v1", "manifests/"},
      {"operators.operatorframework.io.bundle.mediatype.v1", "registry+v1"},
      {"operators.operatorframework.io.bundle.metadata.v1", "metadata/"},
      {"operators.operatorframework.io.bundle.package.v1", project.name}};
  std::string annotations = "annotations:\n";
  std::string dockerfile = "FROM scratch\n";
  for (const auto& [key, value] : notes) {
    annotations += std::string("  ") + key + ": " + value + "\n";
    dockerfile += std::string("LABEL ") + key + "=" + value + "\n";
  }
  files["bundle/metadata/annotations.yaml"] = annotations;
  files["bundle.Dockerfile"] =
      dockerfile + "COPY bundle/manifests /manifests/\nCOPY bundle/metadata /metadata/\n";
  return files;
}

}  // namespace windlass::inline v0::scaffold
