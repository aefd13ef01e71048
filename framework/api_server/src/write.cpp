// create, update, patch, delete, deletecollection: from request to registry and back.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/json/patch.hpp>

#include "conversion.hpp"
#include "handlers.hpp"
#include "json_scan.hpp"
#include "schema.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

std::string_view go_kind(const Value& value) {
  if (value.is_bool()) return "bool";
  return value.is_number() ? "number" : json::to_string(value.type());
}

constexpr std::size_t kShownBytes = 30;

/// A body that cannot be read as any object.
[[noreturn]] void refuse_body(const Context& context, const std::string& why) {
  const std::string& body = context.request.body;
  const std::string_view shown = std::string_view(body).substr(0, kShownBytes);
  std::string text = "<empty>";
  if (shown.starts_with('{')) {
    text = std::string(shown);
  } else if (!shown.empty()) {
    text.clear();
    for (const char c : shown) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  if (body.size() > kShownBytes) text += " ...";
  throw Failure::bad_request(fmt::format(
      "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json "
      "parse error: {} ({})",
      context.resource->kind, why, text));
}

void check_kind(const Context& context, const Value& object) {
  const Resource& resource = *context.resource;
  if (!object.is_object()) {
    const std::string why = fmt::format(
        "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string "
        "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
        go_kind(object));
    if (context.request.method != "DELETE") refuse_body(context, why);
    throw Failure::bad_request("couldn't get version/kind; json parse error: " + why);
  }
  for (const char* key : {"apiVersion", "kind"}) {
    if (const Value* value = object.find(key); value && !value->is_null() && !value->is_string()) {
      refuse_body(context, fmt::format("json: cannot unmarshal {} into Go struct field .{} of type "
                                       "string",
                                       go_kind(*value), key));
    }
  }
  const std::string version(object["apiVersion"].string_or(""));
  const std::string kind(object["kind"].string_or(""));
  if (resource.custom) {
    if (version.empty() || kind.empty()) {
      const std::string& body = context.request.body;
      throw Failure::bad_request(fmt::format(
          "the object provided is unrecognized (must be of type {}): Object '{}' is missing in "
          "'{}' ({}{})",
          resource.kind, kind.empty() ? "Kind" : "apiVersion", body, body.substr(0, kShownBytes),
          body.size() > kShownBytes ? " ..." : ""));
    }
    if (version != resource.api_version()) {
      throw Failure::bad_request(fmt::format(
          "the API version in the data ({}) does not match the expected API version ({})", version,
          resource.api_version()));
    }
    if (kind != resource.kind) {
      Resource named = resource;
      named.kind = kind;
      Causes causes;
      causes.invalid("kind", Value(kind), fmt::format("must be {}", resource.kind));
      throw Failure::invalid(named, object_name(object), causes);
    }
    return;
  }
  const auto slash = version.find('/');
  if (slash != std::string::npos && version.find('/', slash + 1) != std::string::npos) {
    const std::string& body = context.request.body;
    throw Failure::bad_request(fmt::format(
        "the object provided is unrecognized (must be of type {}): unexpected GroupVersion string: "
        "{} ({}{})",
        resource.kind, version, body.substr(0, kShownBytes),
        body.size() > kShownBytes ? " ..." : ""));
  }
  const std::string in_version = version.empty() ? resource.api_version() : version;
  const std::string of_kind = kind.empty() ? resource.kind : kind;
  if (in_version == resource.api_version() && of_kind == resource.kind) return;
  const std::string short_version = in_version.substr(in_version.find('/') + 1);
  const ResourcePtr other = context.state.registry.find_kind(in_version, of_kind);
  std::string why;
  if (other == nullptr || other->custom) {
    why = fmt::format(
        "no kind \"{}\" is registered for version \"{}\" in scheme "
        "\"pkg/runtime/scheme.go:111\"",
        of_kind, in_version);
  } else {
    if (other->schema != nullptr) {  // it is read as what it says it is
      Unknown ignored;
      Value copy = object;
      normalize(*other->schema, copy, of_kind, short_version, ignored);
    }
    const auto internal = [](const Resource& one) {
      const std::string group =
          one.group.empty() ? "core" : one.group.substr(0, one.group.find('.'));
      return group + "." + one.kind;
    };
    why = fmt::format("converting ({}.{}) to ({}): unknown conversion", other->version, of_kind,
                      internal(resource));
  }
  throw Failure::bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}",
                                         of_kind, short_version, resource.kind, why));
}

}  // namespace

namespace {

/// Escapes of half a surrogate pair become U+FFFD, as Go's decoder has it.
std::string without_half_pairs(std::string_view text) {
  const auto code_at = [&](std::size_t at) -> unsigned {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return 0;
    unsigned code = 0;
    const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, code, 16);
    return error == std::errc() && end == text.data() + at + 6 ? code : 0;
  };
  const auto is_high = [](unsigned code) { return code >= 0xD800 && code < 0xDC00; };
  const auto is_low = [](unsigned code) { return code >= 0xDC00 && code < 0xE000; };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    const unsigned code = code_at(at);
    std::size_t length = code != 0 ? 6 : 2;
    if (is_high(code) && is_low(code_at(at + 6))) {
      length = 12;
    } else if (is_high(code) || is_low(code)) {
      out += "\\ufffd";
      at += length;
      continue;
    }
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

}  // namespace

Value read_body(const Context& context) {
  check_size(context.request);
  auto body = parse_sent(context.request.body);
  if (!body && context.request.body.find("\\u") != std::string::npos) {
    body = parse_sent(without_half_pairs(context.request.body));
  }
  if (!body) {
    const std::string problem = scan_json(context.request.body).problem;
    refuse_body(context, problem.empty() ? body.error().message : problem);
  }
  return body->is_null() ? Value(Object{}) : std::move(*body);
}

Reply handle_create(Context& context) {
  const Resource& resource = *context.resource;
  const WriteOptions options = write_options(context);
  Value object = read_body(context);
  check_kind(context, object);
  const StoredPtr created =
      create_object(context, resource, std::move(object), context.target.namespace_, options);
  return {object_response(context, 201, created)};
}

namespace {

/// Kinds that a PUT creates.
bool creates_on_update(const Resource& resource) {
  if (resource.group == "rbac.authorization.k8s.io") return true;
  for (const char* kind : {"Endpoints", "Event", "LimitRange", "PodTemplate", "Service"}) {
    if (resource.is("", kind)) return true;
  }
  return resource.is("coordination.k8s.io", "Lease");
}

void check_url_name(const Context& context, const Value& object) {
  const std::string given = object_name(object);
  const std::string& name = context.target.name;
  if (given.empty()) {
    throw Failure::bad_request(fmt::format(
        "the name of the object ({} based on URL) was undeterminable: name must be provided",
        name));
  }
  if (given != name) {
    throw Failure::bad_request(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", given, name));
  }
}

/// A PUT of an object that is not there.
Reply update_missing(Context& context, Value object, const WriteOptions& options) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  Value read = object;
  conform(context, resource, read, options);
  check_url_name(context, read);
  if (!creates_on_update(resource) || !target.subresource.empty()) {
    throw Failure::not_found(resource, target.name);
  }
  if (const std::string uid(read["metadata"]["uid"].string_or("")); !uid.empty()) {
    if (resource.namespaced) read["metadata"]["namespace"] = target.namespace_;
    throw uid_conflict(resource, read, uid, "", options.dry_run);
  }
  const std::string version(read["metadata"]["resourceVersion"].string_or(""));
  if (version.find_first_not_of("0123456789") != std::string::npos) {
    throw Failure::plain(
        fmt::format("strconv.ParseUint: parsing {}: invalid syntax", quote_json(version)));
  }
  object["metadata"].as_object().erase("resourceVersion");
  StoredPtr created =
      create_object(context, resource, std::move(object), target.namespace_, options);
  if (options.dry_run && !version.empty()) {  // nothing takes it off when nothing is stored
    Value shown = created->value();
    shown["metadata"]["resourceVersion"] = version;
    created = std::make_shared<const Stored>(std::move(shown), created->revision());
  }
  return {object_response(context, 201, created)};
}

}  // namespace

Reply handle_update(Context& context) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  const WriteOptions options = write_options(context);
  Value object = read_body(context);
  check_kind(context, object);
  const StoredPtr old_object =
      context.state.get(resource.storage, {target.namespace_, target.name});
  if (old_object == nullptr) return update_missing(context, std::move(object), options);
  const StoredPtr updated =
      update_object(context, resource, old_object, std::move(object), target.subresource, options);
  return {object_response(context, 200, updated)};
}

namespace {

std::size_t depth_of(const Value& value) {
  std::size_t below = 0;
  if (value.is_array()) {
    for (const Value& entry : value.as_array()) below = std::max(below, depth_of(entry));
  } else if (value.is_object()) {
    for (const auto& member : value.as_object()) below = std::max(below, depth_of(member.value));
  } else {
    return 0;
  }
  return below + 1;
}

std::size_t levels(std::string_view path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

}  // namespace

// As the server's library has it: `test` of a missing member for null holds, too.
Result<Value> apply_operations(Value object, const Value& patch) {
  constexpr std::size_t kCopied = 3 * 1024 * 1024;
  std::size_t copied = 0;
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
    if (op == "add" && operation.find("value") == nullptr) adjusted["value"] = nullptr;
    if (op == "copy") {
      const auto from = json::at_pointer(object, std::string(operation["from"].string_or("")));
      if (from && *from == nullptr) {
        adjusted = Object{{"op", "add"}, {"path", path}, {"value", nullptr}};
      } else if (from) {
        copied += json::dump(**from).size();
        if (copied > kCopied) {
          return Error{Errc::invalid_argument,
                       fmt::format("the copies of the patch have more than {} bytes", kCopied)};
        }
      }
    }
    const std::string from(operation["from"].string_or(""));
    const bool moves = op == "copy" || op == "move";
    const auto put = moves ? json::at_pointer(object, from) : json::at_pointer(operation, "/value");
    const bool deeper = !moves || levels(path) > levels(from);
    if (op != "test" && deeper && put && *put != nullptr &&
        levels(path) + depth_of(**put) > kDeepestBody) {
      return Error{Errc::invalid_argument,
                   fmt::format("the object would be nested deeper than {}", kDeepestBody)};
    }
    if (op == "remove" && path.ends_with("/-1")) {  // counted from the end
      const auto list = json::at_pointer(object, path.substr(0, path.size() - 3));
      if (list && *list != nullptr && (*list)->is_array() && !(*list)->as_array().empty()) {
        adjusted["path"] =
            path.substr(0, path.size() - 2) + std::to_string((*list)->as_array().size() - 1);
      }
    }
    auto next = json::apply_json_patch(std::move(object), Array{std::move(adjusted)});
    if (!next) return next;
    object = std::move(*next);
  }
  return object;
}

namespace {

constexpr std::size_t kMostOperations = 10'000;

/// Members of operations that nobody knows.
std::string unknown_members(const Value& patch) {
  std::string out;
  if (!patch.is_array()) return out;
  for (std::size_t i = 0; i < patch.as_array().size(); ++i) {
    for (const auto& member : patch.as_array()[i].as_object()) {
      const std::string& key = member.key;
      if (key == "op" || key == "path" || key == "from" || key == "value") continue;
      out += fmt::format("{}json patch unknown field \"[{}].{}\"", out.empty() ? "" : ", ", i, key);
    }
  }
  return out;
}

void check_json_patch(const Value& patch) {
  const auto refuse = [](const Value& value, std::string_view wanted) {
    throw Failure::bad_request(
        fmt::format("error decoding patch: json: cannot unmarshal {} into Go value of type {}",
                    go_kind(value), wanted));
  };
  if (patch.is_null()) return;
  if (!patch.is_array()) return refuse(patch, "[]handlers.jsonPatchOp");
  for (const Value& operation : patch.as_array()) {
    if (!operation.is_object()) refuse(operation, "handlers.jsonPatchOp");
  }
  if (const std::size_t count = patch.as_array().size(); count > kMostOperations) {
    throw Failure(413, "RequestEntityTooLarge",
                  fmt::format("The allowed maximum operations in a JSON patch is {}, got {}",
                              kMostOperations, count));
  }
}

Value parse_patch(const http::Request& request, bool strategic) {
  auto patch = parse_sent(request.body);
  if (patch) return std::move(*patch);
  check_size(request);
  throw Failure::bad_request(
      fmt::format("{}{}", strategic ? "" : "error decoding patch: ", json_problem(request.body)));
}

Value apply_patch(const Context& context, const std::string& type, const Value& live,
                  const Value& patch) {
  const Resource& resource = *context.resource;
  if (type == "application/json-patch+json") {
    check_json_patch(patch);
    if (patch.is_null()) return live;
    auto patched = apply_operations(live, patch);
    if (patched) return std::move(*patched);
    throw Failure(422, "Invalid", "the server rejected our request due to an error in our request",
                  Object{});
  }
  if (patch.is_null()) throw Failure::bad_request("Invalid JSON Patch");
  if (!patch.is_object()) {
    const bool strategic = type == "application/strategic-merge-patch+json";
    throw Failure::bad_request(
        fmt::format("{}json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    strategic ? "" : "error decoding patch: ", go_kind(patch)));
  }
  if (type == "application/merge-patch+json") return json::apply_merge_patch(live, patch);
  return strategic_merge(resource.schema, live, patch);
}

Reply apply_request(Context& context, const WriteOptions& options) {
  const Resource& resource = *context.resource;
  const Target& target = context.target;
  Value applied = parse_body(context.request);
  if (!applied.is_object()) {
    throw Failure::bad_request(fmt::format(
        "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot "
        "unmarshal {} into Go value of type map[string]interface {{}}",
        go_kind(applied)));
  }
  const std::string version(applied["apiVersion"].string_or(""));
  const std::string kind(applied["kind"].string_or(""));
  if (version != resource.api_version() || kind != resource.kind) {
    const auto slash = version.find('/');
    throw Failure::bad_request(fmt::format("invalid object type: {}, Kind={}",
                                           slash == std::string::npos ? "/" + version : version,
                                           kind));
  }
  if (applied["metadata"].is_null()) applied["metadata"] = Object{};
  if (applied["metadata"].find("managedFields") != nullptr &&
      !(applied["metadata"]["managedFields"].is_array() &&
        applied["metadata"]["managedFields"].as_array().empty()) &&
      !applied["metadata"]["managedFields"].is_null()) {
    throw Failure::bad_request("metadata.managedFields must be nil");
  }
  const StoredPtr live = context.state.get(resource.storage, {target.namespace_, target.name});
  if (live == nullptr) {
    if (!target.subresource.empty()) throw Failure::not_found(resource, target.name);
    const std::string uid(applied["metadata"]["uid"].string_or(""));
    if (!uid.empty()) {
      const Failure shown = Failure::conflict(
          resource, target.name,
          fmt::format("uid mismatch: the provided object specified uid {}, and no existing object "
                      "was found",
                      uid));
      throw shown;
    }
    if (applied["metadata"].is_object()) applied["metadata"].as_object().erase("resourceVersion");
    Value object = server_side_apply(context, resource, nullptr, std::move(applied), "", options);
    check_url_name(context, object);
    return {object_response(
        context, 201,
        create_object(context, resource, std::move(object), target.namespace_, options))};
  }
  const Value before = to_version(context, resource, live);
  Value object = server_side_apply(context, resource, &before, std::move(applied),
                                   target.subresource, options);
  return {object_response(
      context, 200,
      update_object(context, resource, live, std::move(object), target.subresource, options))};
}

}  // namespace

namespace {

void check_patched_custom(const Context& context, const Value& object) {
  std::string why;
  try {
    check_readable(context, *context.resource, object);
  } catch (const Failure& failure) {
    why = reason_of(failure.what());
  }
  if (!why.empty()) throw Failure::invalid_patch(json::dump(object), why);
}

/// What a patch made of an object must read as one of its kind.
void check_patched(const Context& context, const Value& patch, const Value& object, bool strategic,
                   const WriteOptions& options) {
  const Resource& resource = *context.resource;
  if (resource.custom) return check_patched_custom(context, object);
  if (resource.schema == nullptr) return;
  const std::string shown = strategic ? show_go(patch) : json::dump(object);
  const std::string version(object["apiVersion"].string_or(""));
  const std::string kind(object["kind"].string_or(""));
  if (version != resource.api_version() || kind != resource.kind) {
    std::string why;
    try {
      check_kind(context, object);
    } catch (const Failure& failure) {
      why = reason_of(failure.what());
    }
    throw Failure::invalid_patch(shown, why);
  }
  Unknown unknown;
  Value copy = object;
  std::string why;
  try {
    normalize(*resource.schema, copy, resource.kind, resource.version, unknown,
              strategic ? Decoder::unstructured : Decoder::json);
  } catch (const Failure& failure) {
    why = reason_of(failure.what());
  }
  if (why.empty() && options.field_validation == "Strict") {
    std::vector<std::string> problems;
    if (!strategic) {
      for (const auto& [place, path] : scan_json(context.request.body).repeated) {
        problems.push_back(fmt::format("duplicate field \"{}\"", path));
      }
    }
    if (std::string members = unknown_members(patch); !members.empty()) {
      problems.push_back(std::move(members));
    }
    problems.insert(problems.end(), unknown.fields.begin(), unknown.fields.end());
    if (!problems.empty()) {
      why = fmt::format("strict decoding error: {}", fmt::join(problems, ", "));
    }
  }
  if (!why.empty()) throw Failure::invalid_patch(shown, why);
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
    if (!resource.custom) {
      throw Failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", Object{});
    }
    throw Failure::unsupported_media_type(
        type,
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
  }
  const StoredPtr live = require_object(context.state, resource, {target.namespace_, target.name});
  const Value patch = parse_patch(context.request, strategic);
  const Value before = to_version(context, resource, live);
  Value object = apply_patch(context, type, before, patch);
  if (!object.is_object()) throw Failure::bad_request("the patched object is no object");
  check_patched(context, patch, object, strategic, options);
  return {object_response(
      context, 200,
      update_object(context, resource, live, std::move(object), target.subresource, options))};
}

namespace {

/// Reads DeleteOptions in the body, if there is one.
Value delete_body(const Context& context) {
  if (context.request.body.empty()) return Object{};
  const auto parsed = json::parse(context.request.body);
  check_size(context.request);
  if (!parsed) {
    throw Failure::bad_request("couldn't get version/kind; json parse error: " +
                               json_problem(context.request.body));
  }
  const Value& body = *parsed;
  if (!body.is_object()) check_kind(context, body);
  const std::string kind(body["kind"].string_or("DeleteOptions"));
  const std::string version(body["apiVersion"].string_or("v1"));
  const bool known_version =
      version == "v1" || version == "meta.k8s.io/v1" ||
      context.state.registry.has_group_version(version.substr(0, version.find('/')),
                                               version.substr(version.find('/') + 1));
  if (kind != "DeleteOptions" || !known_version) {
    throw Failure::bad_request(fmt::format(
        "no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/runtime/scheme.go:111\"",
        kind, version));
  }
  for (const char* key : {"gracePeriodSeconds"}) {
    const Value& value = body[key];
    if (value.is_null() || value.is_integer()) continue;
    throw Failure::bad_request(
        fmt::format("json: cannot unmarshal {} into Go struct field DeleteOptions.{} of type int64",
                    go_kind(value), key));
  }
  return body;
}

DeleteOptions delete_options(const Context& context) {
  const Query& query = context.query();
  DeleteOptions options;
  Value body = delete_body(context);
  // Options in the query count only when there is no body.
  if (context.request.body.empty()) {
    if (const auto grace = query.number("gracePeriodSeconds")) body["gracePeriodSeconds"] = *grace;
    if (const auto text = query.get("propagationPolicy"); !text.empty()) {
      body["propagationPolicy"] = text;
    }
    if (query.contains("orphanDependents")) {
      body["orphanDependents"] = query.flag("orphanDependents");
    }
    Array dry_run;
    for (const std::string& value : query.all("dryRun")) dry_run.emplace_back(value);
    if (!dry_run.empty()) body["dryRun"] = std::move(dry_run);
  }
  if (body["gracePeriodSeconds"].is_integer())
    options.grace = body["gracePeriodSeconds"].as_integer();
  options.propagation = body["propagationPolicy"].string_or("");
  Causes causes;
  const std::string& policy = options.propagation;
  if (body["orphanDependents"].is_bool() && !policy.empty()) {
    causes.invalid("propagationPolicy", Value(policy),
                   "orphanDependents and deletionPropagation cannot be both set");
  } else if (!policy.empty() && policy != "Foreground" && policy != "Background" &&
             policy != "Orphan") {
    causes.not_supported("propagationPolicy", policy,
                         {"Foreground", "Background", "Orphan", "nil"});
  }
  std::vector<std::string> dry_run;
  if (body["dryRun"].is_array()) {
    for (const Value& value : body["dryRun"].as_array()) dry_run.emplace_back(value.string_or(""));
  }
  check_dry_run(dry_run, causes);
  if (!causes.empty()) throw Failure::invalid_options("DeleteOptions", causes);
  options.dry_run = !dry_run.empty();
  if (body["orphanDependents"].is_bool()) {
    options.propagation = body["orphanDependents"].as_bool() ? "Orphan" : "Background";
  }
  if (body["preconditions"]["uid"].is_string()) {
    options.uid = body["preconditions"]["uid"].as_string();
  }
  options.resource_version = body["preconditions"]["resourceVersion"].string_or("");
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
  const DeleteOptions options = delete_options(context);
  const StoredPtr object =
      require_object(context.state, resource, {context.target.namespace_, context.target.name});
  bool gone = false;
  const Value shown = foreseen(context, resource, object);
  admit_removal(context, resource, shown, options);
  const StoredPtr after = delete_object(context.state, resource, object, options, gone);
  if (gone && resource.is("apiextensions.k8s.io", "CustomResourceDefinition")) {
    // It is told as it waits for its objects' end, which has come by now.
    Value waiting = object->value();
    Value& metadata = waiting["metadata"];
    metadata["deletionTimestamp"] = context.state.now();
    metadata["finalizers"] = Array{"customresourcecleanup.apiextensions.k8s.io"};
    metadata["resourceVersion"] = after->value()["metadata"]["resourceVersion"];
    return {object_response(context, 200,
                            std::make_shared<const Stored>(std::move(waiting), after->revision()))};
  }
  if (!gone || returns_object(resource)) return {object_response(context, 200, after)};
  Object details{{"name", context.target.name}, {"kind", resource.plural}};
  if (!resource.group.empty()) details.set("group", resource.group);
  details.set("uid", object->value()["metadata"]["uid"]);
  return {json_response(200, make_status(200, "", "", Value(std::move(details))))};
}

namespace {

/// Asks the webhooks about an object once, however often the request runs: with many objects it
/// runs as often.
void admit_once(Context& context, const Value& object, const DeleteOptions& options) {
  const Resource& resource = *context.resource;
  if (context.exchange == nullptr) return admit_removal(context, resource, object, options);
  auto& remembered = context.exchange->remembered;
  const std::string key =
      fmt::format("removal {}/{} {}", object_namespace(object), object_name(object),
                  object["metadata"]["resourceVersion"].string_or(""));
  if (const auto known = remembered.find(key); known != remembered.end()) {
    const Value warnings = json::parse(known->second).value();
    for (const Value& text : warnings.as_array()) context.warn(text.as_string());
    return;
  }
  const auto before = static_cast<std::ptrdiff_t>(context.warnings.size());
  admit_removal(context, resource, object, options);
  remembered[key] = json::dump(Array(context.warnings.begin() + before, context.warnings.end()));
}

}  // namespace

Reply handle_delete_collection(Context& context) {
  const Resource& resource = *context.resource;
  const LabelSelector labels = LabelSelector::parse(context.query().get("labelSelector"));
  const FieldSelector fields = FieldSelector::parse(context.query().get("fieldSelector"), resource);
  const DeleteOptions options = delete_options(context);
  Array items;
  const std::string revision = std::to_string(context.state.store.revision());
  std::vector<StoredPtr> chosen;
  for (const StoredPtr& object :
       context.state.store.list(resource.storage, context.target.namespace_)) {
    if (labels.matches(object->value()["metadata"]["labels"]) && fields.matches(object->value()))
      chosen.push_back(object);
  }
  // The answer holds them as they were. Whoever has to be asked is asked before the first goes.
  std::vector<Value> shown = to_version(context, resource, chosen);
  for (const Value& object : shown) admit_once(context, object, options);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    bool gone = false;
    delete_object(context.state, resource, chosen[i], options, gone);
    Value item = std::move(shown[i]);
    if (!resource.custom) {
      item.as_object().erase("apiVersion");
      item.as_object().erase("kind");
    }
    items.push_back(std::move(item));
  }
  Object list{{"kind", resource.list_kind},
              {"apiVersion", resource.api_version()},
              {"metadata", Object{{"resourceVersion", revision}}},
              {"items", std::move(items)}};
  if (resource.custom) list["metadata"]["continue"] = "";
  return {json_response(200, Value(std::move(list)))};
}

}  // namespace windlass::inline v0::api_server
