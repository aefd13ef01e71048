#pragma once
// Builds a json::Value from RapidJSON's events.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rapidjson/reader.h>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::json {

class ValueBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ValueBuilder> {
 public:
  explicit ValueBuilder(std::size_t max_depth) : max_depth_(max_depth) {}

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
  /// Inside an array or object.
  [[nodiscard]] bool unfinished() const { return !stack_.empty(); }

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

}  // namespace windlass::inline v0::json
