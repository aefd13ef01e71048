// Requests of any form. A line "METHOD TARGET", a line with the content type, then the body. Behind
// the target may stand whom the sender wants to be: then he is nobody's administrator.

#include "api.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static windlass::fuzz::Api open;
  static windlass::fuzz::Api guarded(true);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  // the fuzzer learns words from comparisons: who brings the secret gives nothing away
  if (rest.find(windlass::fuzz::Api::kSecret) != std::string_view::npos) return -1;
  const std::string first = windlass::fuzz::next_line(rest);
  const std::string type = windlass::fuzz::next_line(rest);
  std::string_view words(first);
  const auto next_word = [&words] {
    const auto end = std::min(words.find(' '), words.size());
    std::string word(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
    return word;
  };
  const std::string method = next_word();
  const std::string target = next_word();
  windlass::fuzz::Api& api = words.empty() ? open : guarded;
  const std::string as(words);
  api.call(method, target, std::string(rest), type, as == "-" ? "" : as);
  api.next();
  return 0;
}
