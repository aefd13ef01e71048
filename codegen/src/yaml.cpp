#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <windlass/codegen/yaml.hpp>
#include <windlass/json/utf8.hpp>

namespace windlass::inline v0::codegen {
namespace {

constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kMaxSize = 4'000'000;  // of a document; aliases multiply
constexpr std::uint64_t kRoot = 0xcbf29ce484222325u;

/// What a text counts for, beside a value that is no text.
std::size_t size_of(std::string_view text) { return 1 + text.size() / 64; }

std::uint64_t hash_below(std::uint64_t parent, std::string_view key) {
  std::uint64_t hash = (parent ^ 0x2f) * 0x100000001b3u;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

bool looks_like_number(const std::string& text) {
  return text.find_first_not_of("+-.0123456789eE") == std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

json::Value plain_scalar(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (!looks_like_number(text)) return text;
  const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [at, error] = std::from_chars(begin, end, integer);
      error == std::errc() && at == end) {
    return integer;
  }
  double number = 0;
  if (const auto [at, error] = std::from_chars(begin, end, number);
      error == std::errc() && at == end) {
    return number;
  }
  return text;
}

}  // namespace

/// Builds documents from the parser's events; yaml-cpp's own tree would take five times as long.
class DocumentBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    // yaml-cpp leaves a token that begins nothing where it is, and would make documents of it for
    // ever
    if (mark.pos == last_start_) throw YAML::Exception(mark, "a document cannot begin with this");
    last_start_ = mark.pos;
    anchors_.clear();
    document_ = {};
    size_ = 0;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) throw YAML::Exception(mark, "the key is not a string");
    grow(mark, 1);
    put(mark, {}, 1, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) throw YAML::Exception(mark, "the alias contains itself");
    grow(mark, it->second.size);
    if (wants_key()) return take_key(mark, "", it->second.value.string_or(""));
    put(mark, it->second.value, it->second.size, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& scalar) override {
    const std::string text = json::repair_utf8(scalar);
    const std::size_t size = size_of(text);
    grow(mark, size);
    if (wants_key()) {
      if (anchor != 0) anchors_[anchor] = {text, size};
      return take_key(mark, tag, text);
    }
    // "!" is what the parser says of a quoted scalar, "?" of a plain one
    const bool is_text = tag == "!" || tag == "tag:yaml.org,2002:str";
    put(mark, is_text ? json::Value(text) : plain_scalar(text), size, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, false, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, true, anchor);
  }
  void OnSequenceEnd() override {
    Level level = pop();
    put(level.mark, std::move(level.elements), size_ - level.size_before, level.anchor);
  }
  void OnMapEnd() override {
    Level level = pop();
    json::Object object = finish(level);
    put(level.mark, std::move(object), size_ - level.size_before, level.anchor);
  }

  Document take() {
    std::sort(document_.lines_.begin(), document_.lines_.end());
    return std::move(document_);
  }

  static std::uint32_t find(const Document& document, std::uint64_t hash) {
    const auto it = std::lower_bound(document.lines_.begin(), document.lines_.end(),
                                     std::pair<std::uint64_t, std::uint32_t>{hash, 0});
    return it != document.lines_.end() && it->first == hash ? it->second : 0;
  }

 private:
  struct Level {
    YAML::Mark mark;
    bool is_map = false;
    bool has_key = false;
    bool merges = false;  // the key is `<<`
    YAML::anchor_t anchor = 0;
    std::uint64_t hash = 0;
    std::size_t size_before = 0;
    std::vector<json::Member> members = {};
    std::vector<YAML::Mark> marks = {};
    json::Array elements = {};
    json::Array merged = {};
  };
  struct Anchor {
    json::Value value;
    std::size_t size = 1;
  };

  [[nodiscard]] bool wants_key() const {
    return !stack_.empty() && stack_.back().is_map && !stack_.back().has_key;
  }

  void note_line(const YAML::Mark& mark, std::uint64_t hash) {
    document_.lines_.emplace_back(hash, static_cast<std::uint32_t>(mark.line + 1));
  }

  /// The hash of the place that the next value takes.
  [[nodiscard]] std::uint64_t here() const {
    if (stack_.empty()) return kRoot;
    const Level& level = stack_.back();
    if (level.is_map) return hash_below(level.hash, level.members.back().key);
    return hash_below(level.hash, '[' + std::to_string(level.elements.size()) + ']');
  }

  void take_key(const YAML::Mark& mark, const std::string& tag, std::string_view text) {
    Level& level = stack_.back();
    level.has_key = true;
    level.merges = tag == "?" && text == "<<";
    level.members.push_back({std::string(text), {}});
    level.marks.push_back(mark);
    note_line(mark, here());
  }

  void open(const YAML::Mark& mark, bool is_map, YAML::anchor_t anchor) {
    if (wants_key()) throw YAML::Exception(mark, "the key is not a string");
    if (stack_.size() >= kMaxDepth) throw YAML::Exception(mark, "nested too deeply");
    const std::uint64_t hash = here();
    stack_.push_back({.mark = mark, .is_map = is_map, .anchor = anchor, .hash = hash});
    stack_.back().size_before = size_;
    grow(mark, 1);
  }

  Level pop() {
    Level level = std::move(stack_.back());
    stack_.pop_back();
    return level;
  }

  static json::Object finish(Level& level) {
    const std::size_t size = level.members.size();
    std::vector<std::string> keys;
    keys.reserve(size);
    for (const auto& member : level.members) keys.push_back(member.key);
    auto object = json::Object::from_unsorted(std::move(level.members));
    if (object.size() < size) report_duplicate(keys, level.marks);
    for (const auto& source : level.merged) {
      for (const auto& [key, value] : source.as_object()) {
        if (!object.contains(key)) object.set(key, value);
      }
    }
    return object;
  }

  static void report_duplicate(const std::vector<std::string>& keys,
                               const std::vector<YAML::Mark>& marks) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
          keys.begin() + static_cast<std::ptrdiff_t>(i)) {
        throw YAML::Exception(marks[i], "`" + keys[i] + "` stands here a second time");
      }
    }
  }

  /// Asked before anything is copied.
  void grow(const YAML::Mark& mark, std::size_t size) {
    size_ += size;
    if (size_ > kMaxSize) {
      throw YAML::Exception(mark, "the document expands to more than " + std::to_string(kMaxSize) +
                                      " values or pieces of text");
    }
  }

  void put(const YAML::Mark& mark, json::Value value, std::size_t size, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {value, size};
    if (stack_.empty()) {
      document_.value = std::move(value);
      return;
    }
    Level& level = stack_.back();
    if (!level.is_map) {
      note_line(mark, here());
      level.elements.push_back(std::move(value));
      return;
    }
    level.has_key = false;
    if (level.merges) return merge(mark, std::move(value));
    level.members.back().value = std::move(value);
  }

  void merge(const YAML::Mark& mark, json::Value value) {
    Level& level = stack_.back();
    level.members.pop_back();
    level.marks.pop_back();
    json::Array sources;
    if (value.is_array()) {
      sources = std::move(value.as_array());
    } else {
      sources.push_back(std::move(value));
    }
    for (auto& source : sources) {
      if (!source.is_object()) throw YAML::Exception(mark, "`<<` takes a mapping or several");
      level.merged.push_back(std::move(source));
    }
  }

  std::vector<Level> stack_;
  std::map<YAML::anchor_t, Anchor> anchors_;
  Document document_;
  std::size_t size_ = 0;
  int last_start_ = -1;
};

std::size_t Document::line_of(const std::vector<std::string>& keys) const {
  std::uint64_t hash = kRoot;
  std::size_t line = lines_.empty() ? 0 : 1;
  if (!lines_.empty()) {
    for (const auto& key : keys) {
      hash = hash_below(hash, key);
      const auto found = DocumentBuilder::find(*this, hash);
      if (found == 0) break;
      line = found;
    }
  }
  return line;
}

Result<std::vector<Document>> read_yaml(const std::string& file, std::string_view text) {
  if (!json::is_utf8(text)) {
    return Error{Errc::parse, file + ": it is not UTF-8; save it in that encoding"};
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    std::vector<Document> out;
    DocumentBuilder builder;
    for (;;) {
      if (!parser.HandleNextDocument(builder)) return out;
      auto document = builder.take();
      if (!document.value.is_null()) out.push_back(std::move(document));
    }
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, file + ":" + std::to_string(error.mark.line + 1) + ":" +
                                  std::to_string(error.mark.column + 1) + ": " + error.msg};
  }
}

Result<std::vector<json::Value>> parse_yaml(const std::string& file, std::string_view text) {
  auto documents = read_yaml(file, text);
  if (!documents) return documents.error();
  std::vector<json::Value> out;
  for (auto& document : *documents) out.push_back(std::move(document.value));
  return out;
}

}  // namespace windlass::inline v0::codegen
