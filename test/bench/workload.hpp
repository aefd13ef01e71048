#pragma once
// The texts that bench_decode and bench_instructions read: lists of ordinary Pods and of custom
// resources as kube-apiserver writes them.

#include <string>

namespace bench {

/// pod.json: two containers, probes, volumes, status, managed fields; 8 KB.
const std::string& pod_text();
/// database.json: a custom resource with labels, conditions and managed fields; 2.5 KB.
const std::string& database_text();
/// A list of about 800 KB. Names differ from item to item, also in length.
std::string list_of(const std::string& item, const std::string& kind, std::size_t count);

inline constexpr std::size_t kPods = 100;
inline constexpr std::size_t kDatabases = 320;

/// A text in a buffer that a parser may overwrite.
class Buffer {
 public:
  explicit Buffer(std::string text) : text_(std::move(text)) {}
  /// A fresh copy.
  std::string& refill();
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string bytes_;
};

}  // namespace bench
