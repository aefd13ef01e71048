#pragma once
// What json::parse does not tell: the order of a document's members, members that occur twice, and
// what Go's decoder says of a text that is not JSON.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::inline v0::api_server {

struct JsonScan {
  /// Where each member begins, by path ("spec.containers[0].name"), the first if there are more.
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
