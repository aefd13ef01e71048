#include "failure.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "names.hpp"
#include "registry.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

std::string show_value(const Value& value) {
  if (value.is_string()) return quote_json(value.as_string());
  return json::dump(value);
}

std::string show_go(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_null()) return "<nil>";
  if (value.is_array()) {
    std::string out;
    for (const Value& entry : value.as_array()) out += (out.empty() ? "" : " ") + show_go(entry);
    return "[" + out + "]";
  }
  if (!value.is_object()) return json::dump(value);
  std::string out;
  for (const auto& member : value.as_object()) {
    out += (out.empty() ? "" : " ") + member.key + ":" + show_go(member.value);
  }
  return "map[" + out + "]";
}

std::string show_go_syntax(const Value& value) {
  if (value.is_null()) return "interface {}(nil)";
  std::string out;
  if (value.is_array()) {
    for (const Value& entry : value.as_array()) {
      out += (out.empty() ? "" : ", ") + show_go_syntax(entry);
    }
    return "[]interface {}{" + out + "}";
  }
  if (!value.is_object()) return json::dump(value);
  for (const auto& member : value.as_object()) {
    out += (out.empty() ? "" : ", ") + quote_json(member.key) + ":" + show_go_syntax(member.value);
  }
  return "map[string]interface {}{" + out + "}";
}

void Causes::add(std::string reason, std::string message, std::string field) {
  list_.push_back({std::move(reason), std::move(message), std::move(field)});
}
void Causes::required(std::string field, std::string_view detail) {
  std::string message = "Required value";
  if (!detail.empty()) message += fmt::format(": {}", detail);
  add("FieldValueRequired", std::move(message), std::move(field));
}
void Causes::special_address(std::string field, const Value& value, std::string_view text) {
  if (loopback_endpoints_ && is_loopback(text)) return;
  invalid(std::move(field), value, special_address_problem(text));
}

void Causes::invalid(std::string field, const Value& value, std::string_view detail) {
  std::string message = fmt::format("Invalid value: {}", show_value(value));
  if (!detail.empty()) message += fmt::format(": {}", detail);
  add("FieldValueInvalid", std::move(message), std::move(field));
}
void Causes::invalid(std::string field, const Value& value,
                     const std::vector<std::string>& details) {
  for (const std::string& detail : details) invalid(field, value, detail);
}
void Causes::invalid_shown(std::string field, std::string_view shown, std::string_view detail) {
  add("FieldValueInvalid", fmt::format("Invalid value: {}: {}", shown, detail), std::move(field));
}
void Causes::not_supported(std::string field, const Value& value,
                           const std::vector<std::string>& supported) {
  not_supported_shown(std::move(field), show_value(value), supported);
}
void Causes::not_supported_shown(std::string field, std::string_view shown,
                                 const std::vector<std::string>& supported) {
  std::string message = fmt::format("Unsupported value: {}", shown);
  for (std::size_t i = 0; i < supported.size(); ++i) {
    message += i == 0 ? ": supported values: " : ", ";
    message += quote_json(supported[i]);
  }
  add("FieldValueNotSupported", std::move(message), std::move(field));
}
void Causes::duplicate(std::string field, const Value& value) {
  add("FieldValueDuplicate", fmt::format("Duplicate value: {}", show_value(value)),
      std::move(field));
}
void Causes::not_found(std::string field, const Value& value) {
  add("FieldValueNotFound", fmt::format("Not found: {}", show_value(value)), std::move(field));
}
void Causes::forbidden(std::string field, std::string_view detail) {
  add("FieldValueForbidden", fmt::format("Forbidden: {}", detail), std::move(field));
}
void Causes::too_long(std::string field, std::size_t maximum) {
  add("FieldValueTooLong", fmt::format("Too long: may not be more than {} bytes", maximum),
      std::move(field));
}
void Causes::too_many(std::string field, std::size_t actual, std::size_t maximum) {
  add("FieldValueTooMany",
      fmt::format("Too many: {}: must have at most {} item{}", actual, maximum,
                  maximum == 1 ? "" : "s"),
      std::move(field));
}
void Causes::type_invalid(std::string field, const Value& value, std::string_view detail) {
  add("FieldValueTypeInvalid", fmt::format("Invalid value: {}: {}", show_value(value), detail),
      std::move(field));
}

Value make_status(int code, std::string_view reason, std::string_view message, Value details) {
  Object status{{"apiVersion", "v1"}, {"kind", "Status"}, {"metadata", Object{}}};
  status.set("status", code < 400 ? "Success" : "Failure");
  if (!message.empty()) status.set("message", message);
  if (!reason.empty()) status.set("reason", reason);
  if (!details.is_null()) status.set("details", std::move(details));
  if (code >= 400) status.set("code", code);
  return status;
}

Failure::Failure(int code, std::string reason, std::string message, Value details)
    : code_(code),
      reason_(std::move(reason)),
      message_(std::move(message)),
      details_(std::move(details)) {}

Value Failure::status() const { return make_status(code_, reason_, message_, details_); }

namespace {
Value details_of(const Resource& resource, std::string_view name, std::string_view kind) {
  Object details;
  if (!name.empty()) details.set("name", name);
  if (!resource.group.empty()) details.set("group", resource.group);
  if (!kind.empty()) details.set("kind", kind);
  return details;
}
}  // namespace

Failure Failure::bad_request(std::string message) {
  return {400, "BadRequest", std::move(message)};
}
Failure Failure::not_found(const Resource& resource, std::string_view name) {
  return {404, "NotFound", fmt::format("{} \"{}\" not found", resource.qualified(), name),
          details_of(resource, name, resource.plural)};
}
Failure Failure::path_not_found() {
  return {404, "NotFound", "the server could not find the requested resource", Object{}};
}
Failure Failure::already_exists(const Resource& resource, std::string_view name) {
  return {409, "AlreadyExists", fmt::format("{} \"{}\" already exists", resource.qualified(), name),
          details_of(resource, name, resource.plural)};
}
Failure Failure::conflict(const Resource& resource, std::string_view name, std::string_view why) {
  if (why.empty()) {
    why =
        "the object has been modified; please apply your changes to the latest version and try "
        "again";
  }
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource.qualified(), name,
                      why),
          details_of(resource, name, resource.plural)};
}
Failure Failure::invalid(const Resource& resource, std::string_view name, const Causes& causes) {
  Value details = details_of(resource, name, resource.kind);
  Array list;
  std::vector<std::string> texts;
  for (const Cause& cause : causes.list()) {
    Object entry{{"message", cause.message}, {"reason", cause.reason}};
    if (!cause.field.empty()) entry.set("field", cause.field);
    list.push_back(std::move(entry));
    std::string line = cause.field + ": " + cause.message;
    if (std::find(texts.begin(), texts.end(), line) == texts.end())
      texts.push_back(std::move(line));
  }
  std::string text = fmt::format("{}", fmt::join(texts, ", "));
  if (texts.size() > 1) text = "[" + text + "]";
  details["causes"] = std::move(list);
  std::string kind = resource.kind;
  const bool event = resource.kind == "Event";  // of either group, the server means the core's
  if (event) details.as_object().erase("group");
  if (!resource.group.empty() && !event) kind += "." + resource.group;
  return {422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", kind, name, text),
          std::move(details)};
}
Failure Failure::invalid_options(std::string_view kind, const Causes& causes) {
  const Resource options{.group = "meta.k8s.io",
                         .version = "v1",
                         .kind = std::string(kind),
                         .plural = "",
                         .singular = ""};
  return invalid(options, "", causes);
}
Failure Failure::invalid_patch(std::string_view shown, std::string_view why) {
  Causes causes;
  causes.invalid("patch", Value(shown), why);
  return invalid(Resource{.group = "", .version = "", .kind = "", .plural = "", .singular = ""}, "",
                 causes);
}
Failure Failure::forbidden(const Resource& resource, std::string_view name, std::string_view why) {
  std::string object = resource.qualified();
  if (!name.empty()) object += fmt::format(" \"{}\"", name);
  return {403, "Forbidden", fmt::format("{} is forbidden: {}", object, why),
          details_of(resource, name, resource.plural)};
}
Failure Failure::method_not_allowed(const Resource& resource, std::string_view verb) {
  (void)resource;
  (void)verb;
  return {405, "MethodNotAllowed",
          "the server does not allow this method on the requested resource", Object{}};
}
Failure Failure::expired(std::string message) { return {410, "Expired", std::move(message)}; }
Failure Failure::too_many_requests(std::string message, Value details) {
  return {429, "TooManyRequests", std::move(message), std::move(details)};
}
Failure Failure::unsupported_media_type(std::string_view what, std::string_view accepted) {
  (void)what;
  return {415, "UnsupportedMediaType",
          fmt::format("the body of the request was in an unknown format - accepted media types "
                      "include: {}",
                      accepted)};
}

}  // namespace windlass::inline v0::api_server
