#include <algorithm>

#include <windlass/json/value.hpp>

#include "text.hpp"

namespace windlass::inline v0::json {
namespace {

const Value kNull;

[[noreturn]] void wrong_type(std::string_view expected, Type got) {
  throw Exception(Errc::parse,
                  "expected " + std::string(expected) + ", got " + std::string(to_string(got)));
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return "integer";
    case Type::number:
      return "number";
    case Type::string:
      return "string";
    case Type::array:
      return "array";
    case Type::object:
      return "object";
  }
  return "unknown";
}

Object::Object() = default;
Object::~Object() = default;
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;

Object::Object(std::initializer_list<Member> members)
    : Object(from_unsorted(std::vector<Member>(members))) {}

Object Object::from_unsorted(std::vector<Member> members) {
  Object object;
  const auto by_key = [](const Member& a, const Member& b) { return a.key < b.key; };
  const auto not_ascending = [](const Member& a, const Member& b) { return a.key >= b.key; };
  if (std::adjacent_find(members.begin(), members.end(), not_ascending) != members.end()) {
    std::stable_sort(members.begin(), members.end(), by_key);
    auto out = members.begin();
    for (auto it = members.begin(); it != members.end(); ++it) {
      const auto next = std::next(it);
      if (next != members.end() && next->key == it->key) continue;
      if (out != it) *out = std::move(*it);
      ++out;
    }
    members.erase(out, members.end());
  }
  object.members_ = std::move(members);
  return object;
}

namespace {
template <class Members>
auto lower(Members& members, std::string_view key) {
  return std::lower_bound(members.begin(), members.end(), key,
                          [](const auto& member, std::string_view k) { return member.key < k; });
}
}  // namespace

const Value* Object::find(std::string_view key) const {
  const auto it = lower(members_, key);
  return it != members_.end() && it->key == key ? &it->value : nullptr;
}
Value* Object::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}
Value& Object::operator[](std::string_view key) {
  auto it = lower(members_, key);
  if (it == members_.end() || it->key != key) {
    it = members_.insert(it, Member{std::string(key), Value()});
  }
  return it->value;
}
void Object::set(std::string_view key, Value value) { (*this)[key] = std::move(value); }
bool Object::erase(std::string_view key) {
  const auto it = lower(members_, key);
  if (it == members_.end() || it->key != key) return false;
  members_.erase(it);
  return true;
}
bool operator==(const Object& a, const Object& b) { return a.members_ == b.members_; }

Value::Value(Array value) : data_(std::make_unique<Array>(std::move(value))) {}
Value::Value(Object value) : data_(std::make_unique<Object>(std::move(value))) {}

Value::Value(const Value& other) {
  std::visit(
      [this](const auto& data) {
        using D = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<D, std::unique_ptr<Array>>) {
          data_ = std::make_unique<Array>(*data);
        } else if constexpr (std::is_same_v<D, std::unique_ptr<Object>>) {
          data_ = std::make_unique<Object>(*data);
        } else {
          data_ = data;
        }
      },
      other.data_);
}

Value& Value::operator=(const Value& other) {
  if (this != &other) *this = Value(other);
  return *this;
}

bool Value::as_bool() const {
  if (const auto* v = std::get_if<bool>(&data_)) return *v;
  wrong_type("boolean", type());
}
std::int64_t Value::as_integer() const {
  if (const auto* v = std::get_if<std::int64_t>(&data_)) return *v;
  wrong_type("integer", type());
}
double Value::as_number() const {
  if (const auto* v = std::get_if<double>(&data_)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*v);
  wrong_type("number", type());
}
const std::string& Value::as_string() const {
  if (const auto* v = std::get_if<std::string>(&data_)) return *v;
  wrong_type("string", type());
}
const Array& Value::as_array() const {
  if (const auto* v = std::get_if<std::unique_ptr<Array>>(&data_)) return **v;
  wrong_type("array", type());
}
const Object& Value::as_object() const {
  if (const auto* v = std::get_if<std::unique_ptr<Object>>(&data_)) return **v;
  wrong_type("object", type());
}
std::string& Value::as_string() {
  return const_cast<std::string&>(std::as_const(*this).as_string());
}
Array& Value::as_array() { return const_cast<Array&>(std::as_const(*this).as_array()); }
Object& Value::as_object() { return const_cast<Object&>(std::as_const(*this).as_object()); }

bool Value::bool_or(bool fallback) const { return is_bool() ? as_bool() : fallback; }
std::int64_t Value::integer_or(std::int64_t fallback) const {
  return is_integer() ? as_integer() : fallback;
}
std::string_view Value::string_or(std::string_view fallback) const {
  return is_string() ? std::string_view(as_string()) : fallback;
}

const Value* Value::find(std::string_view key) const {
  return is_object() ? as_object().find(key) : nullptr;
}
Value* Value::find(std::string_view key) { return is_object() ? as_object().find(key) : nullptr; }

const Value& Value::operator[](std::string_view key) const {
  const auto* member = find(key);
  return member != nullptr ? *member : kNull;
}
Value& Value::operator[](std::string_view key) {
  if (is_null()) *this = Object();
  return as_object()[key];
}
const Value& Value::at_path(std::initializer_list<std::string_view> keys) const {
  const Value* value = this;
  for (const auto key : keys) value = &(*value)[key];
  return *value;
}

bool operator==(const Value& a, const Value& b) {
  if (a.type() != b.type()) return a.is_number() && b.is_number() && a.as_number() == b.as_number();
  switch (a.type()) {
    case Type::null:
      return true;
    case Type::boolean:
      return a.as_bool() == b.as_bool();
    case Type::integer:
      return a.as_integer() == b.as_integer();
    case Type::number:
      return a.as_number() == b.as_number();
    case Type::string:
      return a.as_string() == b.as_string();
    case Type::array:
      return a.as_array() == b.as_array();
    case Type::object:
      return a.as_object() == b.as_object();
  }
  return false;
}

namespace {

class Dumper {
 public:
  explicit Dumper(bool pretty) : pretty_(pretty) {}

  void write(const Value& value) {
    switch (value.type()) {
      case Type::null:
        out_ += "null";
        break;
      case Type::boolean:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Type::integer:
        append_integer(out_, value.as_integer());
        break;
      case Type::number:
        append_number(out_, value.as_number());
        break;
      case Type::string:
        append_quoted(out_, value.as_string());
        break;
      case Type::array:
        write_array(value.as_array());
        break;
      case Type::object:
        write_object(value.as_object());
        break;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void write_array(const Array& array) {
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const auto& element : array) {
      separate(first);
      write(element);
    }
    --depth_;
    if (!first) break_line();
    out_ += ']';
  }
  void write_object(const Object& object) {
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const auto& [key, member] : object) {
      separate(first);
      append_quoted(out_, key);
      out_ += pretty_ ? ": " : ":";
      write(member);
    }
    --depth_;
    if (!first) break_line();
    out_ += '}';
  }
  void separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
    break_line();
  }
  void break_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool pretty_;
};

}  // namespace

std::string dump(const Value& value) {
  Dumper dumper(false);
  dumper.write(value);
  return dumper.take();
}

std::string dump_pretty(const Value& value) {
  Dumper dumper(true);
  dumper.write(value);
  return dumper.take() + "\n";
}

}  // namespace windlass::inline v0::json
