#pragma once
// YAML to json::Value.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::codegen {

/// A document and the lines on which its parts stand.
class Document {
 public:
  Document() = default;
  /// A document whose lines nobody knows.
  explicit Document(json::Value content) : value(std::move(content)) {}

  json::Value value;

  /// The line, from 1, of what these keys lead to (elements of lists: "[0]"), or of the nearest
  /// thing above it that has one; 0 when no line is known.
  [[nodiscard]] std::size_t line_of(const std::vector<std::string>& keys) const;

 private:
  friend class DocumentBuilder;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> lines_;  // hash of the keys; sorted
};

/// All documents of a YAML stream (JSON is YAML), empty ones left out. Plain scalars become null,
/// bool, integer or number as in YAML 1.2's core schema; quoted ones are strings. Aliases and merge
/// keys (`<<`) are resolved; what they expand to is limited.
/// Errc::parse names file, line and column.
Result<std::vector<Document>> read_yaml(const std::string& file, std::string_view text);

/// The values alone.
Result<std::vector<json::Value>> parse_yaml(const std::string& file, std::string_view text);

}  // namespace windlass::inline v0::codegen
