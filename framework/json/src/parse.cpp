#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::json {
namespace {

/// Builds a Value from RapidJSON's events on an explicit stack.
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

  bool Null() { return put(Value()); }
  bool Bool(bool value) { return put(Value(value)); }
  bool Int(int value) { return put(Value(value)); }
  bool Uint(unsigned value) { return put(Value(value)); }
  bool Int64(std::int64_t value) { return put(Value(value)); }
  bool Uint64(std::uint64_t value) {
    constexpr std::uint64_t limit = INT64_MAX;
    return put(value <= limit ? Value(value) : Value(static_cast<double>(value)));
  }
  bool Double(double value) { return put(Value(value)); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return put(Value(std::string(text, size)));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    stack_.back().members.push_back({std::string(text, size), Value()});
    return true;
  }
  bool StartObject() { return open(true); }
  bool StartArray() { return open(false); }
  bool EndObject(rapidjson::SizeType) {
    auto object = Object::from_unsorted(std::move(stack_.back().members));
    stack_.pop_back();
    return put(Value(std::move(object)));
  }
  bool EndArray(rapidjson::SizeType) {
    auto array = std::move(stack_.back().elements);
    stack_.pop_back();
    return put(Value(std::move(array)));
  }

  Value take() { return std::move(root_); }
  [[nodiscard]] bool too_deep() const { return too_deep_; }

 private:
  struct Level {
    bool is_object;
    std::vector<Member> members;
    Array elements;
  };

  bool open(bool is_object) {
    too_deep_ = stack_.size() >= max_depth_;
    if (too_deep_) return false;
    stack_.push_back({is_object, {}, {}});
    return true;
  }
  bool put(Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (stack_.back().is_object) {
      stack_.back().members.back().value = std::move(value);
    } else {
      stack_.back().elements.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Level> stack_;
  Value root_;
  std::size_t max_depth_;
  bool too_deep_ = false;
};

Error at_offset(std::string_view text, std::size_t offset, std::string_view problem) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == before.npos ? before.size() + 1 : before.size() - line_start;
  return {Errc::parse, "malformed JSON at line " + std::to_string(line) + ", column " +
                           std::to_string(column) + ": " + std::string(problem)};
}

}  // namespace

Result<Value> parse(std::string_view text, const ParseOptions& options) {
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag |
                             rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  Builder builder(options.max_depth);
  rapidjson::Reader reader;
  const auto result = reader.Parse<flags>(stream, builder);
  if (result.IsError()) {
    const std::string problem = builder.too_deep()
                                    ? "nested deeper than " + std::to_string(options.max_depth)
                                    : rapidjson::GetParseError_En(result.Code());
    return at_offset(text, result.Offset(), problem);
  }
  return builder.take();
}

}  // namespace windlass::inline v0::json
