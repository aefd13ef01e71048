// Reading an object as its type does.

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "builtin.hpp"
#include "json_scan.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

namespace {

/// In the order of the document, with members that occur twice.
void sort_unknown(const Context& context, Unknown& unknown) {
  const std::string& body = context.request.body;
  if (context.request.method == "PATCH" || body.empty() || body.front() != '{') return;
  const JsonScan scan = scan_json(body);
  if (context.resource->custom) std::sort(unknown.fields.begin(), unknown.fields.end());
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const auto& [place, path] : scan.repeated) {
    found.emplace_back(place, fmt::format("duplicate field \"{}\"", path));
  }
  for (std::string& field : unknown.fields) {
    const auto quote = field.find('"');
    const std::string path = field.substr(quote + 1, field.size() - quote - 2);
    const auto place = context.resource->custom ? scan.places.end() : scan.places.find(path);
    found.emplace_back(place == scan.places.end() ? body.size() : place->second, std::move(field));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  unknown.fields.clear();
  for (auto& [place, text] : found) unknown.fields.push_back(std::move(text));
}

void report_unknown(Context& context, const Resource& resource, Unknown& unknown,
                    const WriteOptions& options) {
  if (options.field_validation == "Ignore") return;
  sort_unknown(context, unknown);
  if (unknown.fields.empty()) return;
  if (options.field_validation == "Strict") {
    std::string text;
    for (const std::string& field : unknown.fields) text += (text.empty() ? "" : ", ") + field;
    throw Failure::bad_request(
        fmt::format("{0} in version \"{1}\" cannot be handled as a {0}: strict decoding error: {2}",
                    resource.kind, resource.version, text));
  }
  for (const std::string& field : unknown.fields) context.warn(field);
}

/// Metadata of a custom object follows the built-in type.
void conform_metadata(const Context& context, const Resource& resource, Value& object,
                      Unknown& unknown) {
  Value* metadata = object.find("metadata");
  if (metadata == nullptr) return;
  Unknown found;
  normalize(*context.state.registry.object_meta(), *metadata, resource.kind, resource.version,
            found);
  for (std::string& field : found.fields) {
    field.insert(std::string_view("unknown field \"").size(), "metadata.");
    unknown.fields.push_back(std::move(field));
  }
}

void conform_embedded(const Context& context, const Resource& resource, Value& object,
                      Unknown& unknown) {
  try {
    coerce_embedded(*resource.schema, object, *context.state.registry.object_meta(), "", unknown);
  } catch (const Failure& failure) {
    throw Failure::bad_request(fmt::format("{0} in version \"{1}\" cannot be handled as a {0}: {2}",
                                           resource.kind, resource.version, failure.what()));
  }
}

}  // namespace

void check_readable(const Context& context, const Resource& resource, const Value& object) {
  const bool whole = resource.schema != nullptr && resource.schema->holds_embedded;
  Value copy = whole ? object : Value(Object{{"metadata", object["metadata"]}});
  Unknown ignored;
  conform_metadata(context, resource, copy, ignored);
  if (whole) conform_embedded(context, resource, copy, ignored);
}

void drop_nulls_below(Value& value) {
  if (value.is_array()) {
    for (Value& entry : value.as_array()) drop_nulls_below(entry);
  } else if (value.is_object()) {
    Object& members = value.as_object();
    for (auto member = members.begin(); member != members.end();) {
      if (member->value.is_null()) {
        member = members.erase(member);
      } else {
        drop_nulls_below(member->value);
        ++member;
      }
    }
  }
}

namespace {

void null_members(Value& list, std::initializer_list<const char*> names) {
  if (!list.is_array()) return;
  for (Value& entry : list.as_array()) {
    if (!entry.is_object()) continue;
    for (const char* name : names) {
      if (entry.find(name) == nullptr) entry[name] = nullptr;
    }
  }
}

/// Times of conditions that Go's types write as null where they are absent.
void show_condition_times(const Resource& resource, Value& object) {
  struct Times {
    std::string_view group, kind;
    std::initializer_list<const char*> names;
  };
  static const Times kTimes[] = {
      {"", "Namespace", {"lastTransitionTime"}},
      {"", "Node", {"lastHeartbeatTime", "lastTransitionTime"}},
      {"", "PersistentVolumeClaim", {"lastProbeTime", "lastTransitionTime"}},
      {"", "Pod", {"lastProbeTime", "lastTransitionTime"}},
      {"apps", "DaemonSet", {"lastTransitionTime"}},
      {"apps", "Deployment", {"lastTransitionTime", "lastUpdateTime"}},
      {"apps", "ReplicaSet", {"lastTransitionTime"}},
      {"apps", "StatefulSet", {"lastTransitionTime"}},
      {"batch", "Job", {"lastProbeTime", "lastTransitionTime"}}};
  Value* status = object.find("status");
  Value* conditions =
      status != nullptr && status->is_object() ? status->find("conditions") : nullptr;
  if (conditions == nullptr) return;
  for (const Times& times : kTimes) {
    if (resource.is(times.group, times.kind)) null_members(*conditions, times.names);
  }
}

/// Go's types write some absent values as null.
void show_nulls(const Resource& resource, Value& object, bool stored) {
  const auto show = [&](Value& parent, const char* name) {
    if (parent.is_object() && parent.find(name) == nullptr) parent[name] = nullptr;
    if (stored && parent.is_object() && parent[name].is_array() &&
        parent[name].as_array().empty()) {
      parent[name] = nullptr;
    }
  };
  if (resource.is("rbac.authorization.k8s.io", "Role") ||
      resource.is("rbac.authorization.k8s.io", "ClusterRole")) {
    show(object, "rules");
  } else if (resource.is("discovery.k8s.io", "EndpointSlice")) {
    show(object, "endpoints");
    show(object, "ports");
  } else if (resource.is("", "LimitRange")) {
    show(object["spec"], "limits");
  }
  if (Value* spec = resource.is("batch", "Job") ? object.find("spec") : nullptr) {
    Value* policy = spec->is_object() ? spec->find("podFailurePolicy") : nullptr;
    if (policy != nullptr) show(*policy, "rules");
  }
  show_condition_times(resource, object);
}

void tidy(const Resource& resource, Value& object, bool stored) {
  if (!resource.custom && resource.kind != "Event") {
    drop_nulls_below(object);
    show_nulls(resource, object, stored);
  } else if (Value* metadata = object.find("metadata")) {
    drop_nulls_below(*metadata);
  }
}

}  // namespace

void drop_nulls(const Resource& resource, Value& object) { tidy(resource, object, true); }

void conform(Context& context, const Resource& resource, Value& object,
             const WriteOptions& options) {
  Unknown unknown;
  if (resource.custom) {
    conform_metadata(context, resource, object, unknown);
    if (resource.schema != nullptr) {
      prune(*resource.schema, object, true, "", unknown);
      apply_defaults(*resource.schema, object, true);
      conform_embedded(context, resource, object, unknown);
    }
  } else if (resource.schema != nullptr) {
    normalize(*resource.schema, object, resource.kind, resource.version, unknown);
    if (const Field* spec = resource.schema->field("spec");
        spec != nullptr && spec->default_value && spec->default_value->is_object()) {
      set_default(object, "spec", Object{});
    }
    const Rules& rules = rules_for(resource);
    if (rules.defaults != nullptr) rules.defaults(object);
  }
  tidy(resource, object, false);  // an empty list may be somebody's yet
  report_unknown(context, resource, unknown, options);
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
}

namespace {

struct Rename {
  const char* core;
  const char* events;
};
constexpr Rename kEventNames[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

void rename_event(Value& event, bool to_core) {
  Object& members = event.as_object();
  for (const Rename& pair : kEventNames) {
    const char* from = to_core ? pair.events : pair.core;
    const char* to = to_core ? pair.core : pair.events;
    if (Value* found = members.find(from)) {
      Value moved = std::move(*found);
      members.erase(from);
      members.set(to, std::move(moved));
    }
  }
}

}  // namespace

void drop_undeclared(const Resource& resource, Value& object) {
  if (!resource.custom || resource.schema == nullptr) return;
  Unknown ignored;
  prune(*resource.schema, object, true, "", ignored);
}

Value to_version(const Resource& resource, const Value& stored) {
  Value object = stored;
  if (resource.is("events.k8s.io", "Event")) rename_event(object, false);
  object["apiVersion"] = resource.api_version();
  drop_undeclared(resource, object);
  if (resource.custom && resource.schema != nullptr) {
    apply_defaults(*resource.schema, object, true);
  }
  return object;
}

Value to_storage(const Resource& resource, Value object) {
  if (resource.is("events.k8s.io", "Event")) rename_event(object, true);
  object["apiVersion"] = resource.storage_version;
  return object;
}

}  // namespace windlass::inline v0::api_server
