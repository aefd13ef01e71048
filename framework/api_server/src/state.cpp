#include "state.hpp"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0::api_server {

using json::Value;

std::string format_time(WallTime time, int digits) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (digits > 0) out += fmt::format(".{:06}", clock.subseconds().count());
  return out + "Z";
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    return std::nullopt;
  }
  using namespace std::chrono;
  const sys_days days{std::chrono::year(year) / month / day};
  return days.time_since_epoch().count() * 86400LL + hour * 3600LL + minute * 60LL + second;
}

std::string State::now() const { return format_time(env.clock().wall_now(), 0); }
std::string State::now_micro() const { return format_time(env.clock().wall_now(), 6); }

std::string object_name(const Value& object) {
  return std::string(object["metadata"]["name"].string_or(""));
}
std::string object_namespace(const Value& object) {
  return std::string(object["metadata"]["namespace"].string_or(""));
}
ObjectName name_of(const Value& object) { return {object_namespace(object), object_name(object)}; }

void Context::warn(std::string text) {
  for (const std::string& known : warnings) {
    if (known == text) return;
  }
  warnings.push_back(std::move(text));
}

void check_dry_run(const std::vector<std::string>& values, Causes& causes) {
  if (values.empty() || values == std::vector<std::string>{"All"}) return;
  json::Array shown(values.begin(), values.end());
  causes.not_supported("dryRun", Value(std::move(shown)), {"All"});
}

namespace {

constexpr std::size_t kLongestManager = 128;

void check_manager(const std::string& name, Causes& causes) {
  if (name.size() > kLongestManager) causes.too_long("fieldManager", kLongestManager);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (c >= 0x20 && c != 0x7f) continue;
    // As Go quotes it.
    causes.invalid_shown("fieldManager",
                         fmt::format("\"{}\\x{:02x}{}\"", name.substr(0, i), c, name.substr(i + 1)),
                         fmt::format("invalid character U+{:04X} (at position {})", c, i));
    return;
  }
}

std::string_view options_kind(const std::string& method) {
  if (method == "POST") return "CreateOptions";
  return method == "PUT" ? "UpdateOptions" : "PatchOptions";
}

}  // namespace

WriteOptions write_options(const Context& context) {
  const Query& query = context.query();
  const std::string& method = context.request.method;
  WriteOptions options;
  Causes causes;
  options.field_manager = query.get("fieldManager");
  const bool apply =
      method == "PATCH" &&
      context.request.headers.get("Content-Type").starts_with("application/apply-patch");
  if (apply && options.field_manager.empty()) {
    causes.required("fieldManager", "is required for apply patch");
  }
  if (method == "PATCH" && !apply && query.contains("force")) {
    causes.forbidden("force", "may not be specified for non-apply patch");
  }
  check_manager(options.field_manager, causes);
  const std::vector<std::string> dry_run = query.all("dryRun");
  check_dry_run(dry_run, causes);
  options.dry_run = !dry_run.empty();
  const std::string_view validation = query.get("fieldValidation");
  if (!validation.empty()) options.field_validation = validation;
  if (!validation.empty() && validation != "Ignore" && validation != "Strict" &&
      validation != "Warn") {
    causes.not_supported("fieldValidation", Value(validation), {"", "Ignore", "Strict", "Warn"});
  }
  if (!causes.empty()) throw Failure::invalid_options(options_kind(method), causes);
  if (options.field_manager.empty()) {
    // As the server does: the first word of the user agent.
    const std::string_view agent = context.request.headers.get("User-Agent");
    options.field_manager = agent.substr(0, agent.find('/'));
    if (options.field_manager.empty()) options.field_manager = "unknown";
  }
  options.force = query.flag("force");
  return options;
}

namespace {

void forget_owners(Ownership& ownership, const Location& location, const Value& object) {
  const Value& owners = object["metadata"]["ownerReferences"];
  if (!owners.is_array()) return;
  for (const Value& owner : owners.as_array()) {
    const auto found = ownership.dependents.find(std::string(owner["uid"].string_or("")));
    if (found == ownership.dependents.end()) continue;
    found->second.erase(location);
    if (found->second.empty()) ownership.dependents.erase(found);
  }
}

void note_owners(Ownership& ownership, const Location& location, const Value& object) {
  const Value& owners = object["metadata"]["ownerReferences"];
  if (!owners.is_array()) return;
  for (const Value& owner : owners.as_array()) {
    const std::string uid(owner["uid"].string_or(""));
    ownership.dependents[uid].insert(location);
    if (!ownership.by_uid.contains(uid)) ownership.terminating.insert(location);
  }
}

bool is_crd(const Resource& resource) {
  return resource.is("apiextensions.k8s.io", "CustomResourceDefinition");
}
std::string put_line(const std::string& storage, const Stored& stored) {
  return fmt::format(R"({{"version":{},"in":{},"object":{}}})", stored.revision(),
                     quote_json(storage), stored.text());
}
bool is_cluster_role(const Resource& resource) {
  return resource.is("rbac.authorization.k8s.io", "ClusterRole");
}

}  // namespace

void State::link(const Resource& resource, const Location& location, const Value& value) {
  ownership.by_uid[std::string(value["metadata"]["uid"].string_or(""))] = location;
  note_owners(ownership, location, value);
  if (value["metadata"].find("deletionTimestamp") != nullptr)
    ownership.terminating.insert(location);
  if (is_cluster_role(resource)) roles_changed = true;
}

StoredPtr State::put(const Resource& resource, Value value) {
  drop_nulls(resource, value);
  const Location location{resource.storage, name_of(value)};
  const StoredPtr old = store.get(location.storage, location.name);
  if (old) forget_owners(ownership, location, old->value());
  link(resource, location, value);
  StoredPtr stored = store.put(location.storage, location.name, std::move(value));
  if (observer) {
    observer(
        {stored->revision(), location.storage, old ? &old->value() : nullptr, &stored->value()});
  }
  if (on_change) on_change(put_line(location.storage, *stored));
  if (is_crd(resource)) crd_changed(*this, stored->value());
  if (!old && options.namespace_defaults && resource.is("", "Namespace")) {
    fill_namespace(object_name(stored->value()));
  }
  return stored;
}

void State::restore(const std::string& line) {
  const Value entry = json::parse(line).value();
  const std::string storage(entry["in"].string_or(""));
  const auto revision = static_cast<std::uint64_t>(entry["version"].integer_or(0));
  store.advance(revision);
  if (storage.empty()) return;  // says no more than that
  const Value& object = entry["object"];
  const ResourcePtr resource = registry.storing(storage);
  if (resource == nullptr && object.is_null()) return;  // went with its definition
  if (resource == nullptr) {
    throw Exception(Errc::parse, fmt::format("the journal holds an object of {}, which no "
                                             "definition before it describes",
                                             storage));
  }
  const ObjectName name = object.is_object()
                              ? name_of(object)
                              : ObjectName{std::string(entry["namespace"].string_or("")),
                                           std::string(entry["name"].string_or(""))};
  const Location location{storage, name};
  if (const StoredPtr old = store.get(storage, name)) {
    const Value before = old->value();
    forget_owners(ownership, location, before);
    ownership.by_uid.erase(std::string(before["metadata"]["uid"].string_or("")));
    ownership.terminating.erase(location);
    if (object.is_null() && is_crd(*resource)) crd_removed(*this, before);
  }
  if (object.is_object()) link(*resource, location, object);
  store.restore(storage, name, object, revision);
  if (object.is_object() && is_crd(*resource)) crd_changed(*this, object);
}

std::string State::journal() const {
  std::string out;
  const std::string definitions = "apiextensions.k8s.io/customresourcedefinitions";
  const auto add = [&](const std::string& collection) {
    for (const StoredPtr& object : store.list(collection, ""))
      out += put_line(collection, *object) + "\n";
  };
  add(definitions);  // what they define comes after them
  for (const std::string& collection : store.collections()) {
    if (collection != definitions) add(collection);
  }
  // what was deleted last has left no line
  return out + fmt::format("{{\"version\":{}}}\n", store.revision());
}

void State::fill_namespace(const std::string& name) {
  const auto add = [&](const char* kind, const char* object, json::Object content) {
    const ResourcePtr resource = registry.find_kind("v1", kind);
    if (resource == nullptr) return;
    Value value(std::move(content));
    value["apiVersion"] = "v1";
    value["kind"] = kind;
    json::Object metadata{{"name", object},
                          {"namespace", name},
                          {"uid", env.random().uuid()},
                          {"creationTimestamp", now()}};
    value["metadata"] = std::move(metadata);
    put(*resource, std::move(value));
  };
  add("ServiceAccount", "default", {});
  add("ConfigMap", "kube-root-ca.crt", {{"data", json::Object{{"ca.crt", options.ca_pem}}}});
}

void State::remove(const Resource& resource, const StoredPtr& object) {
  const Location location{resource.storage, name_of(object->value())};
  const std::string uid(object->value()["metadata"]["uid"].string_or(""));
  forget_owners(ownership, location, object->value());
  ownership.by_uid.erase(uid);
  ownership.terminating.erase(location);
  if (const auto found = ownership.dependents.find(uid); found != ownership.dependents.end()) {
    ownership.terminating.insert(found->second.begin(), found->second.end());
  }
  if (!location.name.namespace_.empty()) {
    ownership.terminating.insert({"/namespaces", {"", location.name.namespace_}});
  }
  if (const Value& owners = object->value()["metadata"]["ownerReferences"]; owners.is_array()) {
    for (const Value& owner : owners.as_array()) {  // a foreground deletion may wait for this
      const auto found = ownership.by_uid.find(std::string(owner["uid"].string_or("")));
      if (found != ownership.by_uid.end()) ownership.terminating.insert(found->second);
    }
  }
  store.remove(location.storage, location.name, object->value());
  if (on_change) {
    on_change(fmt::format(R"({{"version":{},"in":{},"namespace":{},"name":{}}})", store.revision(),
                          quote_json(location.storage), quote_json(location.name.namespace_),
                          quote_json(location.name.name)));
  }
  if (observer) observer({store.revision(), location.storage, &object->value(), nullptr});
  if (is_crd(resource)) crd_removed(*this, object->value());
  if (is_cluster_role(resource)) roles_changed = true;
}

}  // namespace windlass::inline v0::api_server
