// managedFields: who owns which field, and server-side apply.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "builtin.hpp"
#include "field_set.hpp"
#include "handlers.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

struct Manager {
  std::string name, operation, api_version, subresource, time;
  FieldSet fields;
};

std::vector<Manager> read_managers(const Value& object) {
  std::vector<Manager> out;
  const Value& list = object.at_path({"metadata", "managedFields"});
  if (!list.is_array()) return out;
  for (const Value& entry : list.as_array()) {
    const auto text = [&](const char* key) { return std::string(entry[key].string_or("")); };
    Manager manager{text("manager"),     text("operation"), text("apiVersion"),
                    text("subresource"), text("time"),      {}};
    if (entry["fieldsV1"].is_object()) manager.fields = entry["fieldsV1"].as_object();
    out.push_back(std::move(manager));
  }
  return out;
}

void write_managers(Value& object, std::vector<Manager> managers) {
  std::erase_if(managers, [](const Manager& manager) { return manager.fields.empty(); });
  // Apply before Update, then by time, then by name: the server's order.
  std::stable_sort(managers.begin(), managers.end(), [](const Manager& a, const Manager& b) {
    return std::tie(a.operation, a.time, a.name) < std::tie(b.operation, b.time, b.name);
  });
  Array list;
  for (Manager& manager : managers) {
    Object entry{{"manager", manager.name},
                 {"operation", manager.operation},
                 {"apiVersion", manager.api_version},
                 {"fieldsType", "FieldsV1"},
                 {"fieldsV1", Value(std::move(manager.fields))}};
    if (!manager.time.empty()) entry.set("time", manager.time);
    if (!manager.subresource.empty()) entry.set("subresource", manager.subresource);
    list.emplace_back(std::move(entry));
  }
  if (list.empty()) {
    object["metadata"].as_object().erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(list);
  }
}

/// What nobody owns: identity and what the server writes itself.
void strip(FieldSet& fields) {
  for (const char* key : {"f:apiVersion", "f:kind"}) fields.erase(key);
  Value* metadata = fields.find("f:metadata");
  if (metadata == nullptr) return;
  for (const char* key : {"f:name", "f:namespace", "f:creationTimestamp", "f:selfLink", "f:uid",
                          "f:generation", "f:managedFields", "f:resourceVersion",
                          "f:deletionTimestamp", "f:deletionGracePeriodSeconds"}) {
    metadata->as_object().erase(key);
  }
  metadata->as_object().erase(".");
  if (metadata->as_object().empty()) fields.erase("f:metadata");
}

Shape shape_of(const Context& context, const Resource& resource) {
  return {resource.schema, resource.custom ? context.state.registry.object_meta() : nullptr, true};
}

bool is_apply(const Context& context) {
  return context.request.method == "PATCH" &&
         context.request.headers.get("Content-Type").starts_with("application/apply-patch");
}

/// The object that Go's zero value of a kind would be: what a creation is compared with.
Value zero_object(const Schema* schema) {
  Object out;
  if (schema == nullptr) return Value(std::move(out));
  for (const Field& field : schema->fields) {
    const bool by_value = field.default_value && field.default_value->is_object();
    if (by_value && field.schema->kind == Schema::Kind::object) {
      out.set(field.name, zero_object(field.schema));
      continue;
    }
    if (field.name == "validationActions") continue;  // Go's type leaves this one out
    const bool required = std::find(schema->required.begin(), schema->required.end(), field.name) !=
                          schema->required.end();
    // A list without keys is owned as a whole, so that an empty one is no zero value.
    if (required && field.schema->kind == Schema::Kind::array &&
        field.schema->list != Schema::List::atomic) {
      out.set(field.name, Array{});
    }
  }
  return Value(std::move(out));
}

}  // namespace

namespace {

/// A kind's zero value with what Go's types show of it.
Value new_object(const Resource& resource) {
  Value out = zero_object(resource.schema);
  if (resource.kind == "Event" && rules_for(resource).defaults != nullptr) {
    rules_for(resource).defaults(out);
  }
  drop_nulls(resource, out);
  return out;
}

struct Writer {
  std::string manager;
  std::string subresource;
  std::string time;
};

void track(const Shape& shape, const Resource& resource, const Value* old_object, Value& object,
           const Writer& writer) {
  // Clients cannot write managedFields, but for emptying them.
  // An object that nobody tracked is not tracked from an update on.
  const Value given = object["metadata"]["managedFields"];
  object["metadata"].as_object().erase("managedFields");
  const bool reset = given.is_array() && given.as_array().size() == 1 &&
                     given.as_array()[0].is_object() && given.as_array()[0].as_object().empty();
  std::vector<Manager> managers;
  if (old_object != nullptr && !reset) managers = read_managers(*old_object);
  if (old_object != nullptr && managers.empty()) return;
  Value before = old_object != nullptr ? *old_object : new_object(resource);
  if (old_object != nullptr) before["metadata"].as_object().erase("managedFields");
  FieldSet changed, removed;
  compare_fields(shape, before, object, changed, removed);
  strip(changed);
  if (resource.has_status && writer.subresource.empty()) changed.erase("f:status");
  if (changed.empty() && removed.empty()) {
    if (old_object != nullptr && old_object->at_path({"metadata", "managedFields"}).is_array()) {
      object["metadata"]["managedFields"] = old_object->at_path({"metadata", "managedFields"});
    }
    return;
  }
  const FieldSet touched = unite(changed, removed);
  bool found = false;
  for (Manager& manager : managers) {
    const bool own = manager.name == writer.manager && manager.operation == "Update" &&
                     manager.subresource == writer.subresource &&
                     manager.api_version == resource.api_version();
    if (own) {
      manager.fields = unite(subtract(manager.fields, removed), changed);
      if (!changed.empty()) manager.time = writer.time;
      found = true;
    } else {
      manager.fields = subtract(manager.fields, touched);
    }
  }
  if (!found && !changed.empty()) {
    managers.push_back({writer.manager, "Update", resource.api_version(), writer.subresource,
                        writer.time, std::move(changed)});
  }
  write_managers(object, std::move(managers));
}

}  // namespace

void track_update(Context& context, const Resource& resource, const Value* old_object,
                  Value& object, const std::string& subresource, const WriteOptions& options) {
  if (is_apply(context)) return;  // server_side_apply has written them
  track(shape_of(context, resource), resource, old_object, object,
        {options.field_manager, subresource, subresource == "scale" ? "" : context.state.now()});
}

void track_server_write(const State& state, const Resource& resource, const Value& old_object,
                        Value& object) {
  track({resource.schema, nullptr}, resource, &old_object, object,
        {"kube-apiserver", "status", state.now()});
}

namespace {

std::string describe_manager(const Manager& manager) {
  std::string out = quote_json(manager.name);
  if (!manager.subresource.empty()) out += " with subresource " + quote_json(manager.subresource);
  if (manager.operation == "Update") out += " using " + manager.api_version;
  return out;
}

struct Conflict {
  std::string manager;
  std::string path;
};

[[noreturn]] void refuse_conflicts(const std::vector<Conflict>& conflicts) {
  Array causes;
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const Conflict& conflict : conflicts) {
    causes.emplace_back(Object{{"reason", "FieldManagerConflict"},
                               {"message", "conflict with " + conflict.manager},
                               {"field", conflict.path}});
    by_manager[conflict.manager].push_back(conflict.path);
  }
  std::string text;
  if (conflicts.size() == 1) {
    text = fmt::format("Apply failed with 1 conflict: conflict with {}: {}", conflicts[0].manager,
                       conflicts[0].path);
  } else {
    text = fmt::format("Apply failed with {} conflicts: ", conflicts.size());
    bool first = true;
    for (const auto& [manager, paths] : by_manager) {
      text += fmt::format("{}conflicts with {}:", first ? "" : "\n", manager);
      for (const std::string& path : paths) text += "\n- " + path;
      first = false;
    }
  }
  throw Failure(409, "Conflict", std::move(text), Object{{"causes", std::move(causes)}});
}

const char* type_name(const Schema& schema) {
  switch (schema.kind) {
    case Schema::Kind::string:
      return "string";
    case Schema::Kind::integer:
      return "integer";
    case Schema::Kind::number:
      return "number";
    case Schema::Kind::boolean:
      return "boolean";
    case Schema::Kind::array:
      return "array";
    default:
      return "object";
  }
}

/// Nulls in an applied custom object are values: refused where the schema has no place for them.
void check_nulls(const Schema& schema, const Value& value, const std::string& path,
                 Causes& causes) {
  if (!value.is_object()) return;
  for (const Field& field : schema.fields) {
    const Value* member = value.find(field.name);
    if (member == nullptr) continue;
    const std::string at = path.empty() ? field.name : path + "." + field.name;
    if (!member->is_null()) {
      check_nulls(*field.schema, *member, at, causes);
    } else if (!field.schema->nullable && !field.default_value) {
      causes.add({"FieldValueTypeInvalid",
                  fmt::format("Invalid value: \"null\": {} in body must be of type {}: \"null\"",
                              at, type_name(*field.schema)),
                  at});
    }
  }
}

/// What `kubectl apply` without --server-side goes by is kept true by one with it.
void renew_last_applied(Value& object, Value applied) {
  constexpr const char* kKey = "kubectl.kubernetes.io/last-applied-configuration";
  Value* annotations = object["metadata"].find("annotations");
  if (annotations == nullptr || annotations->find(kKey) == nullptr) return;
  if (Value* own = applied["metadata"].find("annotations"); own != nullptr && own->is_object()) {
    own->as_object().erase(kKey);
  }
  (*annotations)[kKey] = json::dump(applied) + "\n";
}

/// What a manager still has when fields are gone: nothing of what went as a whole.
FieldSet without_gone(const FieldSet& fields, const FieldSet& gone) {
  FieldSet out;
  for (const auto& member : fields) {
    const Value* other = gone.find(member.key);
    if (other == nullptr || member.key == ".") {
      out.set(member.key, member.value);
      continue;
    }
    const FieldSet& below = other->as_object();
    if (below.empty() || below.contains(".")) continue;
    const FieldSet& before = member.value.as_object();
    FieldSet rest = without_gone(before, below);
    if (rest.size() == 1 && rest.contains(".")) rest.erase(".");  // a leaf again
    if (!rest.empty() || before.empty() || before.contains(".")) {
      out.set(member.key, Value(std::move(rest)));
    }
  }
  return out;
}

bool same_content(Value a, Value b) {
  for (Value* side : {&a, &b}) {
    for (const char* key : {"managedFields", "resourceVersion", "uid"}) {
      if (Value* metadata = side->find("metadata")) metadata->as_object().erase(key);
    }
  }
  return a == b;
}

}  // namespace

Value server_side_apply(Context& context, const Resource& resource, const Value* live,
                        Value applied, const std::string& subresource,
                        const WriteOptions& options) {
  const Shape shape = shape_of(context, resource);
  applied["metadata"].as_object().erase("managedFields");
  if (subresource == "status") applied.as_object().erase("spec");  // not its part of the object
  // The version in an applied object is a precondition, not a field: carry_metadata checks it.
  FieldSet fields = fields_of(shape, applied);
  strip(fields);
  if (resource.has_status && subresource.empty()) fields.erase("f:status");
  const std::string version = resource.api_version();
  const std::string type =
      fmt::format("{}, Kind={}", resource.group.empty() ? "/" + version : version, resource.kind);
  const std::string shown =
      fmt::format("{}/{}; {}", object_namespace(applied), object_name(applied), type);
  std::string unreadable;
  const Value raw = applied;  // what Go's types leave out counts as applied
  if (resource.schema != nullptr) {
    if (const auto problem = typed_problem(shape, applied); !problem.empty()) {
      throw Failure::plain(
          fmt::format("failed to create typed patch object ({}): {}", shown, problem));
    }
  }
  if (!resource.custom && resource.schema != nullptr) {
    Unknown ignored;
    Value typed = applied;
    try {
      normalize(*resource.schema, typed, resource.kind, resource.version, ignored,
                Decoder::unstructured);
      applied = std::move(typed);
    } catch (const Failure& failure) {
      unreadable = reason_of(failure.what());
    }
    if (applied["metadata"].is_null()) applied["metadata"] = Object{};
  }
  const FieldSet stated = fields_of(shape, applied);  // an empty map states none of its members
  std::vector<Manager> managers;
  if (live != nullptr) managers = read_managers(*live);
  if (live != nullptr && managers.empty()) {  // what nobody tracked has had one owner
    Value owned = *live;
    owned["metadata"].as_object().erase("managedFields");
    FieldSet all, none;
    compare_fields(shape, Value(Object{}), owned, all, none);
    strip(all);
    managers.push_back(
        {"before-first-apply", "Update", version, "", context.state.now(), std::move(all)});
  }
  Value merged = live != nullptr ? merge_applied(shape, *live, applied) : applied;

  FieldSet previous, others;
  Manager* own = nullptr;
  for (Manager& manager : managers) {
    if (manager.name == options.field_manager && manager.operation == "Apply" &&
        manager.subresource == subresource) {
      previous = manager.fields;
      own = &manager;
    } else {
      others = unite(std::move(others), manager.fields);
    }
  }
  const FieldSet gone = but_named(shape, previous, unite(others, stated));
  remove_fields(shape, merged, gone, resource.custom);
  std::vector<Conflict> conflicts;
  Value full = merged;
  if (live != nullptr) {
    FieldSet changed, removed;
    Value before = *live;
    full = merge_applied(shape, *live, raw);
    remove_fields(shape, full, gone, resource.custom);
    for (Value* side : {&before, &merged, &full}) {
      (*side)["metadata"].as_object().erase("managedFields");
    }
    compare_fields(shape, before, full, changed, removed);
    strip(changed);
    if (resource.has_status && subresource.empty()) changed.erase("f:status");
    for (Manager& manager : managers) {
      if (&manager == own) continue;
      manager.fields = without_gone(manager.fields, gone);
      const FieldSet taken = intersect(manager.fields, changed);
      if (options.force) {
        manager.fields = difference(manager.fields, taken);
        continue;
      }
      for (std::string& path : paths_of(taken)) {
        conflicts.push_back({describe_manager(manager), std::move(path)});
      }
    }
  }
  if (!conflicts.empty()) refuse_conflicts(conflicts);
  if (resource.custom && resource.schema != nullptr) {
    Causes causes;
    check_nulls(*resource.schema, applied, "", causes);
    if (!causes.empty()) throw Failure::invalid(resource, object_name(applied), causes);
  }
  if (!unreadable.empty()) {
    throw Failure::plain(
        fmt::format("failed to convert new object ({}) to proper version: unable to convert "
                    "unstructured object to {}: {}",
                    shown, type, unreadable));
  }
  // The time is that of the last change to the object itself.
  const bool timeless = subresource == "scale" || (live != nullptr && same_content(*live, full));
  const std::string time = timeless ? "" : context.state.now();
  if (own != nullptr) {
    if (!time.empty()) own->time = time;
    own->fields = std::move(fields);
    own->api_version = resource.api_version();
  } else {
    managers.push_back({options.field_manager, "Apply", resource.api_version(), subresource, time,
                        std::move(fields)});
  }
  write_managers(merged, std::move(managers));
  if (options.field_manager == "kubectl") renew_last_applied(merged, raw);
  return merged;
}

}  // namespace windlass::inline v0::api_server
