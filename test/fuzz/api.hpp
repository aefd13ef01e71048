#pragma once
// An API server for fuzz targets.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/api_server/core.hpp>
#include <windlass/json/value.hpp>

#include "manual_environment.hpp"

namespace windlass::fuzz {

/// The part of `rest` up to a line feed, which is taken off with it.
inline std::string next_line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

/// A server with an object of a few kinds. It is made new after some inputs, so that a finding
/// needs few of them, and not after each, because that takes longer than an input.
///
/// A guarded one checks what its users may do. They are one, who may write ConfigMaps, of which
/// webhooks hear, and be somebody else, but never see a Secret.
class Api {
 public:
  /// What the guarded one's Secret holds.
  static constexpr std::string_view kSecret = "aHVzaCBodXNo";

  explicit Api(bool guarded = false) : guarded_(guarded) {}

  api_server::Reply call(std::string method, std::string target, std::string body,
                         std::string type = "application/json", const std::string& as = "") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = {},
                          .body = std::move(body)};
    request.headers.set("Content-Type", type);
    request.headers.set("User-Agent", "fuzz/1.0");
    if (!as.empty()) request.headers.set("Impersonate-User", as);
    auto reply = core().handle(request, guarded_ ? user_ : admin_);
    check(reply, request.target);
    if (reply.stream) check_secret(reply.stream->take(), request.target);
    return reply;
  }
  /// To be called once per input.
  void next() {
    if (++inputs_ % 200 == 0) core_.reset();
  }

 private:
  void check_secret(const std::string& text, const std::string& target) const {
    if (!guarded_ || text.find(kSecret) == std::string::npos) return;
    std::fprintf(stderr, "%s: the secret: %s\n", target.c_str(), text.c_str());
    std::abort();
  }

  /// What holds for every answer, whatever was asked.
  void check(const api_server::Reply& reply, const std::string& target) const {
    const int status = reply.response.status;
    const std::string& body = reply.response.body;
    check_secret(body, target);
    const bool crashed = status == 500 &&
                         body.find("\"message\":\"Internal error occurred") != std::string::npos &&
                         body.find("given to Core::answer") == std::string::npos;  // a webhook
    if (status >= 100 && status < 600 && !crashed) return;
    std::fprintf(stderr, "%s: %d %s\n", target.c_str(), status, reply.response.body.c_str());
    std::abort();
  }

  api_server::Core& core() {
    if (core_) return *core_;
    core_ = std::make_unique<api_server::Core>(environment_,
                                               api_server::CoreOptions{.authorization = guarded_});
    core_->seed(
        {json::parse(R"({"apiVersion":"v1","kind":"ConfigMap",
        "metadata":{"name":"a","namespace":"default","labels":{"app":"a"}},"data":{"k":"v"}})")
             .value(),
         json::parse(R"({"apiVersion":"apps/v1","kind":"Deployment",
        "metadata":{"name":"a","namespace":"default"},
        "spec":{"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},
        "spec":{"containers":[{"name":"c","image":"i","env":[{"name":"E","value":"1"}],
        "ports":[{"containerPort":80}]}]}}}})")
             .value(),
         json::parse(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
        "metadata":{"name":"things.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
        "names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,
        "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",
        "x-kubernetes-preserve-unknown-fields":true,"properties":{
        "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
        "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},
        "n":{"type":"integer","default":3}}}},"set":{"type":"array","x-kubernetes-list-type":"set",
        "items":{"type":"string"}},"either":{"x-kubernetes-int-or-string":true}}}}}}}]}})")
             .value(),
         json::parse(R"({"apiVersion":"example.com/v1","kind":"Thing",
        "metadata":{"name":"a","namespace":"default"},
        "spec":{"list":[{"name":"x"}],"set":["a"],"either":1}})")
             .value()});
    if (guarded_) guard();
    return *core_;
  }

  void guard() {
    core_->seed(
        {json::parse(std::string(R"({"apiVersion":"v1","kind":"Secret",
        "metadata":{"name":"s","namespace":"default"},"data":{"k":")") +
                     std::string(kSecret) + "\"}}")
             .value(),
         json::parse(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",
        "metadata":{"name":"user"},"rules":[
        {"apiGroups":[""],"resources":["configmaps"],"verbs":["*"]},
        {"apiGroups":["example.com"],"resources":["*"],"verbs":["get","list","watch","patch"]},
        {"apiGroups":["rbac.authorization.k8s.io"],"resources":["*"],"verbs":["create","update"]},
        {"apiGroups":[""],"resources":["users"],"resourceNames":["bob"],"verbs":["impersonate"]}]})")
             .value(),
         json::parse(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",
        "metadata":{"name":"user"},"subjects":[{"kind":"User","name":"user"}],
        "roleRef":{"kind":"ClusterRole","name":"user","apiGroup":"rbac.authorization.k8s.io"}})")
             .value(),
         json::parse(
             R"json({"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration",
        "metadata":{"name":"hooks"},"webhooks":[{"name":"a.example.com","sideEffects":"None",
        "admissionReviewVersions":["v1"],"clientConfig":{"url":"https://127.0.0.1:1/"},
        "matchConditions":[{"name":"c","expression":"object.metadata.name.startsWith('w')"}],
        "rules":[{"operations":["CREATE","UPDATE","DELETE"],"apiGroups":[""],"apiVersions":["v1"],
        "resources":["configmaps"]}]}]})json")
             .value()});
  }

  testing_api::ManualEnvironment environment_;
  bool guarded_;
  api_server::Identity admin_ = api_server::Identity::admin();
  api_server::Identity user_{.user = "user", .groups = {"system:authenticated"}};
  std::unique_ptr<api_server::Core> core_;
  unsigned inputs_ = 0;
};

}  // namespace windlass::fuzz
