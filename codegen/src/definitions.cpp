#include "definitions.hpp"

#include <set>
#include <sstream>

#include <windlass/codegen/names.hpp>
#include <windlass/json/patch.hpp>
#include <windlass/meta/definition.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Value;

/// Null members say nothing, and a server's status is none of ours.
Value without_nulls(const Value& value) {
  if (!value.is_object()) return value;
  json::Object out;
  for (const auto& [key, member] : value.as_object()) {
    if (!member.is_null()) out.set(key, without_nulls(member));
  }
  return out;
}

/// Designated initialisers.
class Options {
 public:
  void text(const char* name, const Value& value) {
    if (value.is_string()) add(name, quoted(value.as_string()));
  }
  void flag(const char* name, bool value) { add(name, value ? "true" : "false"); }
  void map(const char* name, const Value& value) {
    if (!value.is_object()) return;
    std::string items;
    for (const auto& [key, text] : value.as_object()) {
      items +=
          (items.empty() ? "{" : ", {") + quoted(key) + ", " + quoted(text.string_or("")) + "}";
    }
    add(name, "{" + items + "}");
  }
  void more(const Value& said, const Value& wanted) {
    const Value patch = json::create_merge_patch(said, wanted);
    if (!patch.as_object().empty()) {
      add("more", "windlass::json::parse(" + quoted(json::dump(patch)) + ").value()");
    }
  }
  void add(const std::string& name, const std::string& value) {
    text_ += (text_.empty() ? "." : ", .") + name + " = " + value;
  }
  [[nodiscard]] std::string braced() const { return "{" + text_ + "}"; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

std::vector<type::Column> columns_of(const Value& entry) {
  std::vector<type::Column> out;
  const Value& columns = entry["additionalPrinterColumns"];
  if (!columns.is_array()) return out;
  for (const auto& column : columns.as_array()) {
    out.push_back({column["name"].string_or(""), column["type"].string_or(""),
                   column["jsonPath"].string_or(""), column["format"].string_or(""),
                   column["description"].string_or(""),
                   static_cast<std::int32_t>(column["priority"].integer_or(0))});
  }
  return out;
}

meta::Resource resource_of(const Value& spec, const Value& entry) {
  return {.group = spec["group"].string_or(""),
          .version = entry["name"].string_or(""),
          .kind = spec["names"]["kind"].string_or(""),
          .plural = spec["names"]["plural"].string_or(""),
          .namespaced = spec["scope"] == Value("Namespaced"),
          .has_status = entry["subresources"].find("status") != nullptr};
}

/// The options of a version, and in `version` what comes of them.
Options version_options(const Value& spec, const Value& entry, bool alone,
                        std::vector<meta::Version>& versions) {
  Options out;
  meta::VersionOptions options;
  if (!entry["served"].bool_or(true)) out.flag("served", options.served = false);
  options.storage = entry["storage"].bool_or(false);
  if (options.storage && !alone) out.flag("storage", true);
  options.deprecated = entry["deprecated"].bool_or(false);
  if (options.deprecated) out.flag("deprecated", true);
  options.deprecation_warning = entry["deprecationWarning"].string_or("");
  out.text("deprecation_warning", entry["deprecationWarning"]);
  if (const Value& scale = entry["subresources"]["scale"]; scale.is_object()) {
    Options paths;
    paths.text("spec_replicas", scale["specReplicasPath"]);
    paths.text("status_replicas", scale["statusReplicasPath"]);
    paths.text("label_selector", scale["labelSelectorPath"]);
    out.add("scale", paths.braced());
    options.scale = {std::string(scale["specReplicasPath"].string_or("")),
                     std::string(scale["statusReplicasPath"].string_or("")),
                     std::string(scale["labelSelectorPath"].string_or(""))};
  }
  if (const Value& fields = entry["selectableFields"]; fields.is_array()) {
    std::string items;
    for (const auto& field : fields.as_array()) {
      options.selectable_fields.emplace_back(field["jsonPath"].string_or(""));
      items += (items.empty() ? "" : ", ") + quoted(options.selectable_fields.back());
    }
    out.add("selectable_fields", "{" + items + "}");
  }
  const Value wanted = without_nulls(entry);
  auto version = meta::make_version(resource_of(spec, entry), columns_of(entry),
                                    wanted["schema"]["openAPIV3Schema"], options);
  out.more(version.entry, wanted);
  version.entry = wanted;
  const auto names = [&](const char* key) {
    std::vector<std::string> texts;
    if (const Value& list = spec["names"][key]; list.is_array()) {
      for (const auto& name : list.as_array()) texts.emplace_back(name.string_or(""));
    }
    return texts;
  };
  version.short_names = names("shortNames");
  version.categories = names("categories");
  versions.push_back(std::move(version));
  return out;
}

Options definition_options(const Value& crd, std::vector<meta::Version> versions) {
  Options out;
  meta::DefinitionOptions options;
  const Value& names = crd["spec"]["names"];
  const Value plain = meta::definition(versions);
  if (names["singular"] != plain["spec"]["names"]["singular"]) {
    out.text("singular", names["singular"]);
    options.singular = names["singular"].string_or("");
  }
  if (names["listKind"] != plain["spec"]["names"]["listKind"]) {
    out.text("list_kind", names["listKind"]);
    options.list_kind = names["listKind"].string_or("");
  }
  const auto map = [&](const char* key, std::map<std::string, std::string>& target) {
    const Value& texts = crd["metadata"][key];
    if (!texts.is_object()) return;
    for (const auto& [name, text] : texts.as_object()) target[name] = text.string_or("");
    out.map(key, texts);
  };
  map("labels", options.labels);
  map("annotations", options.annotations);
  Value wanted = without_nulls(crd);
  wanted.as_object().erase("status");
  Value said = meta::definition(std::move(versions), options);
  // the versions are there, one by one
  said["spec"].as_object().erase("versions");
  wanted["spec"].as_object().erase("versions");
  out.more(said, wanted);
  return out;
}

std::string one_definition(const Definition& definition) {
  const Value& spec = definition.crd["spec"];
  std::vector<meta::Version> versions;
  std::string text = "      definition({";
  for (const auto& version : definition.versions) {
    const auto options =
        version_options(spec, version.entry, definition.versions.size() == 1, versions);
    text += (versions.size() == 1 ? "" : ",\n                  ") + ("version<" + version.type) +
            ">(" + (options.empty() ? "" : options.braced()) + ")";
  }
  const auto options = definition_options(definition.crd, std::move(versions));
  return text + "}" + (options.empty() ? "" : ",\n                 " + options.braced()) + ")";
}

}  // namespace

std::string definitions_program(const std::vector<Definition>& definitions) {
  std::set<std::string> headers;
  std::string list;
  for (const auto& definition : definitions) {
    for (const auto& version : definition.versions) headers.insert(version.header);
    list += (list.empty() ? "" : ",\n") + one_definition(definition);
  }
  std::ostringstream out;
  out << "// Prints the CustomResourceDefinitions of these types.\n"
         "#include <windlass/meta/definition.hpp>\n\n";
  for (const auto& header : headers) out << "#include <" << header << ">\n";
  out << "\nint main() {\n  using namespace windlass::meta;\n  return print({\n"
      << list << ",\n  });\n}\n";
  return out.str();
}

}  // namespace windlass::inline v0::codegen
