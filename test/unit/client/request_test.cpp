#include <gtest/gtest.h>

#include <windlass/client/request.hpp>

namespace windlass::client {
namespace {

constexpr meta::Resource kPods{"", "v1", "Pod", "pods", true, true};
constexpr meta::Resource kDeployments{"apps", "v1", "Deployment", "deployments", true, true};
constexpr meta::Resource kNodes{"", "v1", "Node", "nodes", false, true};

struct Case {
  const char* name;
  Result<http::Request> request;
  const char* method;
  const char* target;
  const char* content_type = "";
  const char* body = "";
};

class Requests : public ::testing::TestWithParam<Case> {};

TEST_P(Requests, AreBuilt) {
  const Case& c = GetParam();
  ASSERT_TRUE(c.request) << c.request.error().message;
  EXPECT_EQ(c.request->method, c.method);
  EXPECT_EQ(c.request->target, c.target);
  EXPECT_EQ(c.request->headers.get("Content-Type"), c.content_type);
  EXPECT_EQ(c.request->headers.get("Accept"), "application/json");
  EXPECT_EQ(c.request->body, c.body);
}

INSTANTIATE_TEST_SUITE_P(
    All, Requests,
    ::testing::Values(
        Case{"get", get_request(kPods, {"ns", "a"}, {}, {}), "GET", "/api/v1/namespaces/ns/pods/a"},
        Case{"get_cached", get_request(kDeployments, {"ns", "a"}, {}, {.resource_version = "0"}),
             "GET", "/apis/apps/v1/namespaces/ns/deployments/a?resourceVersion=0"},
        Case{"get_subresource", get_request(kDeployments, {"ns", "a"}, "scale", {}), "GET",
             "/apis/apps/v1/namespaces/ns/deployments/a/scale"},
        Case{"get_cluster_wide_ignores_namespace", get_request(kNodes, {"ns", "a"}, {}, {}), "GET",
             "/api/v1/nodes/a"},
        Case{"list_all_namespaces", list_request(kPods, {}), "GET", "/api/v1/pods?limit=500"},
        Case{"list_selected",
             list_request(kPods, {.namespace_ = "ns",
                                  .label_selector = "a=b,c in (d)",
                                  .field_selector = "metadata.name=x",
                                  .resource_version = "5",
                                  .resource_version_match = "Exact",
                                  .limit = 0}),
             "GET",
             "/api/v1/namespaces/ns/"
             "pods?labelSelector=a%3Db%2Cc%20in%20%28d%29&fieldSelector=metadata.name%3Dx&"
             "resourceVersion="
             "5&resourceVersionMatch=Exact"},
        Case{"list_next_page_without_version",
             list_request(kPods, {.resource_version = "5", .limit = 10, .continue_ = "to/ken="}),
             "GET", "/api/v1/pods?limit=10&continue=to%2Fken%3D"},
        Case{"watch", watch_request(kPods, {.resource_version = "7", .timeout_seconds = 300}),
             "GET",
             "/api/v1/"
             "pods?watch=true&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=300"},
        Case{"watch_list",
             watch_request(kNodes, {.allow_bookmarks = true, .send_initial_events = true}), "GET",
             "/api/v1/nodes?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
             "resourceVersionMatch=NotOlderThan"},
        Case{"create", create_request(kPods, {"ns", ""}, {}, "{}", {.field_manager = "me"}), "POST",
             "/api/v1/namespaces/ns/pods?fieldManager=me", "application/json", "{}"},
        Case{"create_subresource",
             create_request(kPods, {"ns", "a"}, "eviction", "{}", {.dry_run = true}), "POST",
             "/api/v1/namespaces/ns/pods/a/eviction?dryRun=All", "application/json", "{}"},
        Case{"update_status",
             update_request(kDeployments, {"ns", "a"}, "status", "{}",
                            {.field_validation = "Strict"}),
             "PUT", "/apis/apps/v1/namespaces/ns/deployments/a/status?fieldValidation=Strict",
             "application/json", "{}"},
        Case{"json_patch", patch_request(kPods, {"ns", "a"}, {}, PatchType::json, "[]", {}),
             "PATCH", "/api/v1/namespaces/ns/pods/a", "application/json-patch+json", "[]"},
        Case{"merge_patch", patch_request(kPods, {"ns", "a"}, {}, PatchType::merge, "{}", {}),
             "PATCH", "/api/v1/namespaces/ns/pods/a", "application/merge-patch+json", "{}"},
        Case{"strategic_patch",
             patch_request(kPods, {"ns", "a"}, {}, PatchType::strategic_merge, "{}", {}), "PATCH",
             "/api/v1/namespaces/ns/pods/a", "application/strategic-merge-patch+json", "{}"},
        Case{"apply", apply_request(kPods, {"ns", "a"}, {}, "{}", {.field_manager = "me"}), "PATCH",
             "/api/v1/namespaces/ns/pods/a?fieldManager=me&force=true",
             "application/apply-patch+yaml", "{}"},
        Case{"delete", delete_request(kPods, {"ns", "a"}, {}), "DELETE",
             "/api/v1/namespaces/ns/pods/a"},
        Case{
            "delete_with_everything",
            delete_request(kPods, {"ns", "a"},
                           {.uid = "u",
                            .resource_version = "9",
                            .propagation = Propagation::foreground,
                            .grace_period_seconds = 0,
                            .dry_run = true}),
            "DELETE", "/api/v1/namespaces/ns/pods/a", "application/json",
            R"({"dryRun":["All"],"gracePeriodSeconds":0,"preconditions":{"resourceVersion":"9","uid":"u"},)"
            R"("propagationPolicy":"Foreground"})"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Requests, RefuseKeysThatFitNoPath) {
  for (const auto* name : {"", ".", "..", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\n"}) {
    const auto request = get_request(kPods, {"ns", name}, {}, {});
    ASSERT_FALSE(request) << name;
    EXPECT_EQ(request.error().code, Errc::invalid_argument);
    EXPECT_NE(request.error().message.find("pods"), std::string::npos);
  }
  EXPECT_FALSE(get_request(kPods, {"", "a"}, {}, {}));
  EXPECT_FALSE(get_request(kPods, {"../x", "a"}, {}, {}));
  EXPECT_FALSE(create_request(kPods, {"", "a"}, {}, "{}", {}));
  EXPECT_FALSE(apply_request(kPods, {"ns", "a"}, {}, "{}", {}));
  EXPECT_TRUE(get_request(kNodes, {"", "system:node:a"}, {}, {}));
}

TEST(Requests, AreDescribed) {
  EXPECT_EQ(describe_request("update", kDeployments, {"ns", "a"}, "status"),
            "update deployments.apps/status \"ns/a\"");
  EXPECT_EQ(describe_request("list", kPods, {}), "list pods");
  EXPECT_EQ(describe_request("list", kPods, {"ns", ""}), "list pods \"ns\"");
}

}  // namespace
}  // namespace windlass::client
