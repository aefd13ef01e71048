#include "scaffold/template.hpp"

namespace windlass::inline v0::scaffold {
namespace {

/// Scopes from the inside out.
struct Names {
  const Scope& scope;
  const Names* outer;

  [[nodiscard]] const std::string* value(std::string_view name) const {
    const auto found = scope.values.find(name);
    if (found != scope.values.end()) return &found->second;
    return outer == nullptr ? nullptr : outer->value(name);
  }
  [[nodiscard]] const std::vector<Scope>* list(std::string_view name) const {
    const auto found = scope.lists.find(name);
    if (found != scope.lists.end()) return &found->second;
    return outer == nullptr ? nullptr : outer->list(name);
  }
};

class Renderer {
 public:
  Renderer(std::string_view file, std::string_view text) : file_(file) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto length = end == std::string_view::npos ? text.size() : end + 1;
      lines_.push_back(text.substr(0, length));
      text.remove_prefix(length);
    }
  }

  std::string run(const Scope& scope) {
    const Names names{scope, nullptr};
    block(0, lines_.size(), names);
    return std::move(out_);
  }

 private:
  static std::string_view directive(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (!line.starts_with("<%") || !line.ends_with("%>") || line.find("%>") != line.size() - 2)
      return {};
    line = line.substr(2, line.size() - 4);
    return line == "end" || line.starts_with("if ") || line.starts_with("for ")
               ? line
               : std::string_view();
  }

  void block(std::size_t first, std::size_t last, const Names& names) {
    for (std::size_t i = first; i < last; ++i) {
      const auto words = directive(lines_[i]);
      if (words.empty()) {
        line(i, names);
        continue;
      }
      const auto end = matching_end(i, last);
      if (words.starts_with("for ")) {
        loop(i, end, words.substr(4), names);
      } else if (words.starts_with("if !") ? !truth(i, words.substr(4), names)
                                           : truth(i, words.substr(3), names)) {
        block(i + 1, end, names);
      }
      i = end;
    }
  }

  void loop(std::size_t start, std::size_t end, std::string_view name, const Names& names) {
    const auto* items = names.list(name);
    if (items == nullptr) fail(start, name);
    for (const auto& item : *items) block(start + 1, end, Names{item, &names});
  }

  std::size_t matching_end(std::size_t start, std::size_t last) const {
    int depth = 0;
    for (std::size_t i = start; i < last; ++i) {
      const auto words = directive(lines_[i]);
      if (words.empty()) continue;
      depth += words == "end" ? -1 : 1;
      if (depth == 0) return i;
    }
    throw Exception(Errc::invalid_argument, place(start) + ": no <%end%> belongs to this line");
  }

  [[nodiscard]] bool truth(std::size_t number, std::string_view name, const Names& names) const {
    if (const auto* value = names.value(name)) return !value->empty() && *value != "false";
    if (const auto* list = names.list(name)) return !list->empty();
    fail(number, name);
  }

  void line(std::size_t number, const Names& names) {
    auto text = lines_[number];
    for (auto open = text.find("<%"); open != std::string_view::npos; open = text.find("<%")) {
      const auto close = text.find("%>", open);
      if (close == std::string_view::npos) fail(number, text.substr(open));
      const auto name = text.substr(open + 2, close - open - 2);
      const auto* value = names.value(name);
      if (value == nullptr) fail(number, name);
      out_ += text.substr(0, open);
      out_ += *value;
      text.remove_prefix(close + 2);
    }
    out_ += text;
  }

  [[nodiscard]] std::string place(std::size_t number) const {
    return std::string(file_) + ":" + std::to_string(number + 1);
  }
  [[noreturn]] void fail(std::size_t number, std::string_view name) const {
    throw Exception(Errc::invalid_argument,
                    place(number) + ": nothing is called \"" + std::string(name) + "\" here");
  }

  std::string_view file_;
  std::vector<std::string_view> lines_;
  std::string out_;
};

}  // namespace

Result<std::string> render(std::string_view file, std::string_view text, const Scope& scope) {
  try {
    return Renderer(file, text).run(scope);
  } catch (const Exception& failure) {
    return failure.error();
  }
}

Result<std::string> render_path(std::string_view path, const Scope& scope) {
  std::string out;
  if (path.ends_with(".in")) path.remove_suffix(3);
  const auto whole = path;
  for (auto open = path.find('%'); open != std::string_view::npos; open = path.find('%')) {
    const auto close = path.find('%', open + 1);
    const auto name =
        path.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    const auto value = scope.values.find(name);
    if (close == std::string_view::npos || value == scope.values.end()) {
      return Error{Errc::invalid_argument,
                   std::string(whole) + ": nothing is called \"" + std::string(name) + "\""};
    }
    out += path.substr(0, open);
    out += value->second;
    path.remove_prefix(close + 1);
  }
  out += path;
  for (auto at = out.find("dot_"); at != std::string::npos; at = out.find("dot_", at + 1)) {
    if (at == 0 || out[at - 1] == '/') out.replace(at, 4, ".");
  }
  return out;
}

}  // namespace windlass::inline v0::scaffold
