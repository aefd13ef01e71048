#pragma once
// What json::parse does not tell: the order of a document's members, members that occur twice, and
// what Go's decoder says of a text that is not JSON.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

/// How deep what clients send may be. Objects in memory, on disk and on the wire may lie deeper in
/// something else, and must still be read.
constexpr std::size_t kDeepestBody = 500;

/// The document, if it is no deeper than that.
inline Result<json::Value> parse_sent(std::string_view text) {
  return json::parse(text, {.max_depth = kDeepestBody});
}

struct JsonScan {
  /// Where each member begins, by path ("spec.containers[0].name"), the first if there are more.
  /// Paths of more than a kilobyte, and more than 32 MB of them, are left out.
  std::map<std::string, std::size_t, std::less<>> places;
  /// Members that occur again, with the place where they do.
  std::vector<std::pair<std::size_t, std::string>> repeated;
  /// Go's message; empty when the text is JSON.
  std::string problem;
};

JsonScan scan_json(std::string_view text);
/// Only the message.
std::string json_problem(std::string_view text);

}  // namespace windlass::inline v0::api_server
