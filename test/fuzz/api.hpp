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
class Api {
 public:
  api_server::Reply call(std::string method, std::string target, std::string body,
                         std::string type = "application/json") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = {},
                          .body = std::move(body)};
    request.headers.set("Content-Type", type);
    request.headers.set("User-Agent", "fuzz/1.0");
    auto reply = core().handle(request, admin_);
    check(reply, request.target);
    if (reply.stream) reply.stream->take();
    return reply;
  }
  /// To be called once per input.
  void next() {
    if (++inputs_ % 200 == 0) core_.reset();
  }

 private:
  /// What holds for every answer, whatever was asked.
  static void check(const api_server::Reply& reply, const std::string& target) {
    const int status = reply.response.status;
    const bool crashed =
        status == 500 && reply.response.body.find("Internal error occurred") != std::string::npos;
    if (status >= 100 && status < 600 && !crashed) return;
    std::fprintf(stderr, "%s: %d %s\n", target.c_str(), status, reply.response.body.c_str());
    std::abort();
  }

  api_server::Core& core() {
    if (core_) return *core_;
    core_ = std::make_unique<api_server::Core>(environment_);
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
    return *core_;
  }

  testing_api::ManualEnvironment environment_;
  api_server::Identity admin_ = api_server::Identity::admin();
  std::unique_ptr<api_server::Core> core_;
  unsigned inputs_ = 0;
};

}  // namespace windlass::fuzz
