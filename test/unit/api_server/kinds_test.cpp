// Which kinds have hand-written rules is what docs/api-server-differences.md says.

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "builtin.hpp"
#include "registry.hpp"

namespace windlass::api_server {
namespace {

/// A line for each group, its kinds in order.
std::string to_lines(const std::map<std::string, std::set<std::string>>& kinds) {
  std::string out;
  for (const auto& [group, names] : kinds) {
    out += "- " + (group.empty() ? "the core group" : group) + ":";
    for (const std::string& name : names) out += (name == *names.begin() ? " " : ", ") + name;
    out += "\n";
  }
  return out;
}

bool has_none(const Rules& rules) {
  return rules.defaults == nullptr && rules.prepare == nullptr && rules.validate == nullptr &&
         rules.validate_update == nullptr && rules.validate_create == nullptr;
}

TEST(BuiltinKinds, ThoseThatFollowTheirSchemaOnlyAreListed) {
  std::map<std::string, std::set<std::string>> kinds;
  for (const ResourcePtr& resource : Registry().all()) {
    const auto verbs = resource->verbs();
    const bool stored = std::find(verbs.begin(), verbs.end(), "update") != verbs.end();
    // All that a real server checks of a ServiceAccount is its metadata.
    if (!stored || resource->is("", "ServiceAccount") || !has_none(rules_for(*resource))) continue;
    kinds[resource->group].insert(resource->kind);
  }
  std::ifstream page(DIFFERENCES_PAGE);
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const std::string lines = to_lines(kinds);
  EXPECT_NE(text.find("## Kinds that follow their schema only"), std::string::npos);
  EXPECT_NE(text.find("\n\n" + lines), std::string::npos) << "the page should list:\n" << lines;
}

}  // namespace
}  // namespace windlass::api_server
