#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/framework_types.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Value;

/// A type that CRDs often copy, and the properties without which a copy is not
/// taken for it.
struct Candidate {
  std::string_view definition;
  std::string_view signature;  ///< separated by spaces
  std::string_view hint;       ///< must be in the name of the property (lower case), if not empty
};

#define WINDLASS_CORE "io.k8s.api.core.v1."
#define WINDLASS_META "io.k8s.apimachinery.pkg.apis.meta.v1."

// The first that covers a shape wins.
constexpr std::array<Candidate, 30> kCandidates = {{
    {WINDLASS_META "Condition", "lastTransitionTime message reason status type", ""},
    {WINDLASS_META "LabelSelector", "matchExpressions matchLabels", ""},
    {WINDLASS_META "OwnerReference", "apiVersion kind name uid", "owner"},
    {WINDLASS_CORE "PodTemplateSpec", "metadata spec", ""},
    {WINDLASS_CORE "PodSpec", "containers", ""},
    {WINDLASS_CORE "Container", "image name volumeMounts resources env", ""},
    {WINDLASS_CORE "ResourceRequirements", "limits requests", ""},
    {WINDLASS_CORE "Affinity", "nodeAffinity podAffinity podAntiAffinity", ""},
    {WINDLASS_CORE "NodeAffinity",
     "preferredDuringSchedulingIgnoredDuringExecution "
     "requiredDuringSchedulingIgnoredDuringExecution",
     "nodeaffinity"},
    {WINDLASS_CORE "PodAffinity",
     "preferredDuringSchedulingIgnoredDuringExecution "
     "requiredDuringSchedulingIgnoredDuringExecution",
     "podaffinity"},
    {WINDLASS_CORE "PodAntiAffinity",
     "preferredDuringSchedulingIgnoredDuringExecution "
     "requiredDuringSchedulingIgnoredDuringExecution",
     "podantiaffinity"},
    {WINDLASS_CORE "NodeSelector", "nodeSelectorTerms", ""},
    {WINDLASS_CORE "Toleration", "effect key operator tolerationSeconds value", ""},
    {WINDLASS_CORE "TopologySpreadConstraint", "maxSkew topologyKey whenUnsatisfiable", ""},
    {WINDLASS_CORE "PodSecurityContext", "fsGroup runAsUser seccompProfile", ""},
    {WINDLASS_CORE "SecurityContext", "capabilities privileged runAsUser", ""},
    {WINDLASS_CORE "EnvVar", "name value valueFrom", ""},
    {WINDLASS_CORE "EnvFromSource", "configMapRef secretRef prefix", ""},
    {WINDLASS_CORE "VolumeMount", "mountPath name subPath readOnly", ""},
    {WINDLASS_CORE "Volume", "name configMap secret emptyDir persistentVolumeClaim", ""},
    {WINDLASS_CORE "Probe", "exec httpGet tcpSocket periodSeconds", ""},
    {WINDLASS_CORE "Lifecycle", "postStart preStop", ""},
    {WINDLASS_CORE "PersistentVolumeClaimTemplate", "metadata spec", "claim"},
    {WINDLASS_CORE "PersistentVolumeClaimSpec", "accessModes resources storageClassName", ""},
    {WINDLASS_CORE "ServicePort", "nodePort port protocol targetPort", ""},
    {WINDLASS_CORE "ServiceSpec", "clusterIP externalTrafficPolicy ports selector type", ""},
    {WINDLASS_CORE "ObjectReference", "apiVersion fieldPath kind name namespace uid", ""},
    {WINDLASS_CORE "SecretKeySelector", "key name optional", "secret"},
    {WINDLASS_CORE "ConfigMapKeySelector", "key name optional", "configmap"},
    {WINDLASS_CORE "HostAlias", "hostnames ip", ""},
}};

#undef WINDLASS_CORE
#undef WINDLASS_META

constexpr int kMaxDepth = 40;

bool has_all(const Value& properties, std::string_view signature) {
  while (!signature.empty()) {
    const std::size_t space = std::min(signature.find(' '), signature.size());
    if (!properties.find(signature.substr(0, space))) return false;
    signature.remove_prefix(std::min(space + 1, signature.size()));
  }
  return true;
}

bool contains_folded(std::string_view text, std::string_view lower) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [&](char a, char b) { return fold(a) == b; }) != text.end();
}

bool is_int_or_string(const Value& schema) {
  return schema["x-kubernetes-int-or-string"].bool_or(false);
}

bool keeps_unknown(const Value& schema) {
  return schema["x-kubernetes-preserve-unknown-fields"].bool_or(false) ||
         schema["additionalProperties"].bool_or(false);
}

bool contains(const Value& names, std::string_view name) {
  return names.is_array() && std::any_of(names.as_array().begin(), names.as_array().end(),
                                         [&](const Value& entry) { return entry == Value(name); });
}

/// The known type writes all that it requires, and leaves out what is empty and
/// not required: the copy must not forbid that.
bool same_requirements(const Value& known, const Value& schema) {
  if (known["required"].is_array()) {
    for (const auto& name : known["required"].as_array()) {
      if (!contains(schema["required"], name.string_or(""))) return false;
    }
  }
  if (!schema["required"].is_array()) return true;
  for (const auto& name : schema["required"].as_array()) {
    if (contains(known["required"], name.string_or(""))) continue;
    const Value& property = schema["properties"][name.string_or("")];
    const bool may_be_empty = property["type"] == Value("array") ||
                              property["type"] == Value("string") ||
                              property.find("additionalProperties") != nullptr;
    if (may_be_empty) return false;
  }
  return true;
}

bool same_scalar(const Value& known, const Value& schema) {
  return known["type"] == schema["type"] &&
         (schema["type"] != Value("string") ||
          (known["format"] == Value("date-time")) == (schema["format"] == Value("date-time")));
}

}  // namespace

void KnownTypes::add(const Value& schemas) {
  for (const auto& [name, schema] : schemas.as_object()) definitions_.emplace(name, schema);
}

const Value& KnownTypes::resolve(const Value& known) const {
  if (!known["$ref"].is_string()) return known;
  const auto it = definitions_.find(known["$ref"].as_string());
  return it == definitions_.end() ? known : it->second;
}

bool KnownTypes::covers(const Value& known_or_reference, const Value& schema, int depth) const {
  if (depth > kMaxDepth) return false;
  if (depth > 0 && schema["nullable"].bool_or(false)) return false;  // null is a value there
  const Value& known = resolve(known_or_reference);
  if (known.find("oneOf")) return is_int_or_string(schema);
  if (is_int_or_string(schema)) return false;
  const auto type = schema["type"].string_or("");
  if (type == "array") {
    return known["type"] == Value("array") && covers(known["items"], schema["items"], depth + 1);
  }
  if (type != "object") return same_scalar(known, schema);
  if (known["type"] != Value("object")) return false;
  if (keeps_unknown(schema)) return false;
  const Value& values = schema["additionalProperties"];
  if (values.is_object()) {
    return known.find("additionalProperties") &&
           covers(known["additionalProperties"], values, depth + 1);
  }
  const Value& properties = schema["properties"];
  if (!properties.is_object()) return true;
  if (!same_requirements(known, schema)) return false;
  return std::all_of(properties.as_object().begin(), properties.as_object().end(),
                     [&](const json::Member& member) {
                       const Value* own = known["properties"].find(member.key);
                       return own && covers(*own, member.value, depth + 1);
                     });
}

std::optional<Type> KnownTypes::recognise(const Value& schema, std::string_view property) const {
  const Value& properties = schema["properties"];
  if (!properties.is_object()) return std::nullopt;
  for (const auto& candidate : kCandidates) {
    if (!has_all(properties, candidate.signature)) continue;
    if (!contains_folded(property, candidate.hint)) continue;
    const auto it = definitions_.find(std::string(candidate.definition));
    if (it == definitions_.end() || !covers(it->second, schema, 0)) continue;
    const auto home = home_of(candidate.definition);
    const auto type = framework_type(*home);
    return type ? *type : generated_type(*home);
  }
  return std::nullopt;
}

}  // namespace windlass::inline v0::codegen
