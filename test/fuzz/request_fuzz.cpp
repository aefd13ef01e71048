// Requests of any form. A line "METHOD TARGET", a line with the content type, then the body.

#include "api.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static windlass::fuzz::Api api;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string first = windlass::fuzz::next_line(rest);
  const std::string type = windlass::fuzz::next_line(rest);
  const auto space = std::min(first.find(' '), first.size());
  api.call(first.substr(0, space), first.substr(std::min(space + 1, first.size())),
           std::string(rest), type);
  api.next();
  return 0;
}
