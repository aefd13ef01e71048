#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/type/inspect.hpp>
#include <windlass/type/path.hpp>

#include "widget.hpp"

namespace {

using example::Part;
using example::Policy;
using example::Widget;
using example::WidgetSpec;
using windlass::Errc;
namespace json = windlass::json;
namespace type = windlass::type;

Widget sample() {
  Widget widget;
  widget.metadata.name = "w";
  widget.metadata.labels = {{"app.kubernetes.io/name", "x"}, {"a", "b"}};
  widget.spec.name = "main";
  widget.spec.replicas = 2;
  widget.spec.parts = {{"p", 1}, {"q", 2}};
  widget.spec.limits = {{"cpu", windlass::meta::Quantity::milli(1500)}};
  widget.spec.policy = Policy::remove;
  widget.spec.extra = json::parse(R"({"deep":[{"x":1},{"x":"two"}]})").value();
  widget.spec.fallback.ensure().name = "second";
  return widget;
}

TEST(Table, FindsEveryFieldByNameAndNoOther) {
  const type::Table& table = WidgetSpec::table();
  for (const auto& field : table.fields) {
    ASSERT_EQ(table.find(field.name), &field) << field.name;
  }
  for (const char* name : {"", "nam", "names", "Name", "rest", "n", "replicaz"}) {
    EXPECT_EQ(table.find(name), nullptr) << name;
  }
  EXPECT_EQ(example::Nothing::table().find("x"), nullptr);
}

TEST(Equal, LooksAtEveryField) {
  const Widget a = sample();
  EXPECT_EQ(a, sample());
  const auto differs = [&](auto change) {
    Widget b = sample();
    change(b);
    return !(a == b) && !(b == a);
  };
  EXPECT_TRUE(differs([](Widget& w) { w.metadata.labels["a"] = "c"; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.replicas.reset(); }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.parts.pop_back(); }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.parts[1].count = 3; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.policy = Policy::retain; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.fallback.reset(); }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.fallback->name = "other"; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.extra["deep"] = 1; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.raw.text = "1"; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.rest["x"] = 1; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.named["n"]; }));
  EXPECT_TRUE(differs([](Widget& w) { w.spec.port = "80"; }));
  EXPECT_TRUE(differs([](Widget& w) { w.status.ensure(); }));
}

TEST(Equal, ComparesQuantitiesByValue) {
  Widget a = sample();
  Widget b = sample();
  a.spec.limits = {{"cpu", windlass::meta::Quantity::parse("1000m").value()}};
  b.spec.limits = {{"cpu", windlass::meta::Quantity::parse("1").value()}};
  EXPECT_EQ(a, b);
}

struct PathCase {
  const char* path;
  const char* text;
};

TEST(Get, FollowsPathsThroughEveryKind) {
  const Widget widget = sample();
  for (const auto& [path, text] : {
           PathCase{"metadata.name", "w"},
           PathCase{".metadata.name", "w"},
           PathCase{"metadata.labels['app.kubernetes.io/name']", "x"},
           PathCase{"metadata.labels[\"a\"]", "b"},
           PathCase{"metadata.labels.a", "b"},
           PathCase{"spec.replicas", "2"},
           PathCase{"spec.parts[1].count", "2"},
           PathCase{"spec.parts[0]", R"({"count":1,"name":"p"})"},
           PathCase{"spec.limits.cpu", "1500m"},
           PathCase{"spec.policy", "Delete"},
           PathCase{"spec.fallback.name", "second"},
           PathCase{"spec.extra.deep[1].x", "two"},
           // absent
           PathCase{"spec.paused", ""},
           PathCase{"spec.parts[7].count", ""},
           PathCase{"spec.labels.none", ""},
           PathCase{"spec.fallback.fallback.name", ""},
           PathCase{"spec.extra.none.deeper[3]", ""},
           PathCase{"status.name", ""},
       }) {
    const auto found = type::get(widget, path);
    ASSERT_TRUE(found) << path << ": " << found.error().message;
    EXPECT_EQ(json::to_text(*found), text) << path;
  }
}

TEST(Get, RefusesPathsThatTheTypeDoesNotHave) {
  const Widget widget = sample();
  for (const char* path : {"spec.nothing", "spec.name.x", "spec.parts.name", "status.x",
                           "spec.fallback.fallback.nothing", "metadata[0]"}) {
    const auto found = type::get(widget, path);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, Errc::invalid_argument);
    EXPECT_THAT(found.error().message, testing::HasSubstr(path));
  }
}

TEST(ParsePath, SaysWhereItIsMalformed) {
  for (const char* path : {"a..b", "a[", "a[]", "a[x]", "a['k]", "a['k'", "a[1", ".", "a.",
                           "a[99999999999]", "]", "a]b["}) {
    const auto parsed = type::parse_path(path);
    EXPECT_FALSE(parsed) << path;
  }
  EXPECT_EQ(type::parse_path("")->steps.size(), 0u);
  EXPECT_EQ(type::parse_path("a[2]['b.c'].d")->steps.size(), 4u);
}

std::vector<std::string> paths(const Widget& a, const Widget& b) {
  std::vector<std::string> result;
  for (const auto& change : type::difference(a, b)) {
    result.push_back(change.path + ":" + json::to_text(change.before) + ">" +
                     json::to_text(change.after));
  }
  return result;
}

TEST(Difference, NamesTheDeepestPlacesThatDiffer) {
  const Widget before = sample();
  Widget after = sample();
  EXPECT_TRUE(paths(before, after).empty());
  after.metadata.labels.erase("a");
  after.metadata.labels["new"] = "1";
  after.spec.replicas = 3;
  after.spec.parts[1].count = 5;
  after.spec.parts.push_back({"r", 0});
  after.spec.fallback.reset();
  after.spec.policy.reset();
  EXPECT_THAT(paths(before, after),
              testing::ElementsAre("metadata.labels[a]:b>", "metadata.labels[new]:>1",
                                   "spec.replicas:2>3", "spec.parts[1].count:2>5",
                                   "spec.parts[2]:>{\"name\":\"r\"}", "spec.policy:Delete>",
                                   "spec.fallback:{\"name\":\"second\",\"parts\":[],\"port\":0}>"));
}

TEST(HeapBytes, CountsWhatIsOnTheHeap) {
  Widget widget;
  EXPECT_EQ(type::heap_bytes(widget), 0u);
  widget.metadata.name = std::string(100, 'x');
  const auto with_name = type::heap_bytes(widget);
  EXPECT_GE(with_name, 101u);
  EXPECT_LE(with_name, 128u);
  widget.spec.fallback.ensure();
  EXPECT_GE(type::heap_bytes(widget), with_name + sizeof(WidgetSpec));
  widget.spec.extra =
      json::parse(R"({"a":"a string that is too long for the inline buffer"})").value();
  EXPECT_GE(type::heap_bytes(widget), with_name + sizeof(WidgetSpec) + sizeof(json::Member));
}

TEST(IsEmpty, HoldsForFreshValuesOnly) {
  EXPECT_TRUE(type::is_empty(type::ref_to(windlass::meta::ObjectMeta())));
  EXPECT_TRUE(type::is_empty(type::ref_to(example::Nothing())));
  EXPECT_FALSE(type::is_empty(type::ref_to(Part())));  // has a required field
  EXPECT_FALSE(type::is_empty(type::ref_to(sample())));
}

TEST(Clear, EmptiesEveryField) {
  Widget widget = sample();
  type::clear(type::shape_of<Widget>, &widget);
  EXPECT_EQ(widget, Widget());
}

}  // namespace
