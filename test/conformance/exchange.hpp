#pragma once
// Requests to an API server, and its answers in a form that two servers can be compared by.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <windlass/base/system_environment.hpp>
#include <windlass/http/client.hpp>
#include <windlass/json/value.hpp>
#include <windlass/testing/control_plane.hpp>

namespace windlass::conformance {

/// An API server under test. Use from the thread of its environment.
class Server {
 public:
  /// Starts it.
  explicit Server(testing::ServerKind kind);

  /// The whole answer: {"status", "type", "warnings", "body"}; a watch's body is the list of its
  /// events. Not normalised.
  json::Value send(http::Request request);

 private:
  std::unique_ptr<SystemEnvironment> environment_;
  std::unique_ptr<testing::ControlPlane> plane_;
  std::unique_ptr<http::Client> client_;
};

/// Replaces what differs between any two runs: UIDs, times, versions, allocated addresses and
/// ports, continue tokens, generated names. Equal values stay equal, within one Normalizer.
class Normalizer {
 public:
  json::Value normalize(const json::Value& answer);

 private:
  json::Value walk(const json::Value& value, std::string_view key);
  std::string text(const std::string& text, std::string_view key);
  std::string alias(const char* kind, const std::string& value);

  std::map<std::string, std::map<std::string, std::string>> aliases_;
};

/// Where two documents differ, one line each: "path: expected X, got Y".
std::vector<std::string> differences(const json::Value& expected, const json::Value& got);

}  // namespace windlass::conformance
