#include <algorithm>
#include <set>
#include <utility>

#include <windlass/codegen/conversion.hpp>
#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

/// One line of what a version has and the other has not, or has otherwise.
struct Difference {
  std::string path;
  std::string text;
};

const Struct* own_struct(const Unit& unit, const Type& type) {
  if (type.kind != Kind::object || !type.include.empty()) return nullptr;
  const auto found = std::find_if(unit.structs.begin(), unit.structs.end(),
                                  [&](const Struct& s) { return s.name == type.name; });
  return found == unit.structs.end() ? nullptr : &*found;
}

const Enum* own_enum(const Unit& unit, const Type& type) {
  if (type.kind != Kind::enumeration || !type.include.empty()) return nullptr;
  const auto found = std::find_if(unit.enums.begin(), unit.enums.end(),
                                  [&](const Enum& e) { return e.name == type.name; });
  return found == unit.enums.end() ? nullptr : &*found;
}

/// What `here` has that meta::keep_common does not carry over to `there`.
class Comparison {
 public:
  Comparison(const Unit& here, const Unit& there, std::string other)
      : here_(here), there_(there), other_(std::move(other)) {}

  void structs(const Struct& here, const Struct& there, const std::string& path) {
    if (!open_.insert({&here, &there}).second) return;
    for (const auto& field : here.fields) {
      const std::string place = path.empty() ? field.json_name : path + '.' + field.json_name;
      const auto other =
          std::find_if(there.fields.begin(), there.fields.end(),
                       [&](const Field& f) { return f.json_name == field.json_name; });
      if (other == there.fields.end()) {
        if (!there.keeps_unknown) add(place, spelling(field) + ", not in " + other_);
      } else if (!types(field.type, other->type, place)) {
        add(place, spelling(field) + ", in " + other_ + " " + spelling(*other));
      }
    }
    open_.erase({&here, &there});
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  void add(const std::string& path, std::string text) { found_.push_back({path, std::move(text)}); }

  /// False when values of the one are none of the other's.
  bool types(const Type& here, const Type& there, const std::string& path) {
    if (there.kind == Kind::any) return true;
    const bool integers = here.kind == Kind::int32 || here.kind == Kind::int64;
    if (integers && (there.kind == Kind::int64 || there.kind == Kind::float64)) return true;
    if (here.kind == Kind::int64 && there.kind == Kind::int32) {
      add(path, "std::int64_t, in " + other_ + " std::int32_t, which does not hold all of them");
      return true;
    }
    if (here.kind == Kind::enumeration && there.kind == Kind::string) return true;
    if (there.kind == Kind::enumeration) return enums(here, there, path);
    if (here.kind != there.kind) return false;
    if (here.kind == Kind::list || here.kind == Kind::map) {
      return types(*here.element, *there.element, path + (here.kind == Kind::list ? "[]" : "{}"));
    }
    const Struct* a = own_struct(here_, here);
    const Struct* b = own_struct(there_, there);
    if (a != nullptr && b != nullptr) {
      structs(*a, *b, path);
      return true;
    }
    return a == b && here.name == there.name;
  }

  bool enums(const Type& here, const Type& there, const std::string& path) {
    const Enum* from = own_enum(here_, here);
    const Enum* to = own_enum(there_, there);
    if (to == nullptr) return false;
    if (from == nullptr) {
      if (here.kind != Kind::string || to->numbers) return false;
      add(path, "std::string, in " + other_ + " " + to->name + ", which has not all values");
      return true;
    }
    if (from->numbers != to->numbers) return false;
    std::string missing;
    for (const auto& value : from->values) {
      const bool there_too =
          std::any_of(to->values.begin(), to->values.end(),
                      [&](const Enum::Value& other) { return other.text == value.text; });
      if (!there_too) missing += (missing.empty() ? "" : ", ") + quoted(value.text);
    }
    if (!missing.empty()) add(path, "the values " + missing + " are not in " + other_);
    return true;
  }

  const Unit& here_;
  const Unit& there_;
  std::string other_;
  std::set<std::pair<const Struct*, const Struct*>> open_;
  std::vector<Difference> found_;
};

std::vector<Difference> compare(const Unit& here, const Unit& there, const std::string& other) {
  Comparison comparison(here, there, other);
  // a unit's root is its last struct
  comparison.structs(here.structs.back(), there.structs.back(), "");
  return comparison.take();
}

std::string as_comment(const std::vector<Difference>& differences, const std::string& other) {
  if (differences.empty()) return "// Everything has its counterpart in " + other + ".\n";
  std::string out =
      "// Not copied, but kept in an annotation so that it comes back; set in `to` what has a\n"
      "// counterpart of another name or form:\n";
  for (const auto& [path, text] : differences) out += "//   " + path + ": " + text + "\n";
  return out;
}

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& by) {
  for (const auto& [from, to] : by) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

constexpr const char* kHeader = R"(#pragma once
// How @KIND@ of @SPOKE@ becomes that of @HUB@, the hub, and back. Written once by windlass; yours.

#include <@HUB_HEADER@>
#include <@SPOKE_HEADER@>
#include <windlass/meta/conversion.hpp>

namespace @NAMESPACE@ {

/// For windlass::meta::to_hub<@KIND@Conversion>(spoke) and from_hub<@KIND@Conversion>(hub), which
/// copy all that is the same in both versions before they call these.
struct @KIND@Conversion {
  using Spoke = @SPOKE_TYPE@;
  using Hub = @HUB_TYPE@;
  static void to_hub(const Spoke& from, Hub& to);
  static void from_hub(const Hub& from, Spoke& to);
};

}  // namespace @NAMESPACE@
)";

constexpr const char* kSource = R"(#include <@CONVERSION_HEADER@>

namespace @NAMESPACE@ {

@TO_HUB@void @KIND@Conversion::to_hub([[maybe_unused]] const Spoke& from, [[maybe_unused]] Hub& to) {}

@FROM_HUB@void @KIND@Conversion::from_hub([[maybe_unused]] const Hub& from, [[maybe_unused]] Spoke& to) {}

}  // namespace @NAMESPACE@
)";

constexpr const char* kTest = R"(// Made by windlass from @ORIGIN@; do not edit.
// What goes to the other version comes back as it was.
#include <@CONVERSION_HEADER@>

#include <gtest/gtest.h>

#include <windlass/json/schema.hpp>

namespace @NAMESPACE@ {
namespace {

TEST(@KIND@Conversion@SUFFIX@, NothingIsLostOnTheWayToTheHubAndBack) {
  windlass::SeededRandom random(1);
  for (int i = 0; i < 300; ++i) {
    const auto spoke = windlass::json::sample<@KIND@Conversion::Spoke>(random).value();
    const auto hub = windlass::meta::to_hub<@KIND@Conversion>(spoke);
    ASSERT_EQ(windlass::meta::from_hub<@KIND@Conversion>(hub), spoke)
        << windlass::json::encode(spoke);
  }
}

TEST(@KIND@Conversion@SUFFIX@, NothingIsLostOnTheWayFromTheHubAndBack) {
  windlass::SeededRandom random(2);
  for (int i = 0; i < 300; ++i) {
    const auto hub = windlass::json::sample<@KIND@Conversion::Hub>(random).value();
    const auto spoke = windlass::meta::from_hub<@KIND@Conversion>(hub);
    ASSERT_EQ(windlass::meta::to_hub<@KIND@Conversion>(spoke), hub) << windlass::json::encode(hub);
  }
}

}  // namespace
}  // namespace @NAMESPACE@
)";

Conversion conversion(const Unit& spoke, const std::string& spoke_version, const Unit& hub,
                      const std::string& hub_version) {
  const std::string kind = spoke.structs.back().name;
  const std::string stem = spoke.source + "_conversion";
  const auto to_hub = compare(spoke, hub, hub_version);
  const auto from_hub = compare(hub, spoke, spoke_version);
  const auto fill = [&](const char* text) {
    return replaced(text, {{"@KIND@", kind},
                           {"@SPOKE@", spoke_version},
                           {"@HUB@", hub_version},
                           {"@SUFFIX@", type_name(spoke_version)},
                           {"@ORIGIN@", spoke.origin},
                           {"@NAMESPACE@", spoke.namespace_name},
                           {"@SPOKE_HEADER@", spoke.header},
                           {"@HUB_HEADER@", hub.header},
                           {"@CONVERSION_HEADER@", stem + ".hpp"},
                           {"@SPOKE_TYPE@", kind},
                           {"@HUB_TYPE@", hub.namespace_name + "::" + hub.structs.back().name},
                           {"@TO_HUB@", as_comment(to_hub, hub_version)},
                           {"@FROM_HUB@", as_comment(from_hub, spoke_version)}});
  };
  Conversion out{stem + ".hpp",
                 fill(kHeader),
                 stem + ".cpp",
                 fill(kSource),
                 stem + "_test.cpp",
                 fill(kTest),
                 {}};
  for (const auto& [path, text] : to_hub) {
    out.differences.push_back(spoke_version + ' ' + path + ": " + text);
  }
  for (const auto& [path, text] : from_hub) {
    out.differences.push_back(hub_version + ' ' + path + ": " + text);
  }
  return out;
}

}  // namespace

Result<std::vector<Conversion>> conversions(const ParsedCrds& crds, const std::string& hub) {
  std::vector<Conversion> out;
  auto unit = crds.units.begin();
  for (const auto& definition : crds.definitions) {
    const auto first = unit;
    unit += static_cast<std::ptrdiff_t>(definition.versions.size());
    if (definition.versions.size() < 2) continue;
    const auto name = [&](std::size_t i) { return definition.versions[i].name; };
    std::size_t chosen = definition.versions.size();
    std::string known;
    for (std::size_t i = 0; i < definition.versions.size(); ++i) {
      const bool stored = definition.versions[i].stored;
      if (hub.empty() ? stored : name(i) == hub) chosen = i;
      known += (known.empty() ? "" : ", ") + name(i);
    }
    if (chosen == definition.versions.size()) {
      return Error{Errc::invalid_argument, definition.name + ": no version " +
                                               (hub.empty() ? "is stored" : "is called " + hub) +
                                               "; it has " + known};
    }
    for (std::size_t i = 0; i < definition.versions.size(); ++i) {
      if (i == chosen) continue;
      out.push_back(conversion(first[static_cast<std::ptrdiff_t>(i)], name(i),
                               first[static_cast<std::ptrdiff_t>(chosen)], name(chosen)));
    }
  }
  return out;
}

}  // namespace windlass::inline v0::codegen
