#include <windlass/type/path.hpp>

namespace windlass::inline v0::type {
namespace {

class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) { path_.text = text; }

  Result<Path> read() {
    bool first = true;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool done = c == '['   ? read_bracket()
                        : c == '.' ? (++at_, read_name())
                                   : first && read_name();
      if (!done) return malformed();
      first = false;
    }
    return std::move(path_);
  }

 private:
  bool read_name() {
    const std::size_t end = std::min(text_.find_first_of(".[]", at_), text_.size());
    if (end == at_) return false;
    path_.steps.push_back({.name = std::string(text_.substr(at_, end - at_))});
    at_ = end;
    return true;
  }

  bool read_bracket() {
    ++at_;
    if (at_ >= text_.size()) return false;
    const char quote = text_[at_];
    return quote == '\'' || quote == '"' ? read_key(quote) : read_index();
  }

  bool read_key(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos || end + 1 >= text_.size() || text_[end + 1] != ']') return false;
    path_.steps.push_back({.name = std::string(text_.substr(at_ + 1, end - at_ - 1))});
    at_ = end + 2;
    return true;
  }

  bool read_index() {
    const std::size_t end = text_.find(']', at_);
    if (end == text_.npos || end == at_ || end - at_ > 9) return false;
    std::size_t index = 0;
    for (; at_ < end; ++at_) {
      if (text_[at_] < '0' || text_[at_] > '9') return false;
      index = index * 10 + static_cast<std::size_t>(text_[at_] - '0');
    }
    at_ = end + 1;
    path_.steps.push_back({.index = index, .is_index = true});
    return true;
  }

  Error malformed() const {
    return {Errc::invalid_argument, "malformed path \"" + std::string(text_) + "\" at character " +
                                        std::to_string(at_ + 1) +
                                        ": write it as spec.containers[0].image or "
                                        "metadata.labels['key']"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Path path_;
};

}  // namespace

Result<Path> parse_path(std::string_view text) { return PathReader(text).read(); }

}  // namespace windlass::inline v0::type
