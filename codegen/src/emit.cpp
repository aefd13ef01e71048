#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

constexpr std::size_t kColumns = 100;

bool is_own(const Type& type) { return type.include.empty() && !type.name.empty(); }

std::string element_spelling(const Type& type);

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
    case Kind::duration:
      return "windlass::meta::Duration";
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
      return "std::vector<" + element_spelling(*type.element) + ">";
    case Kind::map:
      return "windlass::FlatMap<std::string, " + element_spelling(*type.element) + ">";
  }
  return {};
}

std::string element_spelling(const Type& type) {
  const std::string plain = type_spelling(type);
  return type.may_be_null ? "std::optional<" + plain + ">" : plain;
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

/// Absent, null and a value are three things.
bool has_three_states(const Field& field) { return field.nullable && !field.required; }

bool is_std_optional(const Field& field) {
  if (has_three_states(field) || (field.required && !field.nullable)) return false;
  switch (field.type.kind) {
    case Kind::any:
    case Kind::object:
      return false;
    case Kind::list:
    case Kind::map:
      return field.nullable || field.empty_counts;
    case Kind::string:
      return field.nullable || field.empty_counts;
    default:
      return true;
  }
}

class Writer {
 public:
  explicit Writer(const Unit& unit) : unit_(unit) {
    for (const auto& structure : unit.structs) by_name_.emplace(structure.name, &structure);
  }

  std::string header() {
    out_ << "#pragma once\n// Made by windlass-gen from " << unit_.origin << "; do not edit.\n\n";
    includes();
    out_ << "\nnamespace " << unit_.namespace_name << " {\n";
    enums();
    const auto ordered = definition_order();
    forward_declarations(ordered);
    for (const auto* structure : ordered) define(*structure);
    for (const auto& list : keyed_lists()) declare_lookup(list);
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
    if (part == 0) {
      for (const auto& list : keyed_lists()) define_lookup(list);
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
    if (uses(unit_, [](const Field& f, const Type& type) {
          return is_std_optional(f) || type.may_be_null;
        })) {
      standard.insert("optional");
    }
    if (any_kind({Kind::string, Kind::map})) standard.insert("string");
    if (!unit_.enums.empty()) standard.insert("string_view");
    if (any_kind({Kind::list})) standard.insert("vector");
    std::set<std::string> own = {"windlass/type/table.hpp"};
    if (any_kind({Kind::time, Kind::micro_time})) own.insert("windlass/meta/time.hpp");
    if (any_kind({Kind::duration})) own.insert("windlass/meta/duration.hpp");
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
      out_ << "enum class " << enumeration.name
           << (enumeration.values.size() > 256 ? " : std::uint16_t {" : " : std::uint8_t {")
           << "\n";
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
      if (enumeration.numbers) out_ << "  static constexpr bool numbers = true;\n";
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
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
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
      out_ << "  /// What the schema does not name; kept as it came.\n  "
              "windlass::json::Value "
           << rest_member(structure) << ";\n";
    }
    if (!structure.fields.empty() || structure.keeps_unknown) out_ << "\n";
    if (structure.resource) resource(*structure.resource);
    out_ << "  static const windlass::type::Table& table();\n  friend bool "
            "operator==(const "
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

  /// Arrays of pointers to the constraints, which are written first.
  void branches(const std::string& name, const std::vector<Constraints::Ptr>& list) {
    if (list.empty()) return;
    std::vector<std::string> items;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string branch = name + "_" + std::to_string(i + 1);
      constraints(branch, *list[i]);
      items.push_back("&" + branch);
    }
    fill("  static constexpr const windlass::type::Constraints* " + name + "[] = {", items, "};");
  }

  static void add_text(std::vector<std::string>& items, const char* name, const std::string& text) {
    if (!text.empty()) items.push_back("." + std::string(name) + " = " + quoted(text));
  }

  void rules(const std::string& name, const std::vector<Rule>& list) {
    if (list.empty()) return;
    out_ << "  static constexpr windlass::type::Rule " << name << "[] = {\n";
    for (const auto& rule : list) {
      std::vector<std::string> items = {".rule = " + quoted(rule.rule)};
      add_text(items, "message", rule.message);
      add_text(items, "message_expression", rule.message_expression);
      add_text(items, "reason", rule.reason);
      add_text(items, "field_path", rule.field_path);
      if (rule.optional_old_self) items.emplace_back(".optional_old_self = true");
      fill("      {", items, "},");
    }
    out_ << "  };\n";
  }

  void members(const std::string& name, const std::vector<Constraints::Member>& list) {
    if (list.empty()) return;
    std::vector<std::string> items;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string member = name + "_" + std::to_string(i + 1);
      constraints(member, *list[i].constraints);
      items.push_back("{" + quoted(list[i].name) + ", &" + member + "}");
    }
    fill("  static constexpr windlass::type::MemberConstraints " + name + "[] = {", items, "};");
  }

  void demands(const std::string& name, const Constraints& rules) {
    this->rules(name + "_rules", rules.rules);
    strings(name + "_required", rules.required);
    members(name + "_members", rules.members);
    branches(name + "_all_of", rules.all_of);
    branches(name + "_any_of", rules.any_of);
    branches(name + "_one_of", rules.one_of);
    if (rules.not_) constraints(name + "_not", *rules.not_);
    items_.clear();
    if (!rules.rules.empty()) item("rules", name + "_rules");
    if (!rules.required.empty()) item("required", name + "_required");
    if (!rules.members.empty()) item("members", name + "_members");
    if (!rules.all_of.empty()) item("all_of", name + "_all_of");
    if (!rules.any_of.empty()) item("any_of", name + "_any_of");
    if (!rules.one_of.empty()) item("one_of", name + "_one_of");
    if (rules.not_) item("not_", "&" + name + "_not");
    if (!rules.keywords.is_null()) item("keywords", quoted(json::dump(rules.keywords)));
    if (rules.keywords_only) item("keywords_only", "true");
    fill("  static constexpr windlass::type::Demands " + name + "_demands{", items_, "};");
  }

  void constraints(const std::string& name, const Constraints& rules) {
    if (rules.items) constraints(name + "_items", *rules.items);
    if (rules.has_demands()) demands(name, rules);
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
    if (rules.has_demands()) item("demands", "&" + name + "_demands");
    if (!rules.json_type.empty()) item("json_type", quoted(rules.json_type));
    if (rules.nullable) item("nullable", "true");
    if (!rules.description.empty()) item("description", quoted(rules.description));
    fill("  static constexpr windlass::type::Constraints " + name + "{", items_, "};");
  }

  void columns(const std::vector<Column>& list) {
    if (list.empty()) return;
    out_ << "  static constexpr windlass::type::Column columns[] = {\n";
    for (const auto& column : list) {
      std::vector<std::string> items = {".name = " + quoted(column.name),
                                        ".type = " + quoted(column.type),
                                        ".json_path = " + quoted(column.json_path)};
      add_text(items, "format", column.format);
      add_text(items, "description", column.description);
      if (column.priority != 0) items.push_back(".priority = " + std::to_string(column.priority));
      fill("      {", items, "},");
    }
    out_ << "  };\n";
  }

  /// A list whose elements have an identity.
  struct KeyedList {
    std::string element;
    std::vector<const Field*> keys;
  };

  /// One per type of element, in the order of the structs; none where two lists
  /// disagree.
  [[nodiscard]] std::vector<KeyedList> keyed_lists() const {
    std::vector<KeyedList> out;
    std::map<std::string, std::vector<std::string>> seen;
    std::set<std::string> ambiguous;
    for (const auto& structure : unit_.structs) {
      for (const auto& field : structure.fields) {
        const auto& names = field.constraints.list_map_keys;
        if (field.type.kind != Kind::list || field.constraints.list_type != "map" ||
            names.empty() || !is_own(*field.type.element) || field.type.element->may_be_null) {
          continue;
        }
        const std::string& element = field.type.element->name;
        const auto [it, is_new] = seen.try_emplace(element, names);
        if (!is_new) {
          if (it->second != names) ambiguous.insert(element);
          continue;
        }
        if (auto list = keyed_list(element, names)) out.push_back(std::move(*list));
      }
    }
    std::erase_if(out, [&](const KeyedList& list) { return ambiguous.contains(list.element); });
    return out;
  }

  [[nodiscard]] std::optional<KeyedList> keyed_list(const std::string& element,
                                                    const std::vector<std::string>& names) const {
    const Struct* structure = find(element);
    if (structure == nullptr) return std::nullopt;
    KeyedList list{element, {}};
    for (const auto& name : names) {
      const auto field = std::find_if(structure->fields.begin(), structure->fields.end(),
                                      [&](const Field& f) { return f.json_name == name; });
      if (field == structure->fields.end() || field->nullable) return std::nullopt;
      switch (field->type.kind) {
        case Kind::object:
        case Kind::any:
        case Kind::list:
        case Kind::map:
          return std::nullopt;
        default:
          list.keys.push_back(&*field);
      }
    }
    return list;
  }

  static std::string parameters(const KeyedList& list) {
    std::string out;
    for (const auto* key : list.keys) {
      const std::string plain = type_spelling(key->type);
      const bool small = key->type.kind != Kind::string && key->type.include.empty() &&
                         plain.find("::") == plain.rfind("std::");
      out += ", " + (small ? plain + " " : "const " + plain + "& ") + key->member;
    }
    return out;
  }

  void declare_lookup(const KeyedList& list) {
    std::string names;
    for (const auto* key : list.keys) names += (names.empty() ? "" : ", ") + key->json_name;
    const std::string vector = "std::vector<" + list.element + ">";
    out_ << "\n/// The element with this " << names << ", or null pointer.\n"
         << list.element << "* find(" << vector << "& list" << parameters(list) << ");\nconst "
         << list.element << "* find(const " << vector << "& list" << parameters(list)
         << ");\n/// The element with this " << names << ", added at the end when there is none.\n"
         << list.element << "& upsert(" << vector << "& list" << parameters(list) << ");\n";
  }

  void define_lookup(const KeyedList& list) {
    const std::string vector = "std::vector<" + list.element + ">";
    std::string same, set, arguments;
    for (const auto* key : list.keys) {
      same += (same.empty() ? "" : " && ") + ("element." + key->member) + " == " + key->member;
      set += "  added." + key->member + " = " + key->member + ";\n";
      arguments += ", " + key->member;
    }
    for (const char* constant : {"", "const "}) {
      out_ << "\n"
           << constant << list.element << "* find(" << constant << vector << "& list"
           << parameters(list) << ") {\n  for (auto& element : list) {\n    if (" << same
           << ") return &element;\n  }\n  return nullptr;\n}\n";
    }
    out_ << "\n"
         << list.element << "& upsert(" << vector << "& list" << parameters(list)
         << ") {\n  if (auto* present = find(list" << arguments
         << ")) return *present;\n  auto& added = list.emplace_back();\n"
         << set << "  return added;\n}\n";
  }

  static std::string rules_name(const Field& field) { return "for_" + field.member; }

  void table(const Struct& structure) {
    out_ << "\nconst windlass::type::Table& " << structure.name << "::table() {\n";
    if (!structure.fields.empty() || structure.keeps_unknown) {
      // in the block's scope, where they hide members of the same name
      out_ << "  using T = " << structure.name
           << ";\n  using windlass::type::field;\n  using enum "
              "windlass::type::Presence;\n";
    }
    for (const auto& field : structure.fields) {
      if (!field.constraints.empty()) constraints(rules_name(field), field.constraints);
    }
    if (!structure.fields.empty()) {
      out_ << "  static constexpr windlass::type::Field fields[] = {\n";
      for (const auto& entry : structure.fields) field(entry);
      out_ << "  };\n  static constexpr auto index = "
              "windlass::type::index_of(fields);\n";
    }
    if (!structure.constraints.empty()) constraints("rules", structure.constraints);
    columns(structure.columns);
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
    if (!structure.constraints.empty()) items.emplace_back(".constraints = &rules");
    if (!structure.columns.empty()) items.emplace_back(".columns = columns");
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
  std::unordered_map<std::string_view, const Struct*> by_name_;
  std::ostringstream out_;
  std::vector<std::string> items_;
};

}  // namespace

std::string spelling(const Field& field) {
  const std::string plain = type_spelling(field.type);
  if (has_three_states(field)) return "windlass::Nullable<" + plain + ">";
  if (is_std_optional(field)) return "std::optional<" + plain + ">";
  if (field.type.kind == Kind::object && !field.by_value) return "windlass::Box<" + plain + ">";
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
