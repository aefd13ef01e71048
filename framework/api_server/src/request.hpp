#pragma once
// A request taken apart: path, query, and what it wants.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/http/message.hpp>

namespace windlass::inline v0::api_server {

enum class Encoding : std::uint8_t { json, yaml, protobuf };
enum class ObjectForm : std::uint8_t { whole, table, metadata };

/// The answer that a client asks for.
struct Wanted {
  Encoding encoding = Encoding::json;
  ObjectForm form = ObjectForm::whole;
  std::string version = "v1";  ///< of meta.k8s.io, for forms of its own
};

class Query {
 public:
  static Query parse(std::string_view text);
  void set(std::string_view name, std::string_view value) { values_.emplace_back(name, value); }
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// None when absent. Throws Failure(400) when it is no number.
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

struct Target {
  std::vector<std::string> segments;
  Query query;

  bool empty_segments = false;  ///< "//" somewhere
  bool resource_path = false;   ///< below /api/v1 or /apis/<group>/<version>
  bool namespaces_scope = false;
  bool old_watch = false;  ///< below /watch/
  std::string group, version, namespace_, plural, name, subresource, rest;

  static Target parse(std::string_view target);
};

}  // namespace windlass::inline v0::api_server
