// Selectors, continue tokens and versions of lists: lines with the label selector, the field
// selector, the continue token and the version.

#include "api.hpp"

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
    out += hex;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static windlass::fuzz::Api api;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string target = "/api/v1/configmaps?limit=1";
  for (const char* name : {"labelSelector", "fieldSelector", "continue", "resourceVersion"}) {
    const std::string line = windlass::fuzz::next_line(rest);
    if (!line.empty()) target += "&" + std::string(name) + "=" + escaped(line);
  }
  api.call("GET", target, "");
  api.call("GET", target + "&watch=1", "");
  api.next();
  return 0;
}
