#pragma once
// RawJson: JSON that is kept as text because nobody looks into it.

#include <string>

namespace windlass::inline v0 {

/// Compact JSON text, or nothing. Decoding checks it and removes white space; encoding writes it as
/// it is, so whoever fills it by hand must write valid JSON. Compared as text.
struct RawJson {
  std::string text;

  [[nodiscard]] bool empty() const noexcept { return text.empty(); }
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

}  // namespace windlass::inline v0
