#include <gtest/gtest.h>

#include "../type/widget.hpp"

namespace {

using example::Widget;
using example::WidgetSpec;
namespace json = windlass::json;

TEST(Encode, OmitsEmptyOptionalFieldsAndWritesRequiredOnes) {
  EXPECT_EQ(json::encode(WidgetSpec()), R"({"name":"","parts":[],"port":0})");
  EXPECT_EQ(json::encode(example::Nothing()), "{}");
  EXPECT_EQ(json::encode(example::Part()), R"({"name":""})");
}

TEST(Encode, BeginsAWholeObjectWithItsKind) {
  Widget widget;
  EXPECT_EQ(
      json::encode(widget),
      R"({"apiVersion":"example.com/v1","kind":"Widget","spec":{"name":"","parts":[],"port":0}})");
  widget.metadata.name = "w";
  widget.status.ensure().name = "s";
  EXPECT_EQ(json::encode(widget),
            R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},)"
            R"("spec":{"name":"","parts":[],"port":0},"status":{"name":"s"}})");
}

TEST(Encode, TellsEmptyFromAbsentWhereTheTypeDoes) {
  WidgetSpec spec;
  spec.note = "";
  spec.paused = false;
  spec.replicas = 0;
  spec.fallback.ensure();
  EXPECT_EQ(json::encode(spec),
            R"({"name":"","replicas":0,"paused":false,"note":"","parts":[],"port":0,)"
            R"("fallback":{"name":"","parts":[],"port":0}})");
}

TEST(Encode, EscapesWhatMustBeEscaped) {
  WidgetSpec spec;
  using namespace std::string_literals;
  spec.name = "a\"b\\c\n\r\t\x01\x1f/<é\0z"s;
  const auto text = json::encode(spec);
  EXPECT_NE(text.find(R"("name":"a\"b\\c\n\r\t\u0001\u001f/<é\u0000z")"), std::string::npos)
      << text;
  EXPECT_EQ(json::decode<WidgetSpec>(text)->name, spec.name);
}

TEST(Encode, WritesNumbersExactly) {
  EXPECT_EQ(json::encode(std::int64_t{INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(json::encode(0.1), "0.1");
  EXPECT_EQ(json::encode(1e300), "1e+300");
}

TEST(Encode, MergesKeptUnknownMembersBehindTheKnownOnes) {
  WidgetSpec spec;
  spec.rest["zeta"] = 1;
  spec.rest["name"] = "not this one";
  EXPECT_EQ(json::encode(spec), R"({"name":"","parts":[],"port":0,"zeta":1})");
  EXPECT_EQ(json::dump(json::to_value(spec)), R"({"name":"","parts":[],"port":0,"zeta":1})");
}

TEST(ToText, IsForPeople) {
  WidgetSpec spec;
  EXPECT_EQ(json::to_text(windlass::type::ref_to(spec.replicas)), "");
  spec.replicas = 3;
  EXPECT_EQ(json::to_text(windlass::type::ref_to(spec.replicas)), "3");
  EXPECT_EQ(json::to_text(windlass::type::ref_to(windlass::meta::Quantity::milli(500))), "500m");
  EXPECT_EQ(json::to_text(windlass::type::ref_to(windlass::meta::IntOrString("a\"b"))), "a\"b");
}

TEST(Get, ReadsDynamicDocumentsByTheSamePaths) {
  const auto value = json::parse(R"({"a":{"b.c":[{"d":1}]}})").value();
  EXPECT_EQ(json::get(value, "a['b.c'][0].d").value(), json::Value(1));
  EXPECT_TRUE(json::get(value, "a.x[4].d")->is_null());
  EXPECT_FALSE(json::get(value, "a["));
}

}  // namespace
