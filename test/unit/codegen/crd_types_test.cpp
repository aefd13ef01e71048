// The types that the build made from input/tricky.yaml.

#include <gtest/gtest.h>
#include <shop/v1/http_widget.hpp>
#include <shop/v1alpha1/http_widget.hpp>

#include <windlass/cel/validate.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>
#include <windlass/type/validate.hpp>

namespace {

using shop::api::v1::HTTPWidget;
using shop::api::v1::HTTPWidgetSpecMode;
namespace json = windlass::json;

static_assert(std::is_aggregate_v<HTTPWidget>);
static_assert(HTTPWidget::resource.plural == "httpwidgets" && !HTTPWidget::resource.namespaced);
static_assert(HTTPWidget::resource.has_status && HTTPWidget::resource.group == "shop.example.com");
static_assert(HTTPWidget::short_names[1] == "hws");
static_assert(!shop::api::v1alpha1::HTTPWidget::resource.has_status);

constexpr const char* kEverything = R"({
  "apiVersion": "shop.example.com/v1", "kind": "HTTPWidget",
  "metadata": {"name": "w", "labels": {"a": "b"}},
  "spec": {
    "class": "c", "default": "", "namespace": "n", "operator": "o", "$ref": "r",
    "x-foo.bar/baz": false, "4xx": 4, "table": "t", "resource": "r", "clusterIP": "10.0.0.1",
    "hostIPs": ["1.1.1.1"], "fooBar": "1", "foo_bar": "2", "count": 0,
    "big": 9223372036854775807, "price": 1.5, "when": "2026-01-02T03:04:05Z", "data": "aGk=",
    "port": "http", "memory": "1Gi", "nickname": "", "code": "x", "lookahead": "y",
    "nullableRequired": 5, "nullableObject": {"a": "1"}, "level": -1, "factor": 1,
    "maybe": null, "maybeList": [], "maybeNulls": [1, null], "presetList": [], "timeout": "90s",
    "share": "5%", "mode": "in-between", "otherMode": "*",
    "primary": {"host": "h", "port": 1}, "replica": {"host": ""}, "options": {"verbose": true},
    "users": [{"name": "u", "admin": true}, {"name": "v"}], "labels": {"x": "y"},
    "pools": {"p": {"weight": 3}}, "matrix": [[1, 2], [3]], "flags": [true, false],
    "tags": [], "frozen": "f", "anything": [1, {"a": null}],
    "extensible": {"known": "k", "unknown": {"deep": [1]}, "more": 2},
    "embedded": {"apiVersion": "v1", "kind": "Pod"}, "hollow": {}, "either": {"a": "aa"},
    "selector": {"matchLabels": {"a": "b"}},
    "resources": {"limits": {"cpu": "500m"}, "requests": {"cpu": "1"}},
    "passwordSecret": {"key": "k", "name": "n", "optional": true},
    "template": {"metadata": {"labels": {"l": "m"}},
                 "spec": {"containers": [{"name": "c", "image": "i",
                                          "ports": [{"containerPort": 80}]}]}}
  },
  "status": {"observedGeneration": 3, "conditions": [
    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z",
     "reason": "Fine", "message": "", "observedGeneration": 3}]}
})";

HTTPWidget decoded(std::string_view text) {
  auto widget = json::decode<HTTPWidget>(text, {.reject_unknown = true});
  if (!widget) ADD_FAILURE() << widget.error().message;
  return widget ? *widget : HTTPWidget{};
}

TEST(CrdTypes, EverythingComesBack) {
  const HTTPWidget widget = decoded(kEverything);
  EXPECT_EQ(json::parse(json::encode(widget)).value(), json::parse(kEverything).value());
  EXPECT_EQ(widget, decoded(json::encode(widget)));
  EXPECT_EQ(widget, HTTPWidget(widget));
}

TEST(CrdTypes, MembersHoldWhatTheJsonSays) {
  const HTTPWidget widget = decoded(kEverything);
  EXPECT_EQ(widget.metadata.name, "w");
  EXPECT_EQ(widget.spec.class_, "c");
  EXPECT_EQ(widget.spec.default_, "");
  EXPECT_EQ(widget.spec.ref, "r");
  EXPECT_EQ(widget.spec._4xx, 4);
  EXPECT_EQ(widget.spec.x_foo_bar_baz, false);
  EXPECT_EQ(widget.spec.foo_bar, "1");
  EXPECT_EQ(widget.spec.foo_bar_2, "2");
  EXPECT_EQ(widget.spec.big, INT64_MAX);
  EXPECT_EQ(widget.spec.mode, HTTPWidgetSpecMode::in_between);
  EXPECT_EQ(widget.spec.other_mode, HTTPWidgetSpecMode::star);
  EXPECT_EQ(to_string(*widget.spec.other_mode), "*");
  EXPECT_EQ(widget.spec.memory, windlass::meta::Quantity::parse("1024Mi").value());
  EXPECT_EQ(widget.spec.replica->host, "");
  EXPECT_EQ(widget.spec.matrix[0][1], 2);
  EXPECT_EQ(widget.spec.extensible->unknown_fields["more"], json::Value(2));
  EXPECT_EQ(widget.spec.template_->spec.containers.at(0).ports.at(0).container_port, 80);
  EXPECT_EQ(widget.spec.password_secret->optional, true);
  EXPECT_EQ(widget.status.conditions.at(0).reason, "Fine");
}

TEST(CrdTypes, AbsentIsNotWritten) {
  const json::Value encoded = json::to_value(HTTPWidget{});
  const json::Value expected = json::parse(R"({
    "apiVersion": "shop.example.com/v1", "kind": "HTTPWidget",
    "spec": {"class": "", "mode": "Fast", "nullableRequired": null, "price": 0.0,
             "primary": {"host": ""}, "tags": []}})")
                                   .value();
  EXPECT_EQ(encoded, expected) << json::dump(encoded);
}

TEST(CrdTypes, AbsentNullAndEmptyAreThreeThings) {
  struct Case {
    const char* text;
    bool absent, null;
  };
  const Case cases[] = {{R"({"spec": {}})", true, false},
                        {R"({"spec": {"maybe": null, "maybeList": null}})", false, true},
                        {R"({"spec": {"maybe": "", "maybeList": []}})", false, false}};
  std::vector<std::string> texts;
  for (const auto& [text, absent, null] : cases) {
    const HTTPWidget widget = decoded(text);
    EXPECT_EQ(widget.spec.maybe.is_absent(), absent) << text;
    EXPECT_EQ(widget.spec.maybe.is_null(), null) << text;
    EXPECT_EQ(widget.spec.maybe_list.has_value(), !absent && !null) << text;
    EXPECT_EQ(json::from_value<HTTPWidget>(json::to_value(widget)).value(), widget);
    texts.push_back(json::encode(widget));
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) EXPECT_NE(texts[i], texts.back());
  }
  const auto changes = windlass::type::difference(decoded(cases[0].text), decoded(cases[1].text));
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].path, "spec.maybe");
  EXPECT_EQ(decoded(R"({"spec": {"maybeNulls": [1, null]}})").spec.maybe_nulls[1], std::nullopt);
}

TEST(CrdTypes, EnumsOfNumbers) {
  using shop::api::v1::HTTPWidgetSpecFactor;
  using shop::api::v1::HTTPWidgetSpecLevel;
  HTTPWidget widget = decoded(R"({"spec": {"level": 2, "factor": 1.5}})");
  EXPECT_EQ(widget.spec.level, HTTPWidgetSpecLevel::_2);
  EXPECT_EQ(widget.spec.factor, HTTPWidgetSpecFactor::_1_5);
  widget.spec.level = HTTPWidgetSpecLevel::minus_1;
  EXPECT_EQ(json::to_value(widget)["spec"]["level"], json::Value(-1));
  EXPECT_NE(json::encode(widget).find("\"level\":-1,"), std::string::npos);
  for (const char* wrong : {R"({"spec": {"level": 1}})", R"({"spec": {"level": "2"}})"}) {
    const auto refused = json::decode<HTTPWidget>(wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message.rfind("spec.level: expected ", 0), 0u)
        << refused.error().message;
  }
}

TEST(CrdTypes, ListsWithKeysAreSearchedByThem) {
  HTTPWidget widget;
  upsert(widget.spec.users, "joe").admin = true;
  upsert(widget.spec.users, "ann");
  upsert(widget.spec.users, "joe").admin = false;
  ASSERT_EQ(widget.spec.users.size(), 2u);
  EXPECT_EQ(find(widget.spec.users, "joe")->admin, false);
  EXPECT_EQ(find(std::as_const(widget.spec.users), "eve"), nullptr);
}

std::vector<std::string> problems(const HTTPWidget& widget) {
  std::vector<std::string> out;
  for (const auto& violation : windlass::type::validate(widget)) {
    out.push_back(violation.path + ": " + violation.message);
  }
  return out;
}

TEST(CrdTypes, WhatTheSchemaSaysIsCheckedBeforeARequest) {
  HTTPWidget widget = decoded(kEverything);
  widget.spec.big = 2048;
  EXPECT_EQ(problems(widget), std::vector<std::string>());
  struct Case {
    void (*change)(HTTPWidget&);
    const char* problem;
  };
  const Case cases[] = {
      {[](HTTPWidget& w) { w.spec.either->b = "bb"; },
       "spec.either: Invalid value: object: spec.either in body must validate one and only one "
       "schema (oneOf). Found 2 valid alternatives"},
      {[](HTTPWidget& w) { w.spec.cluster_ip = "10.0.0.256"; },
       "spec.clusterIP: Invalid value: \"10.0.0.256\": spec.clusterIP in body must be of type "
       "ipv4: "
       "\"10.0.0.256\""},
      {[](HTTPWidget& w) { w.spec.share = "many"; },
       "spec.share: Invalid value: \"many\": spec.share in body should match '^[0-9]+%?$'"},
      {[](HTTPWidget& w) { w.metadata.name = "a-name-of-more-than-twenty"; },
       "metadata.name: Too long: may not be more than 20 bytes"},
      {[](HTTPWidget& w) { w.status.conditions[0].reason = "lower"; },
       "status.conditions[0].reason: Invalid value: \"lower\": status.conditions[0].reason in body "
       "should match '^[A-Z]'"},
      {[](HTTPWidget& w) { w.status.conditions[0].status = "Maybe"; },
       "status.conditions[0].status: Unsupported value: \"Maybe\": supported values: \"True\", "
       "\"False\", \"Unknown\""},
  };
  for (const auto& [change, problem] : cases) {
    HTTPWidget wrong = widget;
    change(wrong);
    EXPECT_EQ(problems(wrong), std::vector<std::string>{problem});
  }
}

std::vector<std::string> texts(const std::vector<windlass::type::Violation>& violations) {
  std::vector<std::string> out;
  for (const auto& violation : violations) out.push_back(violation.path + ": " + violation.message);
  return out;
}

TEST(CrdTypes, RulesInCelAreCheckedBeforeARequest) {
  namespace cel = windlass::cel;
  using Texts = std::vector<std::string>;
  HTTPWidget widget = decoded(kEverything);
  widget.spec.big = 2048;
  EXPECT_EQ(texts(cel::validate(widget)), Texts());
  widget.spec.count = 7;
  EXPECT_EQ(texts(cel::validate(widget)),
            Texts{"spec.count: Invalid value: only fast ones may be many"});
  widget.spec.mode = HTTPWidgetSpecMode::fast;
  EXPECT_EQ(texts(cel::validate(widget)), Texts());

  // transition rules: a value that was there may not change
  HTTPWidget after = widget;
  after.spec.frozen = "molten";
  EXPECT_EQ(texts(cel::validate(after)), Texts());
  EXPECT_EQ(texts(cel::validate_update(widget, after)),
            Texts{"spec.frozen: Invalid value: \"molten\": failed rule: self == oldSelf"});
  EXPECT_EQ(texts(cel::validate_update(after, after)), Texts());

  // what is wrong already and stays as it is does not stop an update
  HTTPWidget many = widget;
  many.spec.mode = HTTPWidgetSpecMode::slow;
  many.spec.cluster_ip = "nowhere";
  HTTPWidget labelled = many;
  labelled.metadata.labels["a"] = "c";
  EXPECT_EQ(cel::validate(many).size(), 2u);
  EXPECT_EQ(texts(cel::validate_update(many, many)), Texts());
  labelled.spec.cluster_ip = "elsewhere";
  EXPECT_EQ(cel::validate_update(many, labelled).size(), 2u);
}

TEST(CrdTypes, RulesSeeDefaultsAndAreLeftOutWhereValuesAreOfNoUse) {
  namespace cel = windlass::cel;
  HTTPWidget widget = decoded(kEverything);
  widget.spec.big = 2048;
  widget.spec.count.reset();  // 3 by default, which the rule needs
  EXPECT_EQ(cel::validate(widget).size(), 0u);
  widget.spec.count = 7;
  widget.spec.tags = {"longer than ten"};
  const auto found = cel::validate(widget);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].reason, "FieldValueTooLong");
  EXPECT_EQ(found[1].path, "");
  EXPECT_EQ(found[1].message.rfind("Invalid value: null: some validation rules were not", 0), 0u);
}

TEST(CrdTypes, RulesSeeWhatIsInsideJsonValues) {
  namespace cel = windlass::cel;
  HTTPWidget widget = decoded(kEverything);
  widget.spec.big = 2048;
  widget.spec.pod = json::parse(R"({"apiVersion": "v1", "kind": "Small", "spec": {"nodes": 4}})").value();
  EXPECT_EQ(cel::validate(widget).size(), 0u);
  widget.spec.pod["spec"]["nodes"] = 5;
  const auto found = cel::validate(widget);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "spec.pod");
  EXPECT_EQ(found[0].message.rfind("Invalid value: failed rule: !has(self.spec)", 0), 0u)
      << found[0].message;
  widget.spec.pod["kind"] = "Big";
  EXPECT_EQ(cel::validate(widget).size(), 0u);
}

TEST(CrdTypes, NullAndOtherTypesInJsonValuesAreRefused) {
  HTTPWidget widget = decoded(kEverything);
  widget.spec.big = 2048;
  widget.spec.flags = json::Array{true, nullptr};
  widget.spec.hollow = 7;
  EXPECT_EQ(problems(widget),
            (std::vector<std::string>{
                "spec.flags[1]: Invalid value: \"null\": spec.flags[1] in body must be of type "
                "boolean: \"null\"",
                "spec.hollow: Invalid value: \"integer\": spec.hollow in body must be of type "
                "object: \"integer\""}));
}

TEST(CrdTypes, TheTableHasColumnsAndRules) {
  const auto& table = HTTPWidget::table();
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[1].name, "Age");
  EXPECT_EQ(table.columns[1].priority, 1);
  ASSERT_NE(table.constraints, nullptr);
  EXPECT_EQ(table.constraints->demands->rules[0].message, "only fast ones may be many");
  EXPECT_EQ(table.constraints->demands->rules[0].field_path, ".spec.count");
}

TEST(CrdTypes, RandomObjectsAreValidAndComeBack) {
  windlass::SeededRandom random(7);
  for (int i = 0; i < 300; ++i) {
    const auto widget = json::sample<HTTPWidget>(random, {.optional = 0.8});
    ASSERT_TRUE(widget) << widget.error().message;
    EXPECT_EQ(problems(*widget), std::vector<std::string>()) << json::encode(*widget);
    const auto again = json::decode<HTTPWidget>(json::encode(*widget));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, *widget);
  }
}

TEST(CrdTypes, ADifferenceAnywhereIsSeen) {
  HTTPWidget other = decoded(kEverything);
  const HTTPWidget widget = other;
  other.spec.pools["p"].weight = 4;
  EXPECT_FALSE(other == widget);
  other = widget;
  other.spec.template_->spec.containers[0].image = "j";
  EXPECT_FALSE(other == widget);
}

TEST(CrdTypes, UnknownEnumValuesAndWrongTypesAreErrors) {
  struct Case {
    const char* text;
    const char* place;
  };
  const Case cases[] = {{R"({"spec": {"mode": "Medium"}})", "spec.mode"},
                        {R"({"spec": {"count": "3"}})", "spec.count"},
                        {R"({"spec": {"count": 3000000000}})", "spec.count"},
                        {R"({"spec": {"users": [{"name": 1}]}})", "spec.users[0].name"},
                        {R"({"spec": {"pools": {"p": []}}})", "spec.pools"}};
  for (const auto& [text, place] : cases) {
    const auto widget = json::decode<HTTPWidget>(text);
    ASSERT_FALSE(widget) << text;
    EXPECT_NE(widget.error().message.find(place), std::string::npos) << widget.error().message;
  }
}

TEST(CrdTypes, DefaultsComeFromTheSchema) {
  HTTPWidget widget = decoded(R"({"spec": {"replica": {"host": "h"}}})");
  ASSERT_TRUE(json::apply_defaults(windlass::type::shape_of<HTTPWidget>, &widget));
  EXPECT_EQ(widget.spec.replica->port, 5432);
  EXPECT_EQ(widget.spec.count, 3);
  EXPECT_EQ(widget.spec.preset_list, std::vector<std::string>{"a"});
  widget = decoded(R"({"spec": {"presetList": []}})");
  ASSERT_TRUE(json::apply_defaults(widget));
  EXPECT_EQ(widget.spec.preset_list, std::vector<std::string>());
}

}  // namespace
