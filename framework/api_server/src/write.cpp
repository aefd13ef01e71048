// create, update, patch, delete, deletecollection: from request to registry and back.

#include <fmt/format.h>

#include <windlass/json/patch.hpp>

#include "handlers.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

void check_kind(const Resource& resource, Value& object) {
  if (!object.is_object()) {
    throw Failure::bad_request(
        fmt::format("the object provided is unrecognized (must be of type {})", resource.kind));
  }
  const std::string_view version = object["apiVersion"].string_or("");
  const std::string_view kind = object["kind"].string_or("");
  if (resource.custom && (version.empty() || kind.empty())) {
    throw Failure::bad_request("Object 'Kind' is missing in the request body");
  }
  if (!version.empty() && version != resource.api_version()) {
    throw Failure::bad_request(
        fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                    version, resource.api_version()));
  }
  if (!kind.empty() && kind != resource.kind) {
    throw Failure::bad_request(
        fmt::format("{} in version \"{}\" cannot be handled as a {}: no kind \"{}\" is "
                    "registered for the expected type",
                    kind, resource.version, resource.kind, kind));
  }
}

}  // namespace

Value read_body(const Context& context) { return parse_body(context.request); }

Reply handle_create(Context& context) {
  const Resource& resource = *context.resource;
  Value object = read_body(context);
  check_kind(resource, object);
  std::string namespace_ = context.target.namespace_;
  const StoredPtr created =
      create_object(context, resource, std::move(object), namespace_, write_options(context));
  return {object_response(context, 201, created)};
}

Reply handle_update(Context& context) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  Value object = read_body(context);
  check_kind(resource, object);
  const ObjectName name{target.namespace_, target.name};
  const StoredPtr old_object = require_object(context.state, resource, name);
  const StoredPtr updated = update_object(context, resource, old_object, std::move(object),
                                          target.subresource, write_options(context));
  return {object_response(context, 200, updated)};
}

namespace {

/// As the server's library has it: `replace` of a missing member adds it, and `test` of one for
/// null holds.
Result<Value> apply_operations(Value object, const Value& patch) {
  for (const Value& operation : patch.as_array()) {
    Value adjusted = operation;
    const std::string path(operation["path"].string_or(""));
    const std::string_view op = operation["op"].string_or("");
    if ((op == "replace" || op == "test") && path.find('/') != std::string::npos) {
      const auto parent = json::at_pointer(object, path.substr(0, path.rfind('/')));
      const auto member = json::at_pointer(object, path);
      if (parent && *parent != nullptr && (*parent)->is_object() && member && *member == nullptr) {
        if (op == "test" && operation["value"].is_null()) continue;
        if (op == "replace") adjusted["op"] = "add";
      }
    }
    auto next = json::apply_json_patch(std::move(object), Array{std::move(adjusted)});
    if (!next) return next;
    object = std::move(*next);
  }
  return object;
}

Value apply_patch(const Context& context, const std::string& type, const Value& live,
                  const Value& patch) {
  const Resource& resource = *context.resource;
  if (type == "application/json-patch+json") {
    if (!patch.is_array())
      throw Failure::bad_request("error decoding patch: a JSON patch is a list of operations");
    auto patched = apply_operations(live, patch);
    if (patched) return std::move(*patched);
    throw Failure(422, "Invalid", "the server rejected our request due to an error in our request",
                  Object{{"causes", Array{Object{{"message", patched.error().message}}}}});
  }
  if (!patch.is_object())
    throw Failure::bad_request("error decoding patch: a merge patch is an object");
  if (type == "application/merge-patch+json") return json::apply_merge_patch(live, patch);
  return strategic_merge(resource.schema, live, patch);
}

Reply apply_request(Context& context, const WriteOptions& options) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  if (context.query().get("fieldManager").empty()) {
    Causes causes;
    causes.required("fieldManager", "is required for apply patch");
    const Resource patch_options{.group = "meta.k8s.io",
                                 .version = "v1",
                                 .kind = "PatchOptions",
                                 .plural = "",
                                 .singular = ""};
    throw Failure::invalid(patch_options, "", causes);
  }
  Value applied = parse_body(context.request);
  check_kind(resource, applied);
  if (applied["metadata"].find("managedFields") != nullptr &&
      !(applied["metadata"]["managedFields"].is_array() &&
        applied["metadata"]["managedFields"].as_array().empty()) &&
      !applied["metadata"]["managedFields"].is_null()) {
    throw Failure::bad_request("metadata.managedFields must be nil");
  }
  const StoredPtr live = context.state.get(resource.storage, {target.namespace_, target.name});
  const std::string given(applied["metadata"]["name"].string_or(""));
  if (!given.empty() && given != target.name) {
    throw Failure::bad_request(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", given, target.name));
  }
  applied["metadata"]["name"] = target.name;
  if (live == nullptr) {
    if (!target.subresource.empty()) throw Failure::not_found(resource, target.name);
    if (!applied["metadata"]["uid"].string_or("").empty()) {
      throw Failure::conflict(resource, target.name);
    }
    // A version alone is no obstacle: with one that no object has, an apply only ever creates.
    if (applied["metadata"].is_object()) {
      applied["metadata"].as_object().erase("resourceVersion");
    }
    Value object = server_side_apply(context, resource, nullptr, std::move(applied), "", options);
    return {object_response(
        context, 201,
        create_object(context, resource, std::move(object), target.namespace_, options))};
  }
  const Value before = to_version(resource, live->value());
  Value object = server_side_apply(context, resource, &before, std::move(applied),
                                   target.subresource, options);
  return {object_response(
      context, 200,
      update_object(context, resource, live, std::move(object), target.subresource, options))};
}

}  // namespace

Reply handle_patch(Context& context) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  const std::string type = media_type(context.request);
  WriteOptions options = write_options(context);
  if (type == "application/apply-patch+yaml" || type == "application/apply-patch+json") {
    return apply_request(context, options);
  }
  const bool strategic = type == "application/strategic-merge-patch+json";
  if (type != "application/json-patch+json" && type != "application/merge-patch+json" &&
      !(strategic && !resource.custom)) {
    throw Failure::unsupported_media_type(
        type, resource.custom
                  ? "application/json-patch+json, application/merge-patch+json, "
                    "application/apply-patch+yaml"
                  : "application/json-patch+json, application/merge-patch+json, "
                    "application/strategic-merge-patch+json, application/apply-patch+yaml");
  }
  const StoredPtr live = require_object(context.state, resource, {target.namespace_, target.name});
  const Value patch = parse_body(context.request);
  const Value before = to_version(resource, live->value());
  Value object = apply_patch(context, type, before, patch);
  if (!object.is_object()) throw Failure::bad_request("the patched object is no object");
  return {object_response(
      context, 200,
      update_object(context, resource, live, std::move(object), target.subresource, options))};
}

namespace {

DeleteOptions delete_options(const Context& context) {
  const Query& query = context.query();
  DeleteOptions options;
  Value body;
  if (!context.request.body.empty()) {
    body = parse_body(context.request);
    if (!body.is_object()) throw Failure::bad_request("DeleteOptions must be an object");
  }
  if (const auto grace = query.number("gracePeriodSeconds")) options.grace = *grace;
  if (body["gracePeriodSeconds"].is_integer())
    options.grace = body["gracePeriodSeconds"].as_integer();
  options.propagation = query.get("propagationPolicy");
  if (body["propagationPolicy"].is_string())
    options.propagation = body["propagationPolicy"].as_string();
  if (!options.propagation.empty() && options.propagation != "Foreground" &&
      options.propagation != "Background" && options.propagation != "Orphan") {
    Causes causes;
    causes.not_supported("propagationPolicy", options.propagation,
                         {"Foreground", "Background", "Orphan", "nil"});
    const Resource kind{.group = "meta.k8s.io",
                        .version = "v1",
                        .kind = "DeleteOptions",
                        .plural = "",
                        .singular = ""};
    throw Failure::invalid(kind, "", causes);
  }
  if (body["orphanDependents"].bool_or(false)) options.propagation = "Orphan";
  options.uid = body["preconditions"]["uid"].string_or("");
  options.resource_version = body["preconditions"]["resourceVersion"].string_or("");
  options.dry_run = query.get("dryRun") == "All" || body["dryRun"].is_array();
  return options;
}

bool returns_object(const Resource& resource) {
  for (const char* kind : {"Pod", "PodTemplate", "PersistentVolume", "PersistentVolumeClaim",
                           "ServiceAccount", "ResourceQuota", "Service"}) {
    if (resource.is("", kind)) return true;
  }
  return false;
}

}  // namespace

Reply handle_delete(Context& context) {
  const Resource& resource = *context.resource;
  const StoredPtr object =
      require_object(context.state, resource, {context.target.namespace_, context.target.name});
  bool gone = false;
  const DeleteOptions options = delete_options(context);
  admit_removal(context, resource, object->value(), options.dry_run);
  const StoredPtr after = delete_object(context.state, resource, object, options, gone);
  if (!gone || returns_object(resource)) return {object_response(context, 200, after)};
  Object details{{"name", context.target.name}, {"kind", resource.plural}};
  if (!resource.group.empty()) details.set("group", resource.group);
  details.set("uid", object->value()["metadata"]["uid"]);
  return {json_response(200, make_status(200, "", "", Value(std::move(details))))};
}

Reply handle_delete_collection(Context& context) {
  const Resource& resource = *context.resource;
  const LabelSelector labels = LabelSelector::parse(context.query().get("labelSelector"));
  const FieldSelector fields = FieldSelector::parse(context.query().get("fieldSelector"), resource);
  const DeleteOptions options = delete_options(context);
  for (const StoredPtr& object :
       context.state.store.list(resource.storage, context.target.namespace_)) {
    if (!labels.matches(object->value()["metadata"]["labels"]) || !fields.matches(object->value()))
      continue;
    admit_removal(context, resource, object->value(), options.dry_run);
    bool gone = false;
    delete_object(context.state, resource, object, options, gone);
  }
  Object list{
      {"kind", resource.list_kind},
      {"apiVersion", resource.api_version()},
      {"metadata", Object{{"resourceVersion", std::to_string(context.state.store.revision())}}},
      {"items", Array{}}};
  return {json_response(200, Value(std::move(list)))};
}

}  // namespace windlass::inline v0::api_server
