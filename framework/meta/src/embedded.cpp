#include <algorithm>
#include <cctype>
#include <string_view>

#include <windlass/base/encoding.hpp>
#include <windlass/json/table.hpp>
#include <windlass/meta/embedded.hpp>
#include <windlass/meta/names.hpp>
#include <windlass/meta/object_meta.hpp>

namespace windlass::inline v0::meta {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

class Checker {
 public:
  void check(const json::Value& resource, const std::string& path) {
    check_text(resource, path, "apiVersion", [](const std::string& version) {
      const bool one_slash = std::count(version.begin(), version.end(), '/') <= 1;
      return one_slash ? "" : "unexpected GroupVersion string: " + version;
    });
    check_text(resource, path, "kind", [](const std::string& kind) {
      const auto found = validate_dns1035_label(lower(kind));
      return found ? ""
                   : "may have mixed case, but should otherwise match: " + rule_of(found.error());
    });
    if (const json::Value* metadata = resource.find("metadata")) {
      check_metadata(*metadata, path + ".metadata");
    }
  }

  std::vector<type::Violation> take() { return std::move(found_); }

 private:
  void invalid(const std::string& path, const std::string& shown, const std::string& problem) {
    found_.push_back({path, "Invalid value: " + shown + ": " + problem});
  }
  /// Names' problems start with the text that they are about.
  void add(const std::string& path, const Result<void>& result) {
    if (!result) found_.push_back({path, result.error().message});
  }
  static std::string rule_of(const Error& error) {
    const auto end = error.message.find("\": ");
    return end == std::string::npos ? error.message : error.message.substr(end + 3);
  }

  template <class Problem>
  void check_text(const json::Value& resource, const std::string& path, const char* key,
                  const Problem& problem_of) {
    const std::string at = path + '.' + key;
    const json::Value* value = resource.find(key);
    if (value == nullptr) {
      found_.push_back({at, "Required value", "FieldValueRequired"});
    } else if (!value->is_string()) {
      invalid(at, json::dump(*value), "must be a string");
    } else if (value->as_string().empty()) {
      invalid(at, "\"\"", "must not be empty");
    } else if (const std::string problem = problem_of(value->as_string()); !problem.empty()) {
      invalid(at, quote_json(value->as_string()), problem);
    }
  }

  void check_metadata(const json::Value& value, const std::string& path) {
    const auto metadata = json::from_value<ObjectMeta>(value);
    if (!metadata) return invalid(path, json::dump(value), metadata.error().message);
    const std::string& base = metadata->generate_name;
    if (base != "." && base != "..") check_segment(base, path + ".generateName");
    check_segment(metadata->name, path + ".name");
    if (const std::string& inside = metadata->namespace_; !inside.empty()) {
      add(path + ".namespace", validate_dns1123_label(inside));
    }
    if (metadata->generation.value_or(0) < 0) {
      invalid(path + ".generation", std::to_string(*metadata->generation),
              "must be greater than or equal to 0");
    }
    for (const auto& [key, label] : metadata->labels) {
      add(path + ".labels", validate_label_key(key));
      add(path + ".labels", validate_label_value(label));
    }
    check_annotations(metadata->annotations, path + ".annotations");
    check_owners(metadata->owner_references, path + ".ownerReferences");
    check_finalizers(*metadata, path + ".finalizers");
    check_managers(*metadata, path + ".managedFields");
  }

  void check_segment(const std::string& name, const std::string& path) {
    if (name == "." || name == "..") {
      return invalid(path, quote_json(name), "may not be '" + name + "'");
    }
    for (const char c : {'/', '%'}) {
      if (name.find(c) == std::string::npos) continue;
      invalid(path, quote_json(name), std::string("may not contain '") + c + "'");
    }
  }

  void check_annotations(const StringMap& annotations, const std::string& path) {
    std::size_t total = 0;
    for (const auto& [key, text] : annotations) {
      add(path, validate_qualified_name(lower(key)));
      total += key.size() + text.size();
    }
    check_size(total, 256 * 1024, path);
  }

  void check_size(std::size_t size, std::size_t maximum, const std::string& path) {
    if (size <= maximum) return;
    found_.push_back({path, "Too long: may not be more than " + std::to_string(maximum) + " bytes",
                      "FieldValueTooLong"});
  }

  static bool names_a_version(std::string_view api_version) {
    return !api_version.empty() && api_version.back() != '/' &&
           std::count(api_version.begin(), api_version.end(), '/') <= 1;
  }

  void check_owners(const std::vector<OwnerReference>& owners, const std::string& path) {
    int controllers = 0;
    for (const OwnerReference& owner : owners) {
      if (!names_a_version(owner.api_version)) {
        invalid(path + ".apiVersion", quote_json(owner.api_version), "version must not be empty");
      }
      const std::pair<const char*, const std::string&> needed[] = {
          {".kind", owner.kind}, {".name", owner.name}, {".uid", owner.uid}};
      for (const auto& [key, text] : needed) {
        if (text.empty()) invalid(path + key, "\"\"", "must not be empty");
      }
      if (owner.api_version == "v1" && owner.kind == "Event") {
        invalid(path, json::dump(json::to_value(owner)),
                "/v1, Kind=Event is disallowed from being an owner");
      }
      controllers += owner.controller.value_or(false) ? 1 : 0;
    }
    if (controllers < 2) return;
    found_.push_back({path, "Invalid value: Only one reference can have Controller set to true"});
  }

  void check_finalizers(const ObjectMeta& metadata, const std::string& path) {
    for (const std::string& name : metadata.finalizers) add(path, validate_qualified_name(name));
    if (metadata.has_finalizer("orphan") && metadata.has_finalizer("foregroundDeletion")) {
      found_.push_back(
          {path, "Invalid value: finalizer orphan and foregroundDeletion cannot be both set"});
    }
  }

  void check_managers(const ObjectMeta& metadata, const std::string& path) {
    std::size_t i = 0;
    for (const ManagedFieldsEntry& entry : metadata.managed_fields) {
      const std::string at = path + '[' + std::to_string(i++) + ']';
      if (entry.operation != "Apply" && entry.operation != "Update") {
        invalid(at + ".operation", quote_json(entry.operation), "must be `Apply` or `Update`");
      }
      if (!entry.fields_type.empty() && entry.fields_type != "FieldsV1") {
        invalid(at + ".fieldsType", quote_json(entry.fields_type), "must be `FieldsV1`");
      }
      check_size(entry.manager.size(), 128, at + ".manager");
      check_size(entry.subresource.size(), 256, at + ".subresource");
    }
  }

  std::vector<type::Violation> found_;
};

}  // namespace

std::vector<type::Violation> validate_embedded(const json::Value& resource,
                                               const std::string& path) {
  Checker checker;
  if (resource.is_object()) checker.check(resource, path);
  return checker.take();
}

}  // namespace windlass::inline v0::meta
