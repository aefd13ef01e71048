// Two versions of a kind, written by hand.

#include <gtest/gtest.h>

#include <windlass/json/schema.hpp>
#include <windlass/meta/conversion.hpp>
#include <windlass/meta/meta.hpp>

namespace old {

struct Spec {
  std::optional<std::int64_t> size;  // is called replicas later
  std::string name;
  std::vector<std::string> flags;     // gone later
  std::optional<std::int64_t> level;  // fits a smaller number later, perhaps

  static const windlass::type::Table& table();
  friend bool operator==(const Spec& a, const Spec& b) { return windlass::type::equal(a, b); }
};

struct Ship {
  windlass::meta::ObjectMeta metadata;
  Spec spec;

  static const windlass::type::Table& table();
  friend bool operator==(const Ship& a, const Ship& b) { return windlass::type::equal(a, b); }
};

}  // namespace old

namespace current {

struct Mast {
  std::string name;
  std::optional<std::int32_t> height;

  static const windlass::type::Table& table();
  friend bool operator==(const Mast& a, const Mast& b) { return windlass::type::equal(a, b); }
};

struct Spec {
  std::optional<std::int64_t> replicas;
  std::string name;
  std::optional<std::int32_t> level;
  std::vector<Mast> masts;

  static const windlass::type::Table& table();
  friend bool operator==(const Spec& a, const Spec& b) { return windlass::type::equal(a, b); }
};

struct Ship {
  windlass::meta::ObjectMeta metadata;
  Spec spec;

  static const windlass::type::Table& table();
  friend bool operator==(const Ship& a, const Ship& b) { return windlass::type::equal(a, b); }
};

}  // namespace current

using windlass::type::field;
using enum windlass::type::Presence;

const windlass::type::Table& old::Spec::table() {
  static constexpr windlass::type::Field fields[] = {
      field<&Spec::size>("size", offsetof(Spec, size), optional),
      field<&Spec::name>("name", offsetof(Spec, name), required),
      field<&Spec::flags>("flags", offsetof(Spec, flags), optional),
      field<&Spec::level>("level", offsetof(Spec, level), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Spec", .fields = fields, .index = index};
  return table;
}

const windlass::type::Table& old::Ship::table() {
  static constexpr windlass::type::Field fields[] = {
      field<&Ship::metadata>("metadata", offsetof(Ship, metadata), optional),
      field<&Ship::spec>("spec", offsetof(Ship, spec), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Ship",
                                               .fields = fields,
                                               .index = index,
                                               .api_version = "sea.example.com/v1beta1",
                                               .kind = "Ship"};
  return table;
}

const windlass::type::Table& current::Mast::table() {
  static constexpr windlass::type::Field fields[] = {
      field<&Mast::name>("name", offsetof(Mast, name), required),
      field<&Mast::height>("height", offsetof(Mast, height), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Mast", .fields = fields, .index = index};
  return table;
}

const windlass::type::Table& current::Spec::table() {
  static constexpr windlass::type::Field fields[] = {
      field<&Spec::replicas>("replicas", offsetof(Spec, replicas), optional),
      field<&Spec::name>("name", offsetof(Spec, name), required),
      field<&Spec::level>("level", offsetof(Spec, level), optional),
      field<&Spec::masts>("masts", offsetof(Spec, masts), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Spec", .fields = fields, .index = index};
  return table;
}

const windlass::type::Table& current::Ship::table() {
  static constexpr windlass::type::Field fields[] = {
      field<&Ship::metadata>("metadata", offsetof(Ship, metadata), optional),
      field<&Ship::spec>("spec", offsetof(Ship, spec), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Ship",
                                               .fields = fields,
                                               .index = index,
                                               .api_version = "sea.example.com/v1",
                                               .kind = "Ship"};
  return table;
}

namespace {

namespace json = windlass::json;
namespace meta = windlass::meta;

struct ShipConversion {
  using Spoke = old::Ship;
  using Hub = current::Ship;
  static void to_hub(const Spoke& from, Hub& to) { to.spec.replicas = from.spec.size; }
  static void from_hub(const Hub& from, Spoke& to) { to.spec.size = from.spec.replicas; }
};

old::Ship old_ship() {
  return json::decode<old::Ship>(R"({"metadata": {"name": "argo", "annotations": {"a": "b"}},
      "spec": {"size": 3, "name": "Argo", "flags": ["x", "y"], "level": 7}})")
      .value();
}

const std::string kAnnotation(meta::kConversionAnnotation);

TEST(Conversion, CopiesWhatIsTheSameAndKeepsTheRest) {
  const auto ship = old_ship();
  const auto hub = meta::to_hub<ShipConversion>(ship);
  EXPECT_EQ(hub.spec.name, "Argo");
  EXPECT_EQ(hub.spec.level, 7);
  EXPECT_EQ(hub.spec.replicas, 3);
  EXPECT_EQ(hub.metadata.annotations.at("a"), "b");
  EXPECT_NE(hub.metadata.annotations.at(kAnnotation).find(R"("flags":["x","y"])"),
            std::string::npos);
  EXPECT_EQ(meta::from_hub<ShipConversion>(hub), ship);
}

TEST(Conversion, KeepsNothingWhenNothingIsLost) {
  auto ship = old_ship();
  ship.spec.flags.clear();
  const auto hub = meta::to_hub<ShipConversion>(ship);
  EXPECT_FALSE(hub.metadata.annotations.contains(kAnnotation));
  EXPECT_EQ(meta::from_hub<ShipConversion>(hub), ship);
}

TEST(Conversion, WhatHasChangedMeanwhileIsNotUndone) {
  auto hub = meta::to_hub<ShipConversion>(old_ship());
  hub.spec.replicas = 5;
  hub.spec.level.reset();
  hub.metadata.labels["new"] = "label";
  const auto back = meta::from_hub<ShipConversion>(hub);
  EXPECT_EQ(back.spec.size, 5);
  EXPECT_EQ(back.spec.level, std::nullopt);
  EXPECT_EQ(back.spec.flags, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(back.metadata.labels.at("new"), "label");
  EXPECT_FALSE(back.metadata.annotations.contains(kAnnotation));
}

TEST(Conversion, ValuesThatDoNotFitAreKept) {
  auto ship = old_ship();
  ship.spec.level = std::int64_t{1} << 40;
  const auto hub = meta::to_hub<ShipConversion>(ship);
  EXPECT_EQ(hub.spec.level, std::nullopt);
  EXPECT_EQ(meta::from_hub<ShipConversion>(hub), ship);
}

TEST(Conversion, OtherVersionsDataGoAlong) {
  auto hub = meta::to_hub<ShipConversion>(old_ship());
  const std::string kept = hub.metadata.annotations.at(kAnnotation);
  json::Value all = json::parse(kept).value();
  all["sea.example.com/v1alpha1"] = json::Object{{"kind", "Ship"}};
  hub.metadata.annotations[kAnnotation] = json::dump(all);
  const auto back = meta::from_hub<ShipConversion>(hub);
  EXPECT_EQ(back.metadata.annotations.at(kAnnotation),
            R"({"sea.example.com/v1alpha1":{"kind":"Ship"}})");
}

TEST(Conversion, BrokenDataAreAnErrorThatNamesThem) {
  for (const char* broken : {"{", "[]"}) {
    auto hub = meta::to_hub<ShipConversion>(old_ship());
    hub.metadata.annotations[kAnnotation] = broken;
    try {
      meta::from_hub<ShipConversion>(hub);
      ADD_FAILURE() << broken;
    } catch (const windlass::Exception& error) {
      EXPECT_NE(std::string(error.what()).find(kAnnotation), std::string::npos) << error.what();
    }
  }
}

TEST(Conversion, RandomObjectsGoThereAndBackInBothDirections) {
  windlass::SeededRandom random(11);
  for (int i = 0; i < 300; ++i) {
    const auto ship = json::sample<old::Ship>(random).value();
    EXPECT_EQ(meta::from_hub<ShipConversion>(meta::to_hub<ShipConversion>(ship)), ship)
        << json::encode(ship);
    const auto hub = json::sample<current::Ship>(random).value();
    EXPECT_EQ(meta::to_hub<ShipConversion>(meta::from_hub<ShipConversion>(hub)), hub)
        << json::encode(hub);
  }
}

}  // namespace
