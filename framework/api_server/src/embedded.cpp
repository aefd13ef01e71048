// Embedded resources of custom objects: objects of their own, with metadata, which the server reads
// and checks as it does the metadata of the whole.

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "builtin.hpp"
#include "names.hpp"
#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Value;

namespace {

/// Goes to the parts of a value that have a schema and hold embedded resources.
template <class Json, class Visit>
void visit_parts(const Schema& schema, Json& value, const std::string& path, const Visit& visit) {
  const auto part = [&](const Schema* below, Json& inner, const std::string& at) {
    if (below != nullptr && below->holds_embedded) visit(*below, inner, at);
  };
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      part(schema.items, value.as_array()[i], index(path, i));
    }
  } else if (value.is_object()) {
    for (auto& member : value.as_object()) {
      if (const Field* field = schema.field(member.key)) {
        part(field->schema, member.value, child(path, member.key));
      } else {
        part(schema.values, member.value, keyed(path, member.key));
      }
    }
  }
}

[[noreturn]] void unreadable(const std::string& path, const Value& value, std::string_view why) {
  throw Failure::bad_request(
      fmt::format("{}: Invalid value: {}: {}", path, show_value(value), why));
}

void coerce_metadata(Value& metadata, const Schema& object_meta, const std::string& path,
                     Unknown& unknown) {
  if (metadata.is_null()) metadata = json::Object{};
  if (!metadata.is_object()) {
    unreadable(path, metadata,
               fmt::format("json: cannot unmarshal {} into Go value of type v1.ObjectMeta",
                           metadata.is_number() ? "number" : json::to_string(metadata.type())));
  }
  const Value given = metadata;
  Unknown found;
  try {
    normalize(object_meta, metadata, "", "", found);
  } catch (const Failure& failure) {
    unreadable(path, given, reason_of(failure.what()));
  }
  for (std::string& field : found.fields) {
    field.insert(std::string_view("unknown field \"").size(), path + ".");
    unknown.fields.push_back(std::move(field));
  }
}

void check_kind(std::string_view kind, const std::string& path, Causes& causes) {
  if (kind.empty()) return causes.invalid(path, kind, "must not be empty");
  std::string lower(kind);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const Problems problems = dns1035_problem(lower); !problems.empty()) {
    causes.invalid(path, kind,
                   fmt::format("may have mixed case, but should otherwise match: {}",
                               fmt::join(problems, ",")));
  }
}

void check_api_version(std::string_view text, const std::string& path, Causes& causes) {
  if (text.empty()) return causes.invalid(path, text, "must not be empty");
  if (std::count(text.begin(), text.end(), '/') > 1) {
    causes.invalid(path, text, fmt::format("unexpected GroupVersion string: {}", text));
  }
}

}  // namespace

void coerce_embedded(const Schema& schema, Value& value, const Schema& object_meta,
                     const std::string& path, Unknown& unknown) {
  if (!schema.holds_embedded) return;
  if (schema.embedded && value.is_object()) {
    for (auto& member : value.as_object()) {
      if (member.key == "metadata") {
        coerce_metadata(member.value, object_meta, child(path, member.key), unknown);
      } else if ((member.key == "apiVersion" || member.key == "kind") &&
                 !member.value.is_string()) {
        unreadable(child(path, member.key), member.value, "must be a string");
      }
    }
  }
  visit_parts(schema, value, path, [&](const Schema& below, Value& inner, const std::string& at) {
    coerce_embedded(below, inner, object_meta, at, unknown);
  });
}

void validate_embedded(const Schema& schema, const Value& value, const std::string& path,
                       Causes& causes) {
  if (!schema.holds_embedded) return;
  if (schema.embedded && value.is_object()) {
    for (const char* key : {"apiVersion", "kind"}) {
      if (value.find(key) == nullptr) causes.required(child(path, key));
    }
    if (const Value* version = value.find("apiVersion")) {
      check_api_version(version->string_or(""), child(path, "apiVersion"), causes);
    }
    if (const Value* kind = value.find("kind")) {
      check_kind(kind->string_or(""), child(path, "kind"), causes);
    }
    if (const Value* metadata = value.find("metadata")) {
      check_embedded_metadata(*metadata, child(path, "metadata"), causes);
    }
  }
  visit_parts(schema, value, path,
              [&](const Schema& below, const Value& inner, const std::string& at) {
                validate_embedded(below, inner, at, causes);
              });
}

}  // namespace windlass::inline v0::api_server
