#include "scaffold/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::scaffold {
namespace {

using ::testing::HasSubstr;

Scope sample() {
  Scope red;
  red.values = {{"name", "red"}, {"warm", "true"}};
  Scope blue;
  blue.values = {{"name", "blue"}, {"warm", "false"}};
  Scope scope;
  scope.values = {{"name", "all"}, {"title", "Colours"}, {"nothing", ""}};
  scope.lists["colours"] = {red, blue};
  scope.lists["none"];
  return scope;
}

std::string rendered(std::string_view text) { return render("t", text, sample()).value(); }

TEST(Template, Values) {
  EXPECT_EQ(rendered("a <%title%> b <%title%>"), "a Colours b Colours");
  EXPECT_EQ(rendered("Reconciler<<%title%>>"), "Reconciler<Colours>");
  EXPECT_EQ(rendered("no newline at the end"), "no newline at the end");
  EXPECT_EQ(rendered("${{ vars.X }} $(Y) {{.Z}}\n"), "${{ vars.X }} $(Y) {{.Z}}\n");
}

TEST(Template, Conditions) {
  EXPECT_EQ(rendered("<%if title%>\nyes\n<%end%>\n<%if !title%>\nno\n<%end%>\nlast\n"),
            "yes\nlast\n");
  EXPECT_EQ(rendered("<%if nothing%>\nyes\n<%end%>\n<%if !nothing%>\nno\n<%end%>\n"), "no\n");
  EXPECT_EQ(rendered("<%if none%>\nyes\n<%end%>\n<%if colours%>\nno\n<%end%>\n"), "no\n");
}

TEST(Template, LoopsLookInsideFirstAndThenOutside) {
  EXPECT_EQ(rendered("<%for colours%>\n- <%name%> of <%title%>\n<%end%>\n<%name%>\n"),
            "- red of Colours\n- blue of Colours\nall\n");
  EXPECT_EQ(rendered("<%for colours%>\n  <%if warm%>\n- <%name%>\n  <%end%>\n<%end%>\n"),
            "- red\n");
  EXPECT_EQ(rendered("<%for none%>\nnever\n<%end%>\n"), "");
}

TEST(Template, MistakesAreNamed) {
  EXPECT_THAT(render("file", "a\n<%unknown%>\n", sample()).error().message,
              HasSubstr("file:2: nothing is called \"unknown\""));
  EXPECT_THAT(render("file", "<%for title%>\n<%end%>\n", sample()).error().message,
              HasSubstr("file:1"));
  EXPECT_THAT(render("file", "<%if title%>\n", sample()).error().message, HasSubstr("no <%end%>"));
}

TEST(Template, Paths) {
  EXPECT_EQ(render_path("config/%name%_x.yaml.in", sample()).value(), "config/all_x.yaml");
  EXPECT_EQ(render_path("dot_github/workflows/test.yml.in", sample()).value(),
            ".github/workflows/test.yml");
  EXPECT_EQ(render_path("a/dot_b/adot_c", sample()).value(), "a/.b/adot_c");
  EXPECT_FALSE(render_path("%what%", sample()));
  EXPECT_FALSE(render_path("%name", sample()));
}

}  // namespace
}  // namespace windlass::scaffold
