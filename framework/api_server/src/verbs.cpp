// Create, update and delete: the registry's generic store.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "builtin.hpp"
#include "conversion.hpp"
#include "crd_schema.hpp"
#include "rbac.hpp"
#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

StoredPtr require_object(State& state, const Resource& resource, const ObjectName& name) {
  StoredPtr object = state.get(resource.storage, name);
  if (object == nullptr) throw Failure::not_found(resource, name.name);
  return object;
}

namespace {

void check_namespace(State& state, const Resource& resource, const std::string& namespace_) {
  if (!resource.namespaced) return;
  const StoredPtr found = state.get("/namespaces", {"", namespace_});
  if (found == nullptr) {
    throw Failure(404, "NotFound", fmt::format("namespaces \"{}\" not found", namespace_),
                  Object{{"name", namespace_}, {"kind", "namespaces"}});
  }
}

void refuse_terminating(State& state, const Resource& resource, const Value& object,
                        const std::string& namespace_) {
  if (!resource.namespaced) return;
  const StoredPtr found = state.get("/namespaces", {"", namespace_});
  if (found == nullptr || found->value()["metadata"].find("deletionTimestamp") == nullptr) return;
  Failure base = Failure::forbidden(
      resource, object_name(object),
      fmt::format("unable to create new content in namespace {} because it is being terminated",
                  namespace_));
  Value details = base.status()["details"];
  details["causes"] =
      Array{Object{{"reason", "NamespaceTerminating"},
                   {"message", fmt::format("namespace {} is being terminated", namespace_)},
                   {"field", "metadata.namespace"}}};
  throw Failure(403, "Forbidden", base.what(), std::move(details));
}

void drop_status(const Resource& resource, Value& object) {
  if (!resource.has_status) return;
  if (resource.custom) {
    object.as_object().erase("status");
    return;
  }
  object["status"] = Object{};
}

/// The rules of a custom object, unless its values are such that they cannot be trusted to mean
/// anything.
void check_rules(Context& context, const Resource& resource, const Value& object,
                 const Value* old_object, Causes& causes) {
  if (resource.rules.empty()) return;
  for (const Cause& cause : causes.list()) {
    for (const char* reason : {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong",
                               "FieldValueTooMany", "FieldValueTypeInvalid"}) {
      if (cause.reason != reason) continue;
      causes.invalid("<nil>", nullptr,
                     "some validation rules were not checked because the object was invalid; "
                     "correct the existing errors to complete validation");
      return;
    }
  }
  std::vector<std::string> warnings;
  for (cel::Violation& violation : resource.rules.validate(object, old_object, warnings)) {
    causes.add(
        {std::move(violation.reason), std::move(violation.message), std::move(violation.field)});
  }
  for (std::string& warning : warnings) context.warn(std::move(warning));
}

/// The number at a path of `scale` must be one that scales.
void check_replicas(const Value& object, const std::string& path, Causes& causes) {
  if (path.empty()) return;
  const Value* at = &object;
  for (std::size_t start = 1; start < path.size() && at != nullptr;) {
    const auto end = std::min(path.find('.', start), path.size());
    at = at->is_object() ? at->find(std::string_view(path).substr(start, end - start)) : nullptr;
    start = end + 1;
  }
  if (at == nullptr || !at->is_integer()) return;
  if (at->as_integer() < 0) {
    causes.invalid(path, *at, "should be a non-negative integer");
  } else if (at->as_integer() > INT32_MAX) {
    causes.invalid(path, *at, "should be less than or equal to 2147483647");
  }
}

void validate_custom(const Resource& resource, const Value& object, const Value* old_object,
                     const std::string& subresource, Causes& causes) {
  if (resource.schema == nullptr) return;
  const bool of_status = subresource == "status";
  if (of_status) {
    const Field* field = resource.schema->field("status");
    if (const Value* status = object.find("status"); status != nullptr && field != nullptr) {
      validate(*field->schema, *status, causes,
               old_object != nullptr ? old_object->find("status") : nullptr, "status");
    }
  } else {
    validate(*resource.schema, object, causes, old_object);
  }
  if (resource.has_scale) {
    if (!of_status) check_replicas(object, resource.replicas_path, causes);
    check_replicas(object, resource.status_replicas_path, causes);
  }
  if (!of_status) validate_embedded(*resource.schema, object, "", causes);
  Causes before, now;
  if (old_object != nullptr) validate_lists(*resource.schema, *old_object, "", before);
  if (before.empty()) validate_lists(*resource.schema, object, "", now);
  for (const Cause& cause : now.list()) causes.add(cause);
}

/// Warns of what this server stores and does not act on, so that nobody's test relies on it.
void warn_of_the_idle(Context& context, const Resource& resource, const Value& object) {
  static constexpr std::pair<std::string_view, std::string_view> kIdle[] = {
      {"", "LimitRange"},
      {"", "ResourceQuota"},
      {"admissionregistration.k8s.io", "MutatingAdmissionPolicy"},
      {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"},
      {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
      {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"}};
  for (const auto& [group, kind] : kIdle) {
    if (resource.is(group, kind)) {
      context.warn(fmt::format("this API server does not enforce objects of kind {}", kind));
    }
  }
  if (!resource.is("", "Namespace") || !object["metadata"]["labels"].is_object()) return;
  for (const auto& label : object["metadata"]["labels"].as_object()) {
    if (!label.key.starts_with("pod-security.kubernetes.io/")) continue;
    context.warn("this API server does not enforce Pod Security standards");
  }
}

void validate_object(Context& context, const Resource& resource, const Value& object,
                     const Value* old_object, const std::string& subresource, Causes& causes) {
  if (subresource.empty()) warn_of_the_idle(context, resource, object);
  if (resource.custom) {
    validate_custom(resource, object, old_object, subresource, causes);
    check_rules(context, resource, object, old_object, causes);
  } else if (subresource == "status" ||
             (old_object != nullptr && rules_for(resource).update_checks_all)) {
    return;
  } else if (const Rules& rules = rules_for(resource); rules.validate != nullptr) {
    rules.validate(object, causes);
  }
}

}  // namespace

Value options_document(const Context& context, const char* kind) {
  const Query& query = context.query();
  Object out{{"kind", kind}, {"apiVersion", "meta.k8s.io/v1"}};
  if (query.contains("dryRun")) out.set("dryRun", Array{"All"});
  for (const char* key : {"fieldManager", "fieldValidation"}) {
    if (!query.get(key).empty()) out.set(key, query.get(key));
  }
  return out;
}

namespace {

void warn_of_formats(Context& context, const Resource& resource, const Value& object,
                     const Value* old_object) {
  if (!resource.is("apiextensions.k8s.io", "CustomResourceDefinition")) return;
  std::vector<std::string> known;
  if (old_object != nullptr) known = unknown_formats(*old_object);
  for (const std::string& format : unknown_formats(object)) {
    if (std::find(known.begin(), known.end(), format) != known.end()) continue;
    context.warn(fmt::format("unrecognized format {}", quote_json(format)));
  }
}

/// A pod's priority class must be there.
void check_priority(const State& state, const Resource& resource, const Value& pod) {
  if (!resource.is("", "Pod")) return;
  const std::string name(pod["spec"]["priorityClassName"].string_or(""));
  if (name.empty() || name == "system-node-critical" || name == "system-cluster-critical" ||
      state.get("scheduling.k8s.io/priorityclasses", {"", name}) != nullptr) {
    return;
  }
  throw Failure::forbidden(resource, object_name(pod),
                           fmt::format("no PriorityClass with name {} was found", name));
}

/// Times that the server sets are read before they are replaced.
void check_times(const Context& context, const Resource& resource, const Value& metadata) {
  Value times(Object{});
  for (const char* key : {"creationTimestamp", "deletionTimestamp"}) {
    if (const Value* time = metadata.find(key); time && !time->is_null()) times[key] = *time;
  }
  if (times.as_object().empty()) return;
  Unknown ignored;
  normalize(*context.state.registry.object_meta(), times, resource.kind, resource.version, ignored);
}

/// The server's controllers establish a definition after it was written: the answer is from before.
StoredPtr settle_definition(State& state, const Resource& resource, StoredPtr written) {
  if (!resource.is("apiextensions.k8s.io", "CustomResourceDefinition")) return written;
  const Value& before = written->value();
  Value settled = before;
  establish_crd(state, settled);
  if (settled["status"] == before["status"]) return written;
  Value shown = before;  // Go shows a list of none
  set_default(shown["status"], "conditions", Array{});
  track_server_write(state, resource, shown, settled);
  state.put(resource, std::move(settled));
  return written;
}

}  // namespace

namespace {

/// Webhooks are shown the address that is stored, in whichever run of the request.
void give_address(Context& context, const Resource& resource, Value& object) {
  if (!resource.is("", "Service")) return;
  Value& spec = object["spec"];
  if (spec["type"] == Value("ExternalName") || !spec["clusterIP"].string_or("").empty()) return;
  spec["clusterIP"] = remember(context, "address", [&] { return free_address(context.state); });
}

}  // namespace

StoredPtr create_object(Context& context, const Resource& resource, Value object,
                        const std::string& namespace_, const WriteOptions& options) {
  State& state = context.state;
  check_namespace(state, resource, namespace_);
  if (const Value& metadata = std::as_const(object)["metadata"];
      !metadata.is_null() && !metadata.is_object()) {
    throw Failure::bad_request(fmt::format(
        "{0} in version \"{1}\" cannot be handled as a {0}: json: cannot unmarshal {2} into Go "
        "struct field {0}.metadata of type v1.ObjectMeta",
        resource.kind, resource.version,
        metadata.is_number() ? "number" : json::to_string(metadata.type())));
  }
  check_times(context, resource, object["metadata"]);
  const std::string given(object["metadata"]["resourceVersion"].string_or(""));
  const bool number = given.find_first_not_of("0123456789") == std::string::npos;
  if (!given.empty() && given != "0" && number) {
    throw Failure::plain("resourceVersion should not be set on objects to be created");
  }
  const bool generated = object["metadata"]["name"].string_or("").empty();
  drop_status(resource, object);
  prepare_metadata(context, object, namespace_);
  conform(context, resource, object, options);
  warn_of_owners(context, object);
  refuse_terminating(state, resource, object, namespace_);
  const Rules& rules = rules_for(resource);
  const AdmissionRequest admission{.resource = resource,
                                   .operation = Operation::create,
                                   .name = generated ? "" : object_name(object),
                                   .namespace_ = namespace_,
                                   .dry_run = options.dry_run,
                                   .options = options_document(context, "CreateOptions")};
  if (has_mutating_webhooks(state)) {  // they come before the server's own metadata
    Value bare = object;
    Object& metadata = bare["metadata"].as_object();
    for (const char* key : {"uid", "creationTimestamp", "generation"}) metadata.erase(key);
    if (generated) metadata.erase("name");
    if (admit_mutating(context, admission, bare)) {
      object = std::move(bare);
      drop_status(resource, object);
      prepare_metadata(context, object, namespace_);
      conform(context, resource, object, options);
    }
  }
  check_priority(state, resource, object);
  Causes causes(state.options.loopback_endpoints);
  const bool metadata_last = checks_metadata_last(resource);
  if (!metadata_last) validate_metadata(resource, object, causes);
  validate_object(context, resource, object, nullptr, "", causes);
  if (rules.validate_create != nullptr) rules.validate_create(object, causes);
  if (metadata_last && causes.empty()) validate_metadata(resource, object, causes);
  if (!causes.empty()) throw Failure::invalid(resource, object_name(object), causes);
  warn_of_formats(context, resource, object, nullptr);
  check_escalation(context, resource, object, nullptr);
  if (const StoredPtr present = state.get(resource.storage, name_of(object))) {
    if (generated) {
      throw Failure(409, "AlreadyExists",
                    fmt::format("{} \"{}\" already exists, the server was not able to generate a "
                                "unique name for the object",
                                resource.qualified(), object_name(object)));
    }
    const Failure failure = Failure::already_exists(resource, object_name(object));
    if (present->value()["metadata"].find("deletionTimestamp") == nullptr) throw failure;
    throw Failure(failure.code(), "AlreadyExists",
                  std::string("object is being deleted: ") + failure.what(),
                  failure.status()["details"]);
  }
  track_update(context, resource, nullptr, object, "", options);
  give_address(context, resource, object);
  if (rules.prepare != nullptr) rules.prepare(state, object);
  drop_nulls(resource, object);
  admit_validating(context, admission, object);
  if (options.dry_run)
    return std::make_shared<const Stored>(to_storage(context, resource, std::move(object)), 0);
  Value kept = to_storage(context, resource, std::move(object));
  StoredPtr stored = state.put(resource, std::move(kept));
  return settle_definition(state, resource, std::move(stored));
}

namespace {

/// What an update through `subresource` may not touch comes from the old object.
void keep_other_parts(const Resource& resource, const Value& old_object, Value& object,
                      const std::string& subresource) {
  if (subresource == "status") {
    Value result = old_object;
    if (const Value* status = object.find("status")) {
      result["status"] = *status;
    } else {
      result.as_object().erase("status");
    }
    Value& metadata = object["metadata"];
    if (metadata.find("managedFields") != nullptr) {
      result["metadata"]["managedFields"] = metadata["managedFields"];
    }
    if (!resource.custom) {
      for (const std::string_view key :
           {"labels", "annotations", "finalizers", "ownerReferences"}) {
        const bool kept = (key == "labels" && resource.is("apps", "Deployment")) ||
                          (key == "ownerReferences" && resource.is("", "Pod"));
        if (kept) continue;
        if (const Value* value = metadata.find(key)) {
          result["metadata"][key] = *value;
        } else {
          result["metadata"].as_object().erase(key);
        }
      }
    }
    object = std::move(result);
  } else if (resource.has_status && subresource.empty()) {
    if (const Value* status = old_object.find("status")) {
      object["status"] = *status;
    } else {
      object.as_object().erase("status");
    }
  }
}

bool desired_state_changed(const Resource& resource, const Value& old_object, const Value& object) {
  const auto differs = [&](const Object& a, const Object& b) {
    for (const auto& member : a) {
      if (member.key == "metadata" || member.key == "apiVersion" || member.key == "kind") continue;
      if (member.key == "status" && (resource.has_status || !resource.custom)) continue;
      const Value* other = b.find(member.key);
      if (other == nullptr || !(*other == member.value)) return true;
    }
    return false;
  };
  return differs(old_object.as_object(), object.as_object()) ||
         differs(object.as_object(), old_object.as_object());
}

/// Deployments count them as part of what is wanted.
bool annotations_changed(const Value& old_object, const Value& object) {
  static const Value none(Object{});
  const auto annotations = [](const Value& one) -> const Value& {
    const Value* found = one["metadata"].find("annotations");
    return found != nullptr ? *found : none;
  };
  return !(annotations(old_object) == annotations(object));
}

bool same_but_times(const Value& a, const Value& b) {
  if (a == b) return true;
  // A write that changes only the time of a managedFields entry is no change.
  Value left = a;
  Value right = b;
  for (Value* side : {&left, &right}) {
    Value* list = (*side)["metadata"].find("managedFields");
    if (list == nullptr || !list->is_array()) continue;
    for (Value& entry : list->as_array()) entry.as_object().erase("time");
  }
  return left == right;
}

bool must_name_version(const Resource& resource) {
  return resource.custom || resource.is("coordination.k8s.io", "Lease") ||
         resource.is("apiextensions.k8s.io", "CustomResourceDefinition") ||
         resource.is("policy", "PodDisruptionBudget");
}

bool is_finished(const Value& object) {
  const Value& metadata = object["metadata"];
  if (metadata.find("deletionTimestamp") == nullptr) return false;
  const bool finalizers =
      metadata["finalizers"].is_array() && !metadata["finalizers"].as_array().empty();
  const bool spec_finalizers = object["kind"] == Value("Namespace") &&
                               object.at_path({"spec", "finalizers"}).is_array() &&
                               !object.at_path({"spec", "finalizers"}).as_array().empty();
  return !finalizers && !spec_finalizers &&
         metadata["deletionGracePeriodSeconds"].integer_or(0) == 0;
}

}  // namespace

StoredPtr update_object(Context& context, const Resource& resource, const StoredPtr& stored,
                        Value object, const std::string& subresource, const WriteOptions& options) {
  State& state = context.state;
  const Value old_object = to_version(context, resource, stored);
  Causes causes(state.options.loopback_endpoints);
  const std::string given(object["metadata"]["resourceVersion"].string_or(""));
  conform(context, resource, object, options);
  warn_of_owners(context, object);
  carry_metadata(context, resource, old_object, object, options);
  if (given.empty() && must_name_version(resource) && context.request.method == "PUT") {
    causes.invalid("metadata.resourceVersion", Value(0), "must be specified for an update");
    Resource named = resource;
    named.kind = resource.plural;  // the server's own words
    throw Failure::invalid(named, object_name(old_object), causes);
  }
  const Rules& rules = rules_for(resource);
  const auto keep_what_is_not_the_clients = [&] {
    keep_other_parts(resource, old_object, object, subresource);
    if (rules.carry != nullptr) rules.carry(object, old_object);
    if (rules.complete != nullptr && subresource.empty()) rules.complete(state, object);
    drop_nulls(resource, object);
  };
  keep_what_is_not_the_clients();
  const AdmissionRequest admission{.resource = resource,
                                   .operation = Operation::update,
                                   .subresource = subresource,
                                   .name = object_name(old_object),
                                   .namespace_ = object_namespace(old_object),
                                   .old_object = &old_object,
                                   .dry_run = options.dry_run,
                                   .options = options_document(context, "UpdateOptions")};
  if (admit_mutating(context, admission, object)) {
    conform(context, resource, object, options);
    carry_metadata(context, resource, old_object, object, options);
    keep_what_is_not_the_clients();
  }
  validate_metadata_update(resource, old_object, object, causes);
  validate_object(context, resource, object, &old_object, subresource, causes);
  if (rules.validate_update != nullptr && subresource.empty()) {
    rules.validate_update(object, old_object, causes);
  }
  if (rules.validate_status != nullptr && subresource == "status") {
    rules.validate_status(object, causes);
  }
  if (!causes.empty()) throw Failure::invalid(resource, object_name(object), causes);
  warn_of_formats(context, resource, object, &old_object);
  check_escalation(context, resource, object, &old_object);
  if (subresource != "status" && (resource.has_generation || resource.custom) &&
      (desired_state_changed(resource, old_object, object) ||
       (resource.is("apps", "Deployment") && annotations_changed(old_object, object)))) {
    object["metadata"]["generation"] = old_object["metadata"]["generation"].integer_or(0) + 1;
  }
  track_update(context, resource, &old_object, object, subresource, options);
  admit_validating(context, admission, object);
  if (same_but_times(old_object, object)) return stored;
  object = to_storage(context, resource, std::move(object));
  if (options.dry_run) return std::make_shared<const Stored>(std::move(object), stored->revision());
  if (is_finished(object)) {
    state.remove(resource, stored);  // watches are told of what was there last
    return std::make_shared<const Stored>(std::move(object), stored->revision());
  }
  return settle_definition(state, resource, state.put(resource, std::move(object)));
}

namespace {

void check_preconditions(const Resource& resource, const Value& object,
                         const DeleteOptions& options) {
  const std::string name = object_name(object);
  Resource by_kind = resource;  // the server's own words
  by_kind.plural = resource.kind;
  const std::string_view uid = object["metadata"]["uid"].string_or("");
  const std::string_view version = object["metadata"]["resourceVersion"].string_or("");
  if (options.uid && *options.uid != uid) {
    throw Failure::conflict(
        by_kind, name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The "
                    "object might have been deleted and then recreated",
                    *options.uid, uid));
  }
  if (!options.resource_version.empty() && options.resource_version != version) {
    throw Failure::conflict(
        by_kind, name,
        fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                    "ResourceVersion in record ({}). The object might have been modified",
                    options.resource_version, version));
  }
}

void set_finalizer(Value& metadata, const std::string& name, bool wanted) {
  Array list;
  if (metadata["finalizers"].is_array()) list = metadata["finalizers"].as_array();
  std::erase(list, Value(name));
  if (wanted) list.emplace_back(name);
  if (list.empty()) {
    metadata.as_object().erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(list);
  }
}

std::int64_t grace_of(const Resource& resource, const Value& object, const DeleteOptions& options) {
  if (!resource.is("", "Pod")) return 0;
  const std::string_view phase = object.at_path({"status", "phase"}).string_or("");
  if (object.at_path({"spec", "nodeName"}).string_or("").empty() || phase == "Succeeded" ||
      phase == "Failed") {
    return 0;
  }
  const std::int64_t wanted = options.grace.value_or(
      object.at_path({"spec", "terminationGracePeriodSeconds"}).integer_or(30));
  return wanted < 0 ? 1 : std::min(wanted, kLongestSeconds);
}

}  // namespace

StoredPtr delete_object(State& state, const Resource& resource, const StoredPtr& stored,
                        const DeleteOptions& options, bool& gone) {
  Value object = stored->value();
  if (resource.is("", "Namespace")) {
    for (const char* name : {"default", "kube-system", "kube-public"}) {
      if (object_name(object) == name) {
        throw Failure::forbidden(resource, name, "this namespace may not be deleted");
      }
    }
  }
  check_preconditions(resource, object, options);
  Value& metadata = object["metadata"];
  if (options.propagation == "Foreground") {
    set_finalizer(metadata, "foregroundDeletion", true);
    set_finalizer(metadata, "orphan", false);
  } else if (options.propagation == "Orphan") {
    set_finalizer(metadata, "orphan", true);
    set_finalizer(metadata, "foregroundDeletion", false);
  } else if (options.propagation == "Background") {
    set_finalizer(metadata, "foregroundDeletion", false);
    set_finalizer(metadata, "orphan", false);
  }
  const std::int64_t grace = grace_of(resource, object, options);
  const bool deleting = metadata.find("deletionTimestamp") != nullptr;
  const bool waits = metadata["finalizers"].is_array() || grace > 0 || resource.is("", "Namespace");
  gone = !waits;
  if (gone) {
    if (resource.is("", "Pod")) {  // the only kind that is marked before it goes
      if (!deleting) {
        metadata["deletionTimestamp"] = state.now();
        metadata["generation"] = metadata["generation"].integer_or(0) + 1;
      }
      metadata["deletionGracePeriodSeconds"] = 0;
    }
    drop_nulls(resource, object);
    auto last = std::make_shared<const Stored>(object, stored->revision());
    if (options.dry_run) return last;
    state.remove(resource, last);
    object["metadata"]["resourceVersion"] = std::to_string(state.store.revision());
    return std::make_shared<const Stored>(std::move(object), state.store.revision());
  }
  if (!deleting) {
    metadata["deletionTimestamp"] =
        format_time(state.env.clock().wall_now() + std::chrono::seconds(grace), 0);
    if (!resource.is("", "Namespace")) metadata["deletionGracePeriodSeconds"] = grace;
    if (const std::int64_t generation = metadata["generation"].integer_or(0); generation > 0) {
      metadata["generation"] = generation + 1;
    }
    if (resource.is("", "Namespace")) object["status"]["phase"] = "Terminating";
  } else if (grace < metadata["deletionGracePeriodSeconds"].integer_or(0)) {
    metadata["deletionTimestamp"] =
        format_time(state.env.clock().wall_now() + std::chrono::seconds(grace), 0);
    metadata["deletionGracePeriodSeconds"] = grace;
  }
  drop_nulls(resource, object);
  if (options.dry_run || object == stored->value()) return stored;
  return state.put(resource, std::move(object));
}

}  // namespace windlass::inline v0::api_server
