#include <array>

#include <windlass/codegen/framework_types.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

struct MetaType {
  std::string_view name;
  std::string_view header;
};

constexpr std::array<MetaType, 15> kMetaTypes = {{
    {"Condition", "condition"},
    {"DeleteOptions", "status"},
    {"FieldSelectorRequirement", "label_selector"},
    {"LabelSelector", "label_selector"},
    {"LabelSelectorRequirement", "label_selector"},
    {"ListMeta", "object_meta"},
    {"ManagedFieldsEntry", "object_meta"},
    {"ObjectMeta", "object_meta"},
    {"OwnerReference", "object_meta"},
    {"PartialObjectMetadata", "object_meta"},
    {"Preconditions", "status"},
    {"ShardInfo", "object_meta"},
    {"Status", "status"},
    {"StatusCause", "status"},
    {"StatusDetails", "status"},
}};

struct ScalarType {
  std::string_view name;
  Kind kind;
};

constexpr std::array<ScalarType, 7> kScalars = {{{"FieldsV1", Kind::any},
                                                 {"IntOrString", Kind::int_or_string},
                                                 {"MicroTime", Kind::micro_time},
                                                 {"Patch", Kind::any},
                                                 {"Quantity", Kind::quantity},
                                                 {"RawExtension", Kind::any},
                                                 {"Time", Kind::time}}};

}  // namespace

std::optional<Type> framework_type(const Home& home) {
  if (!home.is_meta()) return std::nullopt;
  for (const auto& [name, kind] : kScalars) {
    if (name == home.name) return scalar(kind);
  }
  for (const auto& [name, header] : kMetaTypes) {
    if (name != home.name) continue;
    Type type = scalar(Kind::object);
    type.name = "windlass::meta::" + home.name;
    type.include = "windlass/meta/" + std::string(header) + ".hpp";
    return type;
  }
  return std::nullopt;
}

Type generated_type(const Home& home) {
  Type type = scalar(Kind::object);
  type.name = "windlass::api::" + group_label(home.group) + "::" + home.version + "::" + home.name;
  type.include = "windlass/api/" + home.unit() + ".hpp";
  return type;
}

}  // namespace windlass::inline v0::codegen
