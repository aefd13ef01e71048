#include <algorithm>
#include <optional>

#include <windlass/json/patch.hpp>

namespace windlass::inline v0::json {
namespace {

Error invalid(std::string problem) { return {Errc::invalid_argument, std::move(problem)}; }

Result<std::vector<std::string>> split_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  const Error malformed{Errc::parse, "malformed JSON pointer \"" + std::string(pointer) +
                                         "\": write it as /spec/replicas, with ~1 for / and ~0 "
                                         "for ~"};
  if (pointer[0] != '/') return malformed;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      tokens.emplace_back();
    } else if (c == '~') {
      const char next = i + 1 < pointer.size() ? pointer[++i] : '\0';
      if (next != '0' && next != '1') return malformed;
      tokens.back() += next == '0' ? '~' : '/';
    } else {
      tokens.back() += c;
    }
  }
  return tokens;
}

std::optional<std::size_t> to_index(std::string_view token) {
  if (token.empty() || token.size() > 9 || (token[0] == '0' && token.size() > 1)) {
    return std::nullopt;
  }
  std::size_t index = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index;
}

Value* child(Value& value, std::string_view token) {
  if (value.is_object()) return value.find(token);
  if (!value.is_array()) return nullptr;
  const auto index = to_index(token);
  Array& array = value.as_array();
  return index && *index < array.size() ? &array[*index] : nullptr;
}

Result<Value*> walk(Value& root, const std::vector<std::string>& tokens, std::size_t count) {
  Value* value = &root;
  for (std::size_t i = 0; i < count; ++i) {
    value = child(*value, tokens[i]);
    if (value == nullptr) return invalid("the path does not exist (at \"" + tokens[i] + "\")");
  }
  return value;
}

Result<void> add(Value& root, std::string_view pointer, Value value) {
  const auto tokens = split_pointer(pointer);
  if (!tokens) return tokens.error();
  if (tokens->empty()) {
    root = std::move(value);
    return {};
  }
  const auto parent = walk(root, *tokens, tokens->size() - 1);
  if (!parent) return parent.error();
  const std::string& last = tokens->back();
  if ((*parent)->is_object()) {
    (*parent)->as_object().set(last, std::move(value));
    return {};
  }
  if (!(*parent)->is_array()) return invalid("the parent is neither an object nor an array");
  Array& array = (*parent)->as_array();
  const auto index = last == "-" ? std::optional(array.size()) : to_index(last);
  if (!index || *index > array.size()) return invalid("index \"" + last + "\" is out of range");
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

Result<Value> remove(Value& root, std::string_view pointer) {
  const auto tokens = split_pointer(pointer);
  if (!tokens) return tokens.error();
  if (tokens->empty()) return std::exchange(root, Value());
  const auto parent = walk(root, *tokens, tokens->size() - 1);
  if (!parent) return parent.error();
  Value* const target = child(**parent, tokens->back());
  if (target == nullptr) {
    return invalid("the path does not exist (at \"" + tokens->back() + "\")");
  }
  Value removed = std::move(*target);
  if ((*parent)->is_object()) {
    (*parent)->as_object().erase(tokens->back());
  } else {
    Array& array = (*parent)->as_array();
    array.erase(array.begin() + (target - array.data()));
  }
  return removed;
}

Result<Value*> at(Value& root, std::string_view pointer) {
  const auto tokens = split_pointer(pointer);
  if (!tokens) return tokens.error();
  return walk(root, *tokens, tokens->size());
}

Result<void> move(Value& root, const std::string& from, const std::string& path) {
  if (path == from) return {};
  if (path.starts_with(from + "/")) return invalid("a value cannot move into itself");
  auto value = remove(root, from);
  if (!value) return value.error().within("from");
  return add(root, path, std::move(*value));
}

Result<void> apply(Value& root, const Value& operation) {
  const std::string_view op = operation["op"].string_or("");
  const Value* const path_value = operation.find("path");
  if (path_value == nullptr || !path_value->is_string()) return invalid("it has no path");
  const std::string& path = path_value->as_string();
  const Value* const value = operation.find("value");
  const std::string from(operation["from"].string_or(""));
  const bool takes_value = op == "add" || op == "replace" || op == "test";
  if (takes_value && value == nullptr) return invalid("it has no value");
  if ((op == "move" || op == "copy") && !operation["from"].is_string()) {
    return invalid("it has no from");
  }

  if (op == "add") return add(root, path, *value);
  if (op == "move") return move(root, from, path);
  if (op == "remove") {
    auto removed = remove(root, path);
    return removed ? Result<void>() : Result<void>(removed.error());
  }
  if (op == "copy") {
    const auto source = at(root, from);
    if (!source) return source.error().within("from");
    return add(root, path, **source);
  }
  if (op == "replace" || op == "test") {
    const auto target = at(root, path);
    if (!target) return target.error();
    if (op == "replace") {
      **target = *value;
    } else if (!(**target == *value)) {
      return invalid("test failed: the value is " + dump(**target).substr(0, 200));
    }
    return {};
  }
  return invalid("unknown operation \"" + std::string(op) + '"');
}

void create(const Value& before, const Value& after, const std::string& path, Array& patch) {
  if (before == after) return;
  if (!before.is_object() || !after.is_object()) {
    patch.push_back(Object{{"op", "replace"}, {"path", path}, {"value", after}});
    return;
  }
  for (const auto& [key, value] : before.as_object()) {
    const std::string place = path + '/' + escape_pointer(key);
    if (const Value* other = after.find(key)) {
      create(value, *other, place, patch);
    } else {
      patch.push_back(Object{{"op", "remove"}, {"path", place}});
    }
  }
  for (const auto& [key, value] : after.as_object()) {
    if (before.find(key) != nullptr) continue;
    const std::string place = path + '/' + escape_pointer(key);
    patch.push_back(Object{{"op", "add"}, {"path", place}, {"value", value}});
  }
}

}  // namespace

Result<Value> apply_json_patch(Value document, const Value& patch) {
  if (!patch.is_array()) return invalid("a JSON patch is an array of operations");
  std::size_t number = 0;
  for (const Value& operation : patch.as_array()) {
    if (auto done = apply(document, operation); !done) {
      return invalid("JSON patch, operation " + std::to_string(number) + " (" +
                     std::string(operation["op"].string_or("?")) + ' ' +
                     std::string(operation["path"].string_or("?")) + "): " + done.error().message);
    }
    ++number;
  }
  return document;
}

Value create_json_patch(const Value& before, const Value& after) {
  Array patch;
  create(before, after, "", patch);
  return patch;
}

Value apply_merge_patch(Value document, const Value& patch) {
  if (!patch.is_object()) return patch;
  if (!document.is_object()) document = Object();
  for (const auto& [key, value] : patch.as_object()) {
    if (value.is_null()) {
      document.as_object().erase(key);
    } else {
      Value& target = document.as_object()[key];
      target = apply_merge_patch(std::move(target), value);
    }
  }
  return document;
}

Value create_merge_patch(const Value& before, const Value& after) {
  if (!before.is_object() || !after.is_object()) return after;
  Object patch;
  for (const auto& [key, value] : before.as_object()) {
    const Value* const other = after.find(key);
    if (other == nullptr || other->is_null()) {
      patch.set(key, nullptr);
    } else if (!(value == *other)) {
      patch.set(key, create_merge_patch(value, *other));
    }
  }
  for (const auto& [key, value] : after.as_object()) {
    if (before.find(key) != nullptr || value.is_null()) continue;
    patch.set(key, value.is_object() ? create_merge_patch(Object(), value) : value);
  }
  return patch;
}

Result<const Value*> at_pointer(const Value& document, std::string_view pointer) {
  const auto tokens = split_pointer(pointer);
  if (!tokens) return tokens.error();
  const Value* value = &document;
  for (const auto& token : *tokens) {
    value = child(const_cast<Value&>(*value), token);
    if (value == nullptr) break;
  }
  return value;
}

std::string escape_pointer(std::string_view token) {
  std::string escaped;
  for (const char c : token) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace windlass::inline v0::json
