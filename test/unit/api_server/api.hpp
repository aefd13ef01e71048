#pragma once
// A core with a clock of its own, and short ways to ask it.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <windlass/api_server/core.hpp>
#include <windlass/json/value.hpp>

#include "manual_environment.hpp"

namespace windlass::testing_api {

struct Answer {
  int status = 0;
  json::Value body;
  http::Headers headers;
  std::shared_ptr<api_server::EventStream> stream;
  std::string text;  ///< the body as it came

  [[nodiscard]] std::string message() const { return std::string(body["message"].string_or("")); }
  [[nodiscard]] std::string reason() const { return std::string(body["reason"].string_or("")); }
  [[nodiscard]] std::string version() const {
    return std::string(body.at_path({"metadata", "resourceVersion"}).string_or(""));
  }
};

inline json::Value read(std::string_view text) { return json::parse(text).value(); }

class Api : public ::testing::Test {
 protected:
  explicit Api(api_server::CoreOptions options = {}) : core(environment, std::move(options)) {}

  Answer call(std::string method, std::string target, std::string body = "",
              std::string type = "application/json",
              const api_server::Identity& identity = api_server::Identity::admin(),
              std::string accept = "") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = {},
                          .body = std::move(body)};
    request.headers.set("Content-Type", type);
    request.headers.set("User-Agent", "test/1.0");
    if (!accept.empty()) request.headers.set("Accept", accept);
    auto reply = core.handle(request, identity);
    Answer answer{.status = reply.response.status,
                  .body = {},
                  .headers = reply.response.headers,
                  .stream = reply.stream,
                  .text = reply.response.body};
    if (auto body_value = json::parse(reply.response.body)) answer.body = *body_value;
    return answer;
  }
  Answer get(std::string target) { return call("GET", std::move(target)); }
  Answer post(std::string target, std::string body) {
    return call("POST", std::move(target), std::move(body));
  }
  Answer put(std::string target, const json::Value& body) {
    return call("PUT", std::move(target), json::dump(body));
  }
  Answer merge(std::string target, std::string body) {
    return call("PATCH", std::move(target), std::move(body), "application/merge-patch+json");
  }
  Answer erase(std::string target, std::string body = "") {
    return call("DELETE", std::move(target), std::move(body));
  }

  /// The events that a watch has now.
  static std::vector<json::Value> events(const Answer& watch) {
    std::vector<json::Value> out;
    const std::string text = watch.stream->take();
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      out.push_back(read(std::string_view(text).substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  /// "ADDED a", "DELETED b", ...
  static std::vector<std::string> brief(const std::vector<json::Value>& events) {
    std::vector<std::string> out;
    for (const auto& event : events) {
      out.push_back(std::string(event["type"].string_or("")) + " " +
                    std::string(event.at_path({"object", "metadata", "name"}).string_or("")));
    }
    return out;
  }

  ManualEnvironment environment;
  api_server::Core core;
};

inline constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";
inline std::string config_map(const std::string& name, const std::string& more = "") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + "\"" +
         (more.empty() ? "" : "," + more) + R"(},"data":{"a":"1"}})";
}

}  // namespace windlass::testing_api
