// ObjectMeta: what creation fills in, what updates may change, and how it is validated.

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "builtin.hpp"
#include "names.hpp"
#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

/// Kinds whose names are path segments instead of DNS subdomains, or labels.
Problems name_problem(const Resource& resource, std::string_view name) {
  if (resource.group == "rbac.authorization.k8s.io" || checks_metadata_last(resource)) {
    return path_segment_problem(name);
  }
  if (resource.is("", "Namespace")) return label_problem(name);
  if (resource.is("", "Service")) {
    return label_problem(name);
  }
  return subdomain_problem(name);
}

}  // namespace

bool checks_metadata_last(const Resource& resource) {
  return resource.is("policy", "PodDisruptionBudget");
}

void prepare_metadata(Context& context, Value& object, const std::string& namespace_) {
  State& state = context.state;
  const Resource& resource = *context.resource;
  Value& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Object{};
  if (!metadata.is_object()) {
    const bool number = metadata.is_number();
    throw Failure::bad_request(fmt::format(
        "{0} in version \"{1}\" cannot be handled as a {0}: json: cannot unmarshal {2} into Go "
        "struct "
        "field {0}.metadata of type v1.ObjectMeta",
        resource.kind, resource.version, number ? "number" : json::to_string(metadata.type())));
  }
  const std::string given(metadata["namespace"].string_or(""));
  if (resource.namespaced) {
    if (!given.empty() && given != namespace_) {
      throw Failure::bad_request(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
    metadata["namespace"] = namespace_;
  } else {
    metadata.as_object().erase("namespace");
  }
  if (metadata["name"].string_or("").empty()) {
    metadata.as_object().erase("name");
    const std::string base(metadata["generateName"].string_or(""));
    if (!base.empty())
      metadata["name"] = remember(
          context, "name", [&] { return base.substr(0, 58) + state.env.random().suffix(5); });
  }
  for (const char* key :
       {"selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"}) {
    metadata.as_object().erase(key);
  }
  metadata["uid"] = remember(context, "uid", [&] { return state.env.random().uuid(); });
  metadata["creationTimestamp"] = state.now();
  if (resource.has_generation) metadata["generation"] = 1;
}

namespace {

/// An owner as Go prints it: in the order of its fields.
std::string show_owner(const Value& owner) {
  std::string out;
  for (const char* key :
       {"apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"}) {
    const Value* value = owner.find(key);
    if (value == nullptr && std::string_view(key).starts_with("b")) continue;
    if (value == nullptr && std::string_view(key) == "controller") continue;
    out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", key,
                       value == nullptr ? "\"\"" : json::dump(*value));
  }
  return "{" + out + "}";
}

std::string show_owners(const Array& list) {
  std::string out;
  for (const Value& owner : list) out += (out.empty() ? "" : ",") + show_owner(owner);
  return "[" + out + "]";
}

void check_owners(const Value& owners, const std::string& path, Causes& causes) {
  if (!owners.is_array()) return;
  const Value* controller = nullptr;
  const Array& list = owners.as_array();
  for (const Value& owner : list) {
    const std::string version(owner["apiVersion"].string_or(""));
    const auto slashes = std::count(version.begin(), version.end(), '/');
    if (version.empty() || version.back() == '/' || slashes > 1) {
      causes.invalid(path + ".apiVersion", Value(version), "version must not be empty");
    }
    for (const char* key : {"kind", "name", "uid"}) {
      if (owner[key].string_or("").empty()) {
        causes.invalid(path + "." + key, "", "must not be empty");
      }
    }
    if (version == "v1" && owner["kind"] == Value("Event")) {
      causes.invalid_shown(path, show_owner(owner),
                           "/v1, Kind=Event is disallowed from being an owner");
    }
    if (!owner["controller"].bool_or(false)) continue;
    if (controller != nullptr) {
      const auto called = [](const Value& one) {
        return fmt::format("{}/{}", one["kind"].string_or(""), one["name"].string_or(""));
      };
      causes.invalid_shown(
          path, show_owners(list),
          fmt::format("Only one reference can have Controller set to true. Found \"true\" in "
                      "references for {} and {}",
                      called(*controller), called(owner)));
    }
    controller = &owner;
  }
}

/// Kinds whose code is older check more.
bool checks_finalizer_names(const Resource& resource) {
  return !resource.custom && resource.group != "coordination.k8s.io" &&
         resource.group != "policy" && resource.group != "apiextensions.k8s.io" &&
         resource.group != "admissionregistration.k8s.io";
}

void check_finalizers(const Value& finalizers, const std::string& path, bool known_names,
                      Causes& causes) {
  if (!finalizers.is_array()) return;
  const Array& list = finalizers.as_array();
  bool orphan = false, foreground = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string_view name = list[i].string_or("");
    if (const auto problem = label_key_problem(name); !problem.empty()) {
      causes.invalid(path, list[i], problem);
    }
    orphan = orphan || name == "orphan";
    foreground = foreground || name == "foregroundDeletion";
    const bool standard = name == "orphan" || name == "foregroundDeletion" || name == "kubernetes";
    if (name.find('/') == std::string_view::npos && !standard && known_names) {
      causes.invalid(index(path, i), list[i],
                     "name is neither a standard finalizer name nor is it fully qualified");
    }
  }
  if (orphan && foreground) {
    causes.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
  }
}

}  // namespace

void check_annotations(const Value& annotations, const std::string& path, Causes& causes) {
  if (!annotations.is_object()) return;
  std::size_t total = 0;
  for (const auto& member : annotations.as_object()) {
    std::string lower = member.key;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto problem = label_key_problem(lower); !problem.empty()) {
      causes.invalid(path, member.key, problem);
    }
    total += member.key.size() + member.value.string_or("").size();
  }
  if (total > 256 * 1024) causes.too_long(path, 262144);
}

namespace {

void check_common(const Value& metadata, const std::string& path, bool known_finalizers,
                  Causes& causes) {
  check_labels(metadata["labels"], path + ".labels", causes);
  check_annotations(metadata["annotations"], path + ".annotations", causes);
  check_owners(metadata["ownerReferences"], path + ".ownerReferences", causes);
  check_finalizers(metadata["finalizers"], path + ".finalizers", known_finalizers, causes);
}

void check_managed_fields(const Value& entries, const std::string& path, Causes& causes) {
  if (!entries.is_array()) return;
  for (std::size_t i = 0; i < entries.as_array().size(); ++i) {
    const Value& entry = entries.as_array()[i];
    const std::string at = index(path, i);
    const std::string_view operation = entry["operation"].string_or("");
    if (operation != "Apply" && operation != "Update") {
      causes.invalid(at + ".operation", operation, "must be `Apply` or `Update`");
    }
    const std::string_view type = entry["fieldsType"].string_or("");
    if (!type.empty() && type != "FieldsV1") {
      causes.invalid(at + ".fieldsType", type, "must be `FieldsV1`");
    }
    if (entry["manager"].string_or("").size() > 128) causes.too_long(at + ".manager", 128);
    if (entry["subresource"].string_or("").size() > 256) causes.too_long(at + ".subresource", 256);
  }
}

}  // namespace

void check_embedded_metadata(const Value& metadata, const std::string& path, Causes& causes) {
  if (const std::string_view base = metadata["generateName"].string_or(""); !base.empty()) {
    if (base != "." && base != "..") {  // more follows
      causes.invalid(path + ".generateName", base, path_segment_problem(base));
    }
  }
  if (const std::string_view name = metadata["name"].string_or(""); !name.empty()) {
    causes.invalid(path + ".name", name, path_segment_problem(name));
  }
  if (const std::string_view inside = metadata["namespace"].string_or(""); !inside.empty()) {
    causes.invalid(path + ".namespace", inside, label_problem(inside));
  }
  if (const Value& generation = metadata["generation"]; generation.integer_or(0) < 0) {
    causes.invalid(path + ".generation", generation, "must be greater than or equal to 0");
  }
  check_common(metadata, path, false, causes);
  check_managed_fields(metadata["managedFields"], path + ".managedFields", causes);
}

void validate_metadata(const Resource& resource, const Value& object, Causes& causes) {
  const Value& metadata = object["metadata"];
  const std::string_view name = metadata["name"].string_or("");
  if (const std::string_view base = metadata["generateName"].string_or(""); !base.empty()) {
    const std::string probe = std::string(base) + (base.ends_with('-') ? "a" : "");
    if (const auto problem = name_problem(resource, probe); !problem.empty()) {
      causes.invalid("metadata.generateName", base, problem);
    }
  }
  if (name.empty()) {
    causes.required("metadata.name", "name or generateName is required");
  } else if (const auto problem = name_problem(resource, name); !problem.empty()) {
    causes.invalid("metadata.name", name, problem);
  }
  check_common(metadata, "metadata", checks_finalizer_names(resource), causes);
}

void warn_of_owners(Context& context, Value& object) {
  Value* owners = object["metadata"].find("ownerReferences");
  if (owners == nullptr || !owners->is_array()) return;
  Array kept;
  std::string repeated;
  for (Value& owner : owners->as_array()) {
    const bool known = std::any_of(
        kept.begin(), kept.end(), [&](const Value& other) { return other["uid"] == owner["uid"]; });
    if (!known) {
      kept.push_back(std::move(owner));
    } else {
      repeated += (repeated.empty() ? "" : ", ") + std::string(owner["uid"].string_or(""));
    }
  }
  *owners = std::move(kept);
  if (repeated.empty()) return;
  context.warn(
      ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in "
      "1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate "
      "UID(s) observed: " +
      repeated);
}

namespace {

/// Where the object lies in etcd, without the prefix of all: people meet it in messages.
std::string storage_key(const Resource& resource, const Value& object) {
  std::string key = "/";
  if (resource.custom) key += resource.group + "/";
  key += resource.is("", "Service") ? "services/specs"
         : resource.is("", "Node")  ? "minions"
                                    : resource.plural;
  const std::string namespace_ = object_namespace(object);
  if (!namespace_.empty()) key += "/" + namespace_;
  return key + "/" + object_name(object);
}

}  // namespace

Failure uid_conflict(const Resource& resource, const Value& object, std::string_view wanted,
                     std::string_view present, bool dry_run) {
  return Failure::conflict(
      resource, object_name(object),
      fmt::format("StorageError: invalid object, Code: 4, Key: {}{}, ResourceVersion: 0, "
                  "AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in "
                  "object meta: {}",
                  dry_run ? "" : "/registry", storage_key(resource, object), wanted, present));
}

void carry_metadata(const Context& context, const Resource& resource, const Value& old_object,
                    Value& object, const WriteOptions& options) {
  const Value& old_metadata = old_object["metadata"];
  Value& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Object{};
  const bool replaces = context.request.method == "PUT";
  const std::string name = object_name(old_object);
  const std::string given(metadata["name"].string_or(""));
  if (given.empty()) {
    throw Failure::bad_request(fmt::format(
        "the name of the object ({} based on URL) was undeterminable: name must be provided",
        name));
  }
  if (given != name) {
    throw Failure::bad_request(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", given, name));
  }
  const std::string_view namespace_ = metadata["namespace"].string_or("");
  if (!namespace_.empty() && namespace_ != old_metadata["namespace"].string_or("") &&
      resource.namespaced) {
    throw Failure::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  const std::string_view uid = metadata["uid"].string_or("");
  const std::string_view old_uid = old_metadata["uid"].string_or("");
  if (replaces && !uid.empty() && uid != old_uid) {
    throw uid_conflict(resource, old_object, uid, old_uid, options.dry_run);
  }
  const std::string_view version = metadata["resourceVersion"].string_or("");
  if (version.find_first_not_of("0123456789") != std::string_view::npos) {
    throw Failure::plain(fmt::format("strconv.ParseUint: parsing {}: invalid syntax",
                                     quote_json(std::string(version))));
  }
  if (!version.empty() && version != "0" &&
      version != old_metadata["resourceVersion"].string_or("")) {
    throw Failure::conflict(resource, name);
  }
  const auto keep = [&](const char* key) {
    if (const Value* kept = old_metadata.find(key)) {
      metadata[key] = *kept;
    } else {
      metadata.as_object().erase(key);
    }
  };
  for (const char* key :
       {"namespace", "creationTimestamp", "selfLink", "generation", "resourceVersion"}) {
    keep(key);
  }
  if (uid.empty()) keep("uid");
  for (const char* key : {"deletionTimestamp", "deletionGracePeriodSeconds"}) {
    if (old_metadata.find(key) != nullptr) keep(key);
  }
}

void validate_metadata_update(const Resource& resource, const Value& old_object,
                              const Value& object, Causes& causes) {
  const Value& old_metadata = old_object["metadata"];
  const Value& metadata = object["metadata"];
  if (old_metadata.find("deletionTimestamp") != nullptr && metadata["finalizers"].is_array()) {
    std::string added;
    for (const Value& finalizer : metadata["finalizers"].as_array()) {
      const Value& known = old_metadata["finalizers"];
      if (known.is_array() && std::find(known.as_array().begin(), known.as_array().end(),
                                        finalizer) != known.as_array().end()) {
        continue;
      }
      if (!added.empty()) added += ", ";
      added += quote_json(finalizer.string_or(""));
    }
    if (!added.empty()) {
      causes.forbidden("metadata.finalizers",
                       fmt::format("no new finalizers can be added if the object is being deleted, "
                                   "found new finalizers []string{{{}}}",
                                   added));
    }
  }
  for (const char* key : {"uid", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    if (!(metadata[key] == old_metadata[key])) {
      causes.invalid(std::string("metadata.") + key, metadata[key], "field is immutable");
    }
  }
  check_common(metadata, "metadata", checks_finalizer_names(resource), causes);
}

}  // namespace windlass::inline v0::api_server
