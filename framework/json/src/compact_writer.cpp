#include <array>
#include <cstring>
#include <vector>

#include <windlass/json/compact.hpp>
#include <windlass/json/value.hpp>
#include <windlass/type/inspect.hpp>

#include "compact_format.hpp"

namespace windlass::inline v0::json {

using type::Field;
using type::Kind;
using type::Ref;
using type::Shape;

namespace {

using namespace compact_format;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
unsigned nibble(char c) { return static_cast<unsigned>(is_digit(c) ? c - '0' : c - 'a' + 10); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

std::size_t hex_digits_at_end(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_hex(text[text.size() - 1 - count])) ++count;
  return count;
}

/// Strings that were written, so that later ones can point at them. What is looked up is compared:
/// a lost entry costs some bytes and nothing else.
class Strings {
 public:
  struct Entry {
    std::string_view text;
    std::size_t at;       // in the bytes
    unsigned references;  // deep
  };
  void clear() { entries_.clear(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  void shrink(std::size_t size) { entries_.resize(size); }
  void add(std::string_view text, std::size_t at, unsigned references) {
    if (entries_.size() == kMost) return;
    entries_.push_back({text, at, references});
    const auto number = static_cast<std::uint16_t>(entries_.size());
    whole_[hash(text)] = number;
    if (text.size() >= kBegin) begin_[begin_hash(text)] = number;
  }
  [[nodiscard]] const Entry* find(std::string_view text) const {
    const Entry* const entry = at(whole_[hash(text)]);
    return entry != nullptr && entry->text == text ? entry : nullptr;
  }
  /// The last one that begins with the same kBegin bytes.
  [[nodiscard]] const Entry* find_begin(std::string_view text) const {
    if (text.size() < kBegin) return nullptr;
    const Entry* const entry = at(begin_[begin_hash(text)]);
    return entry != nullptr && entry->text.starts_with(text.substr(0, kBegin)) ? entry : nullptr;
  }
  static constexpr std::size_t kBegin = 8;

 private:
  static constexpr std::size_t kMost = 4000;
  static constexpr std::size_t kSlots = 1024;
  [[nodiscard]] const Entry* at(std::uint16_t number) const {
    return number == 0 || number > entries_.size() ? nullptr : &entries_[number - 1u];
  }
  static std::size_t mix(std::uint64_t bits) { return (bits * 0x9e3779b97f4a7c15u) >> 54; }
  static std::size_t hash(std::string_view text) { return mix(type::hash_of(text)); }
  static std::size_t begin_hash(std::string_view text) {
    std::uint64_t bits;
    std::memcpy(&bits, text.data(), sizeof bits);
    return mix(bits);
  }

  std::vector<Entry> entries_;
  std::array<std::uint16_t, kSlots> whole_{};
  std::array<std::uint16_t, kSlots> begin_{};
};

class Writer {
 public:
  Writer(std::string& out, Strings& strings, const Shape& root)
      : out_(out), strings_(strings), root_(root) {}

  void value(Ref ref);

 private:
  void byte(unsigned value) { out_ += static_cast<char>(value); }
  void varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) byte(static_cast<unsigned>(number & 0x7f) | 0x80);
    byte(static_cast<unsigned>(number));
  }
  void integer(std::int64_t number) { varint(zigzag(number)); }
  void object(Ref ref);
  bool field(Ref ref);
  void list(Ref ref);
  void map(Ref ref);
  void optional(Ref ref);
  void scalar(Ref ref);
  void any(const Value& value);
  void raw(std::string_view text);

  void string(std::string_view text);
  bool known(std::string_view text);
  bool may_refer(const Strings::Entry& entry);
  void refer(std::size_t distance);
  unsigned plain(std::string_view text);
  void hex(std::string_view digits);
  void uuid(std::string_view text);

  bool members(std::string_view text, std::size_t& at, const Shape* shape, unsigned depth);
  bool member_key(std::string_view key, const Shape*& shape, std::uint32_t flags);
  bool key_members(std::string_view text, std::uint32_t flags);

  std::string& out_;
  Strings& strings_;
  const Shape& root_;
  std::int64_t last_number_ = 0;  // of a scalar
  std::size_t referred_ = 0;
};

const Value& as_value(Ref ref) { return *static_cast<const Value*>(ref.value); }

/// Whether it is as in a fresh object, as far as that can be seen at once.
bool is_fresh(Ref ref) {
  switch (ref.shape->kind) {
    case Kind::float64: {
      std::uint64_t bits;
      std::memcpy(&bits, ref.value, sizeof bits);
      return bits == 0;  // minus zero is not
    }
    case Kind::enumeration:
      return type::enum_index(ref) == 0;
    case Kind::scalar:
    case Kind::object:
      return false;
    default:
      return type::is_empty(ref);
  }
}

void Writer::object(Ref ref) {
  const type::Table& table = ref.shape->table();
  std::size_t before = static_cast<std::size_t>(-1);
  std::size_t last = std::string::npos;  // where the last tag is
  const auto put = [&](std::size_t index, Ref member) {
    if (is_fresh(member)) return;
    const std::size_t mark = out_.size();
    varint((index - before) * 2);
    if (!field(member)) {
      out_.resize(mark);
      return;
    }
    last = mark;
    before = index;
  };
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    put(i, type::member(ref.value, table.fields[i]));
  }
  if (table.rest.shape != nullptr) {
    put(table.fields.size(), type::member(ref.value, table.rest));
  }
  if (last == std::string::npos) {
    byte(0);
  } else {
    out_[last] = static_cast<char>(out_[last] | 1);
  }
}

/// False for an object that turned out to hold nothing.
bool Writer::field(Ref ref) {
  if (ref.shape->kind == Kind::optional && ref.shape->optional->set_null == nullptr) {
    value({ref.shape->inner, ref.shape->optional->get(ref.value)});
    return true;
  }
  const std::size_t mark = out_.size();
  value(ref);
  return ref.shape->kind != Kind::object || out_[mark] != '\0';
}

void Writer::value(Ref ref) {
  switch (ref.shape->kind) {
    case Kind::boolean:
      return byte(*static_cast<const bool*>(ref.value) ? 1 : 0);
    case Kind::int32:
      return integer(*static_cast<const std::int32_t*>(ref.value));
    case Kind::int64:
      return integer(*static_cast<const std::int64_t*>(ref.value));
    case Kind::float64:
      out_.append(static_cast<const char*>(ref.value), sizeof(double));
      return;
    case Kind::string:
      return string(*static_cast<const std::string*>(ref.value));
    case Kind::scalar:
      return scalar(ref);
    case Kind::enumeration:
      return varint(static_cast<std::uint64_t>(type::enum_index(ref) + 1));
    case Kind::object:
      return object(ref);
    case Kind::list:
      return list(ref);
    case Kind::map:
      return map(ref);
    case Kind::optional:
      return optional(ref);
    case Kind::any:
      return any(as_value(ref));
    case Kind::raw:
      return raw(static_cast<const RawJson*>(ref.value)->text);
  }
}

void Writer::list(Ref ref) {
  const auto view = ref.shape->list->view(ref.value);
  const Shape& inner = *ref.shape->inner;
  varint(view.count);
  for (std::size_t i = 0; i < view.count; ++i) value({&inner, view.data + i * inner.size});
}

void Writer::map(Ref ref) {
  const type::MapOps& ops = *ref.shape->map;
  const auto view = ops.view(ref.value);
  varint(view.count);
  for (std::size_t i = 0; i < view.count; ++i) {
    const std::byte* const entry = view.data + i * ops.entry_size;
    string(*reinterpret_cast<const std::string*>(entry));
    value({ref.shape->inner, entry + ops.value_offset});
  }
}

void Writer::optional(Ref ref) {
  const auto& ops = *ref.shape->optional;
  const void* const content = ops.get(ref.value);
  if (content == nullptr) return byte(ops.is_null != nullptr && ops.is_null(ref.value) ? 2 : 0);
  byte(1);
  value({ref.shape->inner, content});
}

void Writer::scalar(Ref ref) {
  const type::ScalarOps& ops = *ref.shape->scalar;
  if (ops.to_number != nullptr) {
    const std::int64_t number = ops.to_number(ref.value);
    const auto difference =
        static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(last_number_);
    integer(static_cast<std::int64_t>(difference));
    last_number_ = number;
    return;
  }
  std::string text;
  ops.write(ref.value, text);
  std::string_view held = text;
  if (held == "null") return byte(0);
  const bool quoted = held.size() > 1 && held.front() == '"' && held.find('\\') == held.npos;
  if (quoted) held = held.substr(1, held.size() - 2);
  byte(quoted ? 1 : 2);
  if (!known(held)) plain(held);  // it is gone afterwards: nothing may point at it
}

void Writer::any(const Value& value) {
  byte(static_cast<unsigned>(value.type()));
  switch (value.type()) {
    case Type::null:
      return;
    case Type::boolean:
      return byte(value.as_bool() ? 1 : 0);
    case Type::integer:
      return integer(value.as_integer());
    case Type::number: {
      const double number = value.as_number();
      out_.append(reinterpret_cast<const char*>(&number), sizeof number);
      return;
    }
    case Type::string:
      return string(value.as_string());
    case Type::array:
      varint(value.as_array().size());
      for (const auto& element : value.as_array()) any(element);
      return;
    case Type::object:
      varint(value.as_object().size());
      for (const auto& [key, member] : value.as_object()) {
        string(key);
        any(member);
      }
      return;
  }
}

/// A word of the dictionary, or one that was written before.
bool Writer::known(std::string_view text) {
  if (text.size() < 2) return false;
  if (const auto found = find_word(text)) {
    if (*found < kNearWords) {
      byte(kWord + static_cast<unsigned>(*found));
    } else {
      const std::size_t far = *found - kNearWords;
      byte(kWordPair + static_cast<unsigned>(far >> 8));
      byte(far & 0xff);
    }
    return true;
  }
  const auto* const same = text.size() > 2 ? strings_.find(text) : nullptr;
  if (same == nullptr || !may_refer(*same)) return false;
  refer(out_.size() - same->at);
  return true;
}

/// Counts what the reader will count.
bool Writer::may_refer(const Strings::Entry& entry) {
  const std::size_t stands_for = entry.text.size() * (entry.references + 1);
  if (referred_ + stands_for > kMaxReferred) return false;
  referred_ += stands_for;
  return true;
}

void Writer::string(std::string_view text) {
  if (known(text)) return;
  const std::size_t start = out_.size();
  unsigned references = 0;
  const auto* like = strings_.find_begin(text);
  if (like != nullptr && like->references + 2 < kMaxReferences && may_refer(*like)) {
    std::size_t common = Strings::kBegin;
    const std::size_t most = std::min(like->text.size(), text.size());
    while (common < most && like->text[common] == text[common]) ++common;
    byte(kPrefix);
    varint(start - like->at);
    varint(common);
    references = std::max(like->references, plain(text.substr(common))) + 1;
  } else {
    references = plain(text);
  }
  if (text.size() > 2) strings_.add(text, start, references);
}

void Writer::refer(std::size_t distance) {
  if (distance > kNearRef) {
    byte(kFarRef);
    return varint(distance);
  }
  byte(kRef + static_cast<unsigned>(distance >> 8));
  byte(distance & 0xff);
}

/// Without looking at other strings. How deep it refers to strings that are part of it.
unsigned Writer::plain(std::string_view text) {
  if (is_uuid(text)) {
    uuid(text);
    return 0;
  }
  const std::size_t digits = text.size() < 4 ? 0 : hex_digits_at_end(text);
  if (digits == text.size() && digits >= 4) {
    std::uint64_t number = 0;
    bool decimal = text.size() < 20 && text[0] != '0';
    for (const char c : text) {
      decimal = decimal && is_digit(c);
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (decimal) {
      byte(kDigits);
      varint(number);
      return 0;
    }
    if (digits >= 6) {
      hex(text);
      return 0;
    }
  } else if (digits >= 12) {
    byte(kJoined);
    const unsigned references = plain(text.substr(0, text.size() - digits));
    hex(text.substr(text.size() - digits));
    return references + 1;
  }
  if (text.size() < kLong) {
    byte(kShortest + static_cast<unsigned>(text.size()));
  } else {
    byte(kLong);
    varint(text.size());
  }
  out_ += text;
  return 0;
}

void Writer::hex(std::string_view digits) {
  byte(kHex);
  varint(digits.size());
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const unsigned low = i + 1 < digits.size() ? nibble(digits[i + 1]) : 0;
    byte(nibble(digits[i]) << 4 | low);
  }
}

void Writer::uuid(std::string_view text) {
  byte(kUuid);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (text[i] == '-') ++i;
    byte(nibble(text[i]) << 4 | nibble(text[i + 1]));
  }
}

void Writer::raw(std::string_view text) {
  const std::size_t mark = out_.size();
  const std::size_t strings = strings_.size();
  byte(1);
  std::size_t at = 1;
  if (text.size() > 2 && text[0] == '{' && members(text, at, &root_, 0) && at == text.size())
    return;
  out_.resize(mark);
  strings_.shrink(strings);
  byte(0);
  string(text);
}

/// What is inside, when it has a table or elements.
const Shape* inside(const Shape* shape) {
  while (shape != nullptr && shape->kind == Kind::optional) shape = shape->inner;
  return shape;
}

/// What stands between the quotes that begin at `at`, which moves behind them.
std::optional<std::string_view> quoted(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  for (std::size_t end = at + 1; end < text.size(); ++end) {
    if (text[end] == '\\') {
      ++end;
    } else if (text[end] == '"') {
      const auto found = text.substr(at + 1, end - at - 1);
      at = end + 1;
      return found;
    }
  }
  return std::nullopt;
}

/// The members of an object whose opening bracket is behind us, up to and with its closing one.
/// False for anything but objects inside of objects.
bool Writer::members(std::string_view text, std::size_t& at, const Shape* shape, unsigned depth) {
  constexpr unsigned kMaxDepth = 100;
  if (depth > kMaxDepth) return false;
  for (;;) {
    const auto key = quoted(text, at);
    if (!key || text.substr(at, 2) != ":{") return false;
    at += 2;
    const bool leaf = at < text.size() && text[at] == '}';
    const std::size_t mark = out_.size();
    const Shape* inner = inside(shape);
    if (!member_key(*key, inner, leaf ? 2 : 0)) return false;
    if (leaf) {
      ++at;
    } else if (!members(text, at, inner, depth + 1)) {
      return false;
    }
    if (at >= text.size()) return false;
    const char next = text[at++];
    if (next == ',') continue;
    out_[mark] = static_cast<char>(out_[mark] | 1);
    return next == '}';
  }
}

/// `shape` becomes what the member's value describes.
bool Writer::member_key(std::string_view key, const Shape*& shape, std::uint32_t flags) {
  const Shape* const from = shape;
  const bool list = from != nullptr && from->kind == Kind::list;
  shape = list ? from->inner : nullptr;
  if (key == ".") {
    varint(kDot * 4 + flags);
    return true;
  }
  if (key.starts_with("k:") && key_members(key.substr(2), flags)) return true;
  if (key.starts_with("v:\\\"") && key.ends_with("\\\"") && key.size() >= 6) {
    varint(kElement * 4 + flags);
    string(key.substr(4, key.size() - 6));
    return true;
  }
  if (!key.starts_with("f:")) {
    varint(kOther * 4 + flags);
    string(key);
    return true;
  }
  const auto name = key.substr(2);
  if (from != nullptr && from->kind == Kind::object) {
    const type::Table& table = from->table();
    if (const Field* field = table.find(name)) {
      shape = field->shape;
      const auto index = static_cast<std::size_t>(field - table.fields.data());
      varint((kKnown + index) * 4 + flags);
      return true;
    }
  }
  if (from != nullptr && from->kind == Kind::map) shape = from->inner;
  varint(kField * 4 + flags);
  string(name);
  return true;
}

/// {\"name\":\"app\",\"port\":80}, as it stands inside of a string. False when it is anything else;
/// nothing is written then.
bool Writer::key_members(std::string_view text, std::uint32_t flags) {
  constexpr std::string_view quote = "\\\"";
  std::array<std::string_view, 2 * kMaxKeyMembers> parts;
  std::size_t count = 0;
  unsigned bare = 0;
  std::size_t at = 1;
  if (text.size() < 2 || text[0] != '{' || text.back() != '}') return false;
  const auto take = [&](std::string_view expected) {
    if (!text.substr(at).starts_with(expected)) return false;
    at += expected.size();
    return true;
  };
  const auto part_up_to = [&](std::string_view end_characters) {
    const std::size_t end = text.find_first_of(end_characters, at);
    const auto part = text.substr(at, end - at);
    at = std::min(end, text.size());
    return part;
  };
  for (;; ++count) {
    if (count == kMaxKeyMembers || !take(quote)) return false;
    parts[2 * count] = part_up_to("\\");
    if (!take("\\\":")) return false;
    if (take(quote)) {
      parts[2 * count + 1] = part_up_to("\\");
      if (!take(quote)) return false;
    } else {
      bare |= 1u << count;
      parts[2 * count + 1] = part_up_to(",}\\\"");
    }
    if (take(",")) continue;
    if (!take("}") || at != text.size()) return false;
    ++count;
    break;
  }
  varint(kKey * 4 + flags);
  byte(bare << 3 | static_cast<unsigned>(count));
  for (std::size_t i = 0; i < 2 * count; ++i) string(parts[i]);
  return true;
}

}  // namespace

std::string compact(Ref ref) {
  static thread_local Strings strings;
  static thread_local std::string out;
  strings.clear();
  out.clear();
  Writer(out, strings, *ref.shape).value(ref);
  return std::string(out);
}

}  // namespace windlass::inline v0::json
