// ObjectMeta: what creation fills in, what updates may change, and how it is validated.

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "names.hpp"
#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

/// Kinds whose names are path segments instead of DNS subdomains, or labels.
std::string name_problem(const Resource& resource, std::string_view name) {
  if (resource.group == "rbac.authorization.k8s.io") return path_segment_problem(name);
  if (resource.is("", "Namespace")) return label_problem(name);
  if (resource.is("", "Service")) {
    return label_problem(name);
  }
  return subdomain_problem(name);
}

}  // namespace

void prepare_metadata(Context& context, Value& object, const std::string& namespace_) {
  State& state = context.state;
  const Resource& resource = *context.resource;
  Value& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Object{};
  if (!metadata.is_object()) throw Failure::bad_request("metadata must be an object");
  const std::string given(metadata["namespace"].string_or(""));
  if (resource.namespaced) {
    if (!given.empty() && given != namespace_) {
      throw Failure::bad_request(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
    metadata["namespace"] = namespace_;
  } else if (!given.empty()) {
    throw Failure::bad_request("namespace is not allowed on this type");
  } else {
    metadata.as_object().erase("namespace");
  }
  if (metadata["name"].string_or("").empty()) {
    metadata.as_object().erase("name");
    const std::string base(metadata["generateName"].string_or(""));
    if (!base.empty()) metadata["name"] = remember(context, "name", [&] {
        return base.substr(0, 58) + state.env.random().suffix(5);
      });
  }
  for (const char* key : {"selfLink", "deletionTimestamp", "deletionGracePeriodSeconds",
                          "resourceVersion", "generation"}) {
    metadata.as_object().erase(key);
  }
  metadata["uid"] = remember(context, "uid", [&] { return state.env.random().uuid(); });
  metadata["creationTimestamp"] = state.now();
  if (resource.has_generation) metadata["generation"] = 1;
}

namespace {

void check_owners(const Value& owners, Causes& causes) {
  if (!owners.is_array()) return;
  int controllers = 0;
  const Array& list = owners.as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string path = index("metadata.ownerReferences", i);
    if (list[i]["apiVersion"].string_or("").empty()) {
      causes.invalid(path + ".apiVersion", "", "version must not be empty");
    }
    if (list[i]["kind"].string_or("").empty())
      causes.invalid(path + ".kind", "", "must not be empty");
    if (list[i]["name"].string_or("").empty())
      causes.invalid(path + ".name", "", "must not be empty");
    if (list[i]["uid"].string_or("").empty())
      causes.invalid(path + ".uid", "", "must not be empty");
    if (list[i]["controller"].bool_or(false) && ++controllers == 2) {
      causes.invalid("metadata.ownerReferences", owners,
                     "Only one reference can have Controller set to true. Found \"true\" in "
                     "references for more than one owner");
    }
  }
}

void check_annotations(const Value& annotations, Causes& causes) {
  if (!annotations.is_object()) return;
  std::size_t total = 0;
  for (const auto& member : annotations.as_object()) {
    std::string lower = member.key;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto problem = label_key_problem(lower); !problem.empty()) {
      causes.invalid("metadata.annotations", member.key, problem);
    }
    total += member.key.size() + member.value.string_or("").size();
  }
  if (total > 256 * 1024) causes.too_long("metadata.annotations", 262144);
}

}  // namespace

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
  check_labels(metadata["labels"], "metadata.labels", causes);
  check_annotations(metadata["annotations"], causes);
  check_owners(metadata["ownerReferences"], causes);
  if (metadata["finalizers"].is_array()) {
    const Array& list = metadata["finalizers"].as_array();
    for (const Value& finalizer : list) {
      if (const auto problem = label_key_problem(finalizer.string_or("")); !problem.empty()) {
        causes.invalid("metadata.finalizers", finalizer, problem);
      }
    }
  }
}

void carry_metadata(const Resource& resource, const Value& old_object, Value& object) {
  const Value& old_metadata = old_object["metadata"];
  Value& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Object{};
  const std::string name = object_name(old_object);
  if (metadata["name"].string_or("").empty()) metadata["name"] = name;
  if (metadata["name"].string_or("") != name) {
    throw Failure::bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                    metadata["name"].string_or(""), name));
  }
  const std::string_view namespace_ = metadata["namespace"].string_or("");
  if (!namespace_.empty() && namespace_ != old_metadata["namespace"].string_or("")) {
    throw Failure::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  const std::string_view uid = metadata["uid"].string_or("");
  const std::string_view old_uid = old_metadata["uid"].string_or("");
  if (!uid.empty() && uid != old_uid) {
    throw Failure::conflict(
        resource, name,
        fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                    old_uid));
  }
  const std::string_view version = metadata["resourceVersion"].string_or("");
  if (!version.empty() && version != "0" &&
      version != old_metadata["resourceVersion"].string_or("")) {
    throw Failure::conflict(resource, name);
  }
  for (const char* key :
       {"namespace", "uid", "creationTimestamp", "deletionTimestamp", "selfLink",
        "deletionGracePeriodSeconds", "generation", "resourceVersion", "generateName"}) {
    if (const Value* kept = old_metadata.find(key)) {
      metadata[key] = *kept;
    } else {
      metadata.as_object().erase(key);
    }
  }
}

void validate_metadata_update(const Resource& resource, const Value& old_object,
                              const Value& object, Causes& causes) {
  (void)resource;
  const Value& old_metadata = old_object["metadata"];
  const Value& metadata = object["metadata"];
  check_labels(metadata["labels"], "metadata.labels", causes);
  check_annotations(metadata["annotations"], causes);
  check_owners(metadata["ownerReferences"], causes);
  if (old_metadata.find("deletionTimestamp") != nullptr && metadata["finalizers"].is_array()) {
    std::string added;
    for (const Value& finalizer : metadata["finalizers"].as_array()) {
      bool known = false;
      if (old_metadata["finalizers"].is_array()) {
        for (const Value& entry : old_metadata["finalizers"].as_array())
          known = known || entry == finalizer;
      }
      if (!known) {
        if (!added.empty()) added += ", ";
        added += quote_json(finalizer.string_or(""));
      }
    }
    if (!added.empty()) {
      causes.forbidden("metadata.finalizers",
                       fmt::format("no new finalizers can be added if the object is being deleted, "
                                   "found new finalizers []string{{{}}}",
                                   added));
    }
  }
}

}  // namespace windlass::inline v0::api_server
