#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

constexpr std::size_t kColumns = 100;

bool is_own(const Type& type) { return type.include.empty() && !type.name.empty(); }

std::string type_spelling(const Type& type) {
  switch (type.kind) {
    case Kind::boolean:
      return "bool";
    case Kind::int32:
      return "std::int32_t";
    case Kind::int64:
      return "std::int64_t";
    case Kind::float64:
      return "double";
    case Kind::string:
      return "std::string";
    case Kind::time:
      return "windlass::meta::Time";
    case Kind::micro_time:
      return "windlass::meta::MicroTime";
    case Kind::quantity:
      return "windlass::meta::Quantity";
    case Kind::int_or_string:
      return "windlass::meta::IntOrString";
    case Kind::any:
      return "windlass::json::Value";
    case Kind::enumeration:
    case Kind::object:
      return type.name;
    case Kind::list:
      return "std::vector<" + type_spelling(*type.element) + ">";
    case Kind::map:
      return "windlass::FlatMap<std::string, " + type_spelling(*type.element) + ">";
  }
  return {};
}

/// Calls `visit` for the type and for what it contains.
template <class Visit>
void walk(const Type& type, const Visit& visit) {
  visit(type);
  if (type.element) walk(*type.element, visit);
}

bool uses(const Unit& unit, const std::function<bool(const Field&, const Type&)>& test) {
  bool found = false;
  for (const auto& structure : unit.structs) {
    for (const auto& field : structure.fields) {
      walk(field.type, [&](const Type& type) { found = found || test(field, type); });
    }
  }
  return found;
}

bool is_optional_scalar(const Field& field) {
  if (field.required && !field.nullable) return false;
  switch (field.type.kind) {
    case Kind::any:
    case Kind::object:
    case Kind::list:
    case Kind::map:
      return false;
    case Kind::string:
      return field.empty_counts;
    default:
      return true;
  }
}

class Writer {
 public:
  explicit Writer(const Unit& unit) : unit_(unit) {}

  std::string header() {
    out_ << "#pragma once\n// Made by windlass-gen from " << unit_.origin << "; do not edit.\n\n";
    includes();
    out_ << "\nnamespace " << unit_.namespace_name << " {\n";
    enums();
    const auto ordered = definition_order();
    forward_declarations(ordered);
    for (const auto* structure : ordered) define(*structure);
    out_ << "\n}  // namespace " << unit_.namespace_name << "\n";
    return out_.str();
  }

  std::string source(std::size_t part, std::size_t parts) {
    out_ << "// Made by windlass-gen from " << unit_.origin << "; do not edit.\n#include <"
         << unit_.header << ">\n\n#include <cstddef>\n\n";
    if (any_any()) out_ << "#include <windlass/json/table.hpp>\n";
    out_ << "#include <windlass/type/table.hpp>\n\nnamespace " << unit_.namespace_name << " {\n";
    if (part == 0) {
      for (const auto& enumeration : unit_.enums) enum_functions(enumeration);
    }
    const std::size_t count = unit_.structs.size();
    for (std::size_t i = count * part / parts; i < count * (part + 1) / parts; ++i) {
      table(unit_.structs[i]);
    }
    out_ << "\n}  // namespace " << unit_.namespace_name << "\n";
    return out_.str();
  }

 private:
  [[nodiscard]] bool any_any() const {
    return std::any_of(unit_.structs.begin(), unit_.structs.end(),
                       [](const Struct& s) { return s.keeps_unknown; }) ||
           uses(unit_, [](const Field&, const Type& type) { return type.kind == Kind::any; });
  }

  [[nodiscard]] bool any_kind(std::initializer_list<Kind> kinds) const {
    return uses(unit_, [&](const Field&, const Type& type) {
      return std::find(kinds.begin(), kinds.end(), type.kind) != kinds.end();
    });
  }

  void includes() {
    std::set<std::string> standard;
    if (any_kind({Kind::int32, Kind::int64}) || !unit_.enums.empty()) standard.insert("cstdint");
    if (uses(unit_, [](const Field& f, const Type&) { return is_optional_scalar(f); })) {
      standard.insert("optional");
    }
    if (any_kind({Kind::string, Kind::map})) standard.insert("string");
    if (!unit_.enums.empty()) standard.insert("string_view");
    if (any_kind({Kind::list})) standard.insert("vector");
    std::set<std::string> own = {"windlass/type/table.hpp"};
    if (any_kind({Kind::time, Kind::micro_time})) own.insert("windlass/meta/time.hpp");
    if (any_kind({Kind::quantity})) own.insert("windlass/meta/quantity.hpp");
    if (any_kind({Kind::int_or_string})) own.insert("windlass/meta/int_or_string.hpp");
    if (any_any()) own.insert("windlass/json/value.hpp");
    for (const auto& structure : unit_.structs) {
      if (!structure.resource) continue;
      own.insert("windlass/meta/resource.hpp");
      if (!structure.resource->short_names.empty() || !structure.resource->categories.empty()) {
        standard.insert({"array", "string_view"});
      }
    }
    uses(unit_, [&](const Field&, const Type& type) {
      if (!type.include.empty()) own.insert(type.include);
      return false;
    });
    for (const auto& name : standard) out_ << "#include <" << name << ">\n";
    if (!standard.empty()) out_ << "\n";
    for (const auto& name : own) out_ << "#include <" << name << ">\n";
  }

  void documentation(const std::string& text, const char* indent) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string row;
      for (std::string word; words >> word;) {
        if (!row.empty() && row.size() + word.size() + 1 + 4 + 2 > kColumns) {
          out_ << indent << "/// " << row << "\n";
          row.clear();
        }
        if (!row.empty()) row += ' ';
        row += word;
      }
      // a backslash at the end would continue the comment on the next line
      while (!row.empty() && (row.back() == '\\' || row.back() == ' ')) row.pop_back();
      out_ << indent << (row.empty() ? "///" : "/// ") << row << "\n";
    }
  }

  void enums() {
    if (unit_.enums.empty()) return;
    for (const auto& enumeration : unit_.enums) {
      out_ << "\n";
      documentation(enumeration.documentation, "");
      out_ << "enum class " << enumeration.name << " : std::uint8_t {\n";
      for (const auto& value : enumeration.values) {
        out_ << "  " << value.name << ",";
        if (value.name != value.text) out_ << "  ///< " << quoted(value.text);
        out_ << "\n";
      }
      out_ << "};\n/// As the schema spells it.\nstd::string_view to_string(" << enumeration.name
           << " value);\n";
    }
    out_ << "\n}  // namespace " << unit_.namespace_name << "\n\n";
    for (const auto& enumeration : unit_.enums) {
      out_ << "template <>\nstruct windlass::type::EnumNames<" << qualified_namespace()
           << "::" << enumeration.name << "> {\n";
      std::vector<std::string> names;
      for (const auto& value : enumeration.values) names.push_back(quoted(value.text));
      fill("  static constexpr std::string_view names[] = {", names, "};");
      out_ << "};\n";
    }
    out_ << "\nnamespace " << unit_.namespace_name << " {\n";
  }

  /// A qualified name leaves inline namespaces out.
  [[nodiscard]] std::string qualified_namespace() const {
    constexpr std::string_view kInline = "inline v0::";
    std::string name = unit_.namespace_name;
    if (const auto at = name.find(kInline); at != name.npos) name.erase(at, kInline.size());
    return name;
  }

  void enum_functions(const Enum& enumeration) {
    out_ << "\nstd::string_view to_string(" << enumeration.name
         << " value) {\n  using Names = windlass::type::EnumNames<" << enumeration.name
         << ">;\n  return Names::names[static_cast<std::size_t>(value)];\n}\n";
  }

  const Struct* find(const std::string& name) const {
    const auto it = std::find_if(unit_.structs.begin(), unit_.structs.end(),
                                 [&](const Struct& s) { return s.name == name; });
    return it == unit_.structs.end() ? nullptr : &*it;
  }

  /// What a struct holds comes before it, as far as recursion allows.
  std::vector<const Struct*> definition_order() const {
    std::vector<const Struct*> ordered;
    std::set<const Struct*> seen;
    const std::function<void(const Struct&)> place = [&](const Struct& structure) {
      if (!seen.insert(&structure).second) return;
      for (const auto& field : structure.fields) {
        walk(field.type, [&](const Type& type) {
          const Struct* used = is_own(type) ? find(type.name) : nullptr;
          if (used) place(*used);
        });
      }
      ordered.push_back(&structure);
    };
    for (const auto& structure : unit_.structs) place(structure);
    return ordered;
  }

  void forward_declarations(const std::vector<const Struct*>& ordered) {
    std::set<std::string> defined, needed;
    for (const auto* structure : ordered) {
      for (const auto& field : structure->fields) {
        walk(field.type, [&](const Type& type) {
          if (is_own(type) && type.kind == Kind::object && !defined.contains(type.name)) {
            needed.insert(type.name);
          }
        });
      }
      defined.insert(structure->name);
    }
    if (!needed.empty()) out_ << "\n";
    for (const auto& name : needed) out_ << "struct " << name << ";\n";
  }

  void define(const Struct& structure) {
    out_ << "\n";
    documentation(structure.documentation, "");
    out_ << "struct " << structure.name << " {\n";
    for (const auto& field : structure.fields) {
      documentation(field.documentation, "  ");
      out_ << "  " << spelling(field) << " " << field.member;
      if (needs_initialiser(field)) out_ << "{}";
      out_ << ";\n";
    }
    if (structure.keeps_unknown) {
      out_ << "  /// What the schema does not name; kept as it came.\n  windlass::json::Value "
           << rest_member(structure) << ";\n";
    }
    if (!structure.fields.empty() || structure.keeps_unknown) out_ << "\n";
    if (structure.resource) resource(*structure.resource);
    out_ << "  static const windlass::type::Table& table();\n  friend bool operator==(const "
         << structure.name << "& a, const " << structure.name << "& b);\n};\n";
  }

  /// So that a default-initialised object holds no indeterminate values.
  static bool needs_initialiser(const Field& field) {
    if (!field.required || field.nullable) return false;
    switch (field.type.kind) {
      case Kind::boolean:
      case Kind::int32:
      case Kind::int64:
      case Kind::float64:
      case Kind::enumeration:
        return true;
      default:
        return false;
    }
  }

  static std::string rest_member(const Struct& structure) {
    std::string name = "unknown_fields";
    for (const auto& field : structure.fields) {
      if (field.member == name) name += '_';
    }
    return name;
  }

  /// `head` + items + `tail`, filled to the column limit.
  void fill(const std::string& head, const std::vector<std::string>& items,
            const std::string& tail) {
    const std::size_t indent = head.find_first_not_of(' ') + 4;
    out_ << head;
    std::size_t column = head.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool last = i + 1 == items.size();
      const std::size_t size = items[i].size() + (last ? tail.size() : 1);
      const bool fits = column + (i > 0 ? 1 : 0) + size <= kColumns;
      if (!fits) {
        out_ << '\n' << std::string(indent, ' ');
        column = indent;
      } else if (i > 0) {
        out_ << ' ';
        ++column;
      }
      out_ << items[i];
      column += items[i].size();
      if (!last) {
        out_ << ',';
        ++column;
      }
    }
    out_ << tail << '\n';
  }

  static std::vector<std::string> all_quoted(const std::vector<std::string>& values) {
    std::vector<std::string> out;
    for (const auto& value : values) out.push_back(quoted(value));
    return out;
  }

  void string_array(const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    fill("  static constexpr std::array<std::string_view, " + std::to_string(values.size()) + "> " +
             name + " = {",
         all_quoted(values), "};");
  }

  void resource(const Resource& resource) {
    if (resource.plural.empty()) return;
    fill("  static constexpr windlass::meta::Resource resource{",
         {".group = " + quoted(resource.group), ".version = " + quoted(resource.version),
          ".kind = " + quoted(resource.kind), ".plural = " + quoted(resource.plural),
          std::string(".namespaced = ") + (resource.namespaced ? "true" : "false"),
          std::string(".has_status = ") + (resource.has_status ? "true" : "false")},
         "};");
    string_array("short_names", resource.short_names);
    string_array("categories", resource.categories);
  }

  void number(const char* name, const json::Value& value) {
    if (value.is_null()) return;
    std::string text = json::dump(value);
    if (text.find_first_of(".eE") == std::string::npos) text += ".0";
    item(name, text);
  }

  void count(const char* name, const std::optional<std::int64_t>& value) {
    if (value) item(name, std::to_string(*value) + "u");
  }

  void item(const char* name, const std::string& text) {
    items_.push_back("." + std::string(name) + " = " + text);
  }

  void strings(const std::string& name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    fill("  static constexpr std::string_view " + name + "[] = {", all_quoted(values), "};");
  }

  void constraints(const std::string& name, const Constraints& rules) {
    if (rules.items) constraints(name + "_items", *rules.items);
    strings(name + "_values", rules.values);
    strings(name + "_keys", rules.list_map_keys);
    items_.clear();
    number("minimum", rules.minimum);
    number("maximum", rules.maximum);
    if (rules.exclusive_minimum) item("exclusive_minimum", "true");
    if (rules.exclusive_maximum) item("exclusive_maximum", "true");
    number("multiple_of", rules.multiple_of);
    count("min_length", rules.min_length);
    count("max_length", rules.max_length);
    count("min_items", rules.min_items);
    count("max_items", rules.max_items);
    if (rules.unique_items) item("unique_items", "true");
    if (!rules.pattern.empty()) item("pattern", quoted(rules.pattern));
    if (!rules.format.empty()) item("format", quoted(rules.format));
    if (!rules.values.empty()) item("values", name + "_values");
    if (!rules.default_value.is_null()) {
      item("default_json", quoted(json::dump(rules.default_value)));
    }
    if (!rules.list_type.empty()) {
      item("list_type", "windlass::type::ListType::" + rules.list_type);
    }
    if (!rules.list_map_keys.empty()) item("list_map_keys", name + "_keys");
    if (rules.immutable) item("immutable", "true");
    if (rules.items) item("items", "&" + name + "_items");
    fill("  static constexpr windlass::type::Constraints " + name + "{", items_, "};");
  }

  static std::string rules_name(const Field& field) { return "for_" + field.member; }

  void table(const Struct& structure) {
    out_ << "\nconst windlass::type::Table& " << structure.name << "::table() {\n";
    if (!structure.fields.empty() || structure.keeps_unknown) {
      // in the block's scope, where they hide members of the same name
      out_ << "  using T = " << structure.name
           << ";\n  using windlass::type::field;\n  using enum windlass::type::Presence;\n";
    }
    for (const auto& field : structure.fields) {
      if (!field.constraints.empty()) constraints(rules_name(field), field.constraints);
    }
    if (!structure.fields.empty()) {
      out_ << "  static constexpr windlass::type::Field fields[] = {\n";
      for (const auto& entry : structure.fields) field(entry);
      out_ << "  };\n  static constexpr auto index = windlass::type::index_of(fields);\n";
    }
    std::vector<std::string> items = {".name = " + quoted(structure.name)};
    if (!structure.fields.empty())
      items.insert(items.end(), {".fields = fields", ".index = index"});
    if (structure.resource) {
      items.push_back(".api_version = " + quoted(structure.resource->api_version()));
      items.push_back(".kind = " + quoted(structure.resource->kind));
    }
    if (structure.keeps_unknown) {
      const std::string rest = rest_member(structure);
      items.push_back(".rest = field<&T::" + rest + ">(\"\", offsetof(T, " + rest + "), optional)");
    }
    fill("  static constexpr windlass::type::Table table{", items, "};");
    out_ << "  return table;\n}\nbool operator==(const " << structure.name << "& a, const "
         << structure.name << "& b) {\n  return windlass::type::equal(a, b);\n}\n";
  }

  void field(const Field& field) {
    std::vector<std::string> items = {quoted(field.json_name), "offsetof(T, " + field.member + ")",
                                      field.required ? "required" : "optional"};
    if (!field.constraints.empty()) items.push_back("&" + rules_name(field));
    fill("      field<&T::" + field.member + ">(", items, "),");
  }

  const Unit& unit_;
  std::ostringstream out_;
  std::vector<std::string> items_;
};

}  // namespace

std::string spelling(const Field& field) {
  const std::string plain = type_spelling(field.type);
  if (field.type.kind == Kind::object && !field.by_value) return "windlass::Box<" + plain + ">";
  if (is_optional_scalar(field)) return "std::optional<" + plain + ">";
  return plain;
}

std::map<std::string, std::string> emit(const Unit& unit, const EmitOptions& options) {
  std::map<std::string, std::string> files;
  files.emplace(unit.header, Writer(unit).header());
  const auto parts = static_cast<std::size_t>(std::max(options.parts, 1));
  for (std::size_t part = 0; part < parts; ++part) {
    const std::string suffix = parts == 1 ? "" : "_" + std::to_string(part + 1);
    files.emplace(unit.source + suffix + ".cpp", Writer(unit).source(part, parts));
  }
  return files;
}

}  // namespace windlass::inline v0::codegen
