#pragma once
// Walks over JSON text without reading it: finds where values end.

#include <cstddef>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::json {

/// A place in a text. Checks brackets' balance and strings' ends, and never reads past the text.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  void skip_space();
  /// The next character after white space; 0 at the end.
  char peek();
  /// Takes `c` when it is the next one.
  bool take(char c);
  /// The text of the value that comes next.
  Result<std::string_view> value();
  /// The string that comes next, unescaped.
  Result<std::string> string();
  /// The member's name and its colon.
  Result<std::string> key();
  Error malformed(std::string_view problem) const;

 private:
  bool skip_string();
  bool skip_brackets();
  void skip_word();

  std::string_view text_;
  std::size_t at_;
};

}  // namespace windlass::inline v0::json
