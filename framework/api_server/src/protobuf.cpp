#include "protobuf.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "schema_data.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr std::string_view kMagic("k8s\0", 4);
constexpr int kMaximumDepth = 200;

enum class Shape : std::uint8_t { one, list, map, inlined };
enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Message;

struct FieldNumber {
  std::string_view name;
  std::uint32_t number = 0;
  Shape shape = Shape::one;
  char scalar = 0;  ///< as in fields.txt; 0: `type`
  const Message* type = nullptr;
  bool omits_zero = false;
};

struct Message {
  std::string_view name;
  std::vector<FieldNumber> fields;
};

struct Tables {
  std::unordered_map<std::string_view, Message> messages;

  [[nodiscard]] const Message* find(const std::string& name) const {
    const auto found = messages.find(name);
    return found != messages.end() ? &found->second : nullptr;
  }
};

std::string_view next_word(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

FieldNumber read_field(std::string_view text, std::string_view package, const Tables& tables) {
  FieldNumber field;
  field.name = next_word(text, ':');
  const std::string_view number = next_word(text, ':');
  std::from_chars(number.data(), number.data() + number.size(), field.number);
  if (text.ends_with('~')) {
    field.omits_zero = true;
    text.remove_suffix(1);
  }
  const char first = text.front();
  field.shape = first == '*'   ? Shape::list
                : first == '%' ? Shape::map
                : first == '^' ? Shape::inlined
                               : Shape::one;
  if (field.shape != Shape::one) text.remove_prefix(1);
  if (text.size() == 1) {
    field.scalar = text.front();
  } else {
    const bool whole = text.find('.') != std::string_view::npos;
    field.type = tables.find(whole ? std::string(text) : fmt::format("{}.{}", package, text));
  }
  return field;
}

Tables read_tables() {
  Tables tables;
  for (std::string_view text = protobuf_fields(); !text.empty();) {
    std::string_view line = next_word(text, '\n');
    const std::string_view name = next_word(line, ' ');
    if (!name.empty() && name != "#") tables.messages[name].name = name;
  }
  for (std::string_view text = protobuf_fields(); !text.empty();) {
    std::string_view line = next_word(text, '\n');
    const std::string_view name = next_word(line, ' ');
    if (name.empty() || name == "#") continue;
    Message& message = tables.messages[name];
    while (!line.empty()) {
      message.fields.push_back(
          read_field(next_word(line, ' '), name.substr(0, name.rfind('.')), tables));
    }
  }
  return tables;
}

const Tables& tables() {
  static const Tables constant = read_tables();
  return constant;
}

/// The type of a kind: of its own group, or one that all groups share (DeleteOptions, Status,
/// List).
const Message* message_of(std::string_view api_version, std::string_view kind) {
  const auto slash = api_version.find('/');
  const bool core = slash == std::string_view::npos;
  std::string_view group = core ? "core" : api_version.substr(0, slash);
  group = group.substr(0, group.find('.'));
  const std::string_view version = core ? api_version : api_version.substr(slash + 1);
  if (const Message* own = tables().find(fmt::format("{}.{}.{}", group, version, kind))) return own;
  return tables().find(fmt::format("meta.v1.{}", kind));
}

// Reading.

[[noreturn]] void malformed(const char* what) {
  throw Exception(Errc::parse, fmt::format("malformed protobuf: {}", what));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool done() const { return bytes_.empty(); }

  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) malformed("it ends within a number");
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return out;
    }
    malformed("a number is longer than 64 bits");
  }

  std::string_view bytes() { return take(varint()); }

  std::uint64_t fixed64() {
    const std::string_view text = take(8);
    std::uint64_t out = 0;
    for (std::size_t i = 8; i-- > 0;) out = out << 8 | static_cast<unsigned char>(text[i]);
    return out;
  }

  /// The next field's number and wire type.
  std::pair<std::uint64_t, std::uint32_t> tag() {
    const std::uint64_t key = varint();
    return {key >> 3, static_cast<std::uint32_t>(key & 7)};
  }

  void skip(std::uint32_t wire) {
    if (wire == kVarint) {
      varint();
    } else if (wire == kFixed64) {
      take(8);
    } else if (wire == kBytes) {
      bytes();
    } else if (wire == kFixed32) {
      take(4);
    } else {
      malformed("an unknown kind of field");
    }
  }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) malformed("it ends within a field");
    const std::string_view out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }

  std::string_view bytes_;
};

/// The text, which must be UTF-8. json::parse knows the rules.
std::string utf8(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii && !json::parse(quote_json(text))) malformed("a string is not UTF-8");
  return std::string(text);
}

/// A message whose only field, number 1, is a string or bytes.
std::string_view wrapped(std::string_view bytes) {
  std::string_view out;
  for (Reader reader(bytes); !reader.done();) {
    const auto [number, wire] = reader.tag();
    if (number == 1 && wire == kBytes) {
      out = reader.bytes();
    } else {
      reader.skip(wire);
    }
  }
  return out;
}

Value read_envelope(std::string_view bytes, int depth);

/// JSON, or an object in an envelope of its own.
Value read_json(std::string_view text, int depth) {
  if (text.empty()) return nullptr;
  if (text.starts_with(kMagic)) return read_envelope(text, depth);
  auto value = json::parse(text);
  if (!value) malformed("JSON within it cannot be read");
  return std::move(*value);
}

Value read_time(std::string_view bytes, int digits) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  if (bytes.empty()) return nullptr;
  for (Reader reader(bytes); !reader.done();) {
    const auto [number, wire] = reader.tag();
    if (wire != kVarint) {
      reader.skip(wire);
      continue;
    }
    const auto value = static_cast<std::int64_t>(reader.varint());
    if (number == 1) seconds = value;
    if (number == 2) nanos = value;
  }
  constexpr std::int64_t kLimit = 9'000'000'000;  // what 64 bits of nanoseconds hold: 1684 to 2255
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (seconds < -kLimit || seconds > kLimit || nanos < 0 || nanos >= kSecond) {
    malformed("a time is out of range");
  }
  const WallTime time = WallTime(std::chrono::seconds(seconds)) + std::chrono::nanoseconds(nanos);
  return Value(format_time(time, digits));
}

Value read_int_or_string(std::string_view bytes) {
  bool text = false;
  Value number(0), string("");
  for (Reader reader(bytes); !reader.done();) {
    const auto [field, wire] = reader.tag();
    if (field == 1 && wire == kVarint) {
      text = reader.varint() == 1;
    } else if (field == 2 && wire == kVarint) {
      number = static_cast<std::int64_t>(reader.varint());
    } else if (field == 3 && wire == kBytes) {
      string = utf8(reader.bytes());
    } else {
      reader.skip(wire);
    }
  }
  return text ? string : number;
}

Value read_strings(std::string_view bytes) {
  Array out;
  for (Reader reader(bytes); !reader.done();) {
    const auto [number, wire] = reader.tag();
    if (number == 1 && wire == kBytes) {
      out.emplace_back(utf8(reader.bytes()));
    } else {
      reader.skip(wire);
    }
  }
  return out;
}

void read_message(const Message& message, std::string_view bytes, Object& out, int depth);

/// A JSON schema's choices: the schema, or a plain form of it.
Value read_schema_choice(const Message& message, std::string_view bytes, int depth) {
  Object parts;
  read_message(message, bytes, parts, depth);
  if (const Value* schema = parts.find("schema")) return *schema;
  for (const char* name : {"allows", "jSONSchemas", "property"}) {
    if (const Value* plain = parts.find(name)) return *plain;
  }
  return message.name.ends_with("OrBool") ? Value(false) : Value(Array{});
}

Value read_value(const FieldNumber& field, Reader& reader, std::uint32_t wire, int depth) {
  const auto expect = [&](std::uint32_t wanted) {
    if (wire != wanted) malformed("a field has another kind than its type");
  };
  switch (field.scalar) {
    case 'b':
      expect(kVarint);
      return reader.varint() != 0;
    case 'i':
      expect(kVarint);
      return static_cast<std::int64_t>(reader.varint());
    case 'd':
      expect(kFixed64);
      return std::bit_cast<double>(reader.fixed64());
    default:
      break;
  }
  expect(kBytes);
  const std::string_view bytes = reader.bytes();
  switch (field.scalar) {
    case 's':
      return utf8(bytes);
    case 'y':
      return encode_base64(bytes);
    case 'q':
      return utf8(wrapped(bytes));
    case 'o':
      return read_int_or_string(bytes);
    case 't':
      return read_time(bytes, 0);
    case 'u':
      return read_time(bytes, 6);
    case 'l':
      return read_strings(bytes);
    case 0:
      break;
    default:
      return read_json(wrapped(bytes), depth + 1);
  }
  if (field.type->name.starts_with("apiextensions.v1.JSONSchemaPropsOr")) {
    return read_schema_choice(*field.type, bytes, depth + 1);
  }
  Object out;
  read_message(*field.type, bytes, out, depth + 1);
  return out;
}

json::Member read_map_entry(const FieldNumber& field, std::string_view bytes, int depth) {
  std::string key;
  Value value = field.type != nullptr                        ? Value(Object{})
                : field.scalar == 's' || field.scalar == 'y' ? Value("")
                                                             : Value(nullptr);
  for (Reader reader(bytes); !reader.done();) {
    const auto [number, wire] = reader.tag();
    if (number == 1 && wire == kBytes) {
      key = utf8(reader.bytes());
    } else if (number == 2) {
      value = read_value(field, reader, wire, depth);
    } else {
      reader.skip(wire);
    }
  }
  return {std::move(key), std::move(value)};
}

bool is_zero(const Value& value) {
  switch (value.type()) {
    case json::Type::null:
      return true;
    case json::Type::boolean:
      return !value.as_bool();
    case json::Type::integer:
      return value.as_integer() == 0;
    case json::Type::number:
      return value.as_number() == 0;
    case json::Type::string:
      return value.as_string().empty();
    default:
      return false;
  }
}

void read_message(const Message& message, std::string_view bytes, Object& out, int depth) {
  if (depth > kMaximumDepth) malformed("it is nested too deeply");
  std::map<std::string_view, std::vector<json::Member>> maps;  // sorted once, at the end
  for (Reader reader(bytes); !reader.done();) {
    const auto [number, wire] = reader.tag();
    const FieldNumber* field = nullptr;
    for (const FieldNumber& entry : message.fields) {
      if (entry.number == number) field = &entry;
    }
    if (field == nullptr) {
      reader.skip(wire);
    } else if (field->shape == Shape::inlined) {
      if (wire != kBytes) malformed("a field has another kind than its type");
      read_message(*field->type, reader.bytes(), out, depth + 1);
    } else if (field->shape == Shape::map) {
      if (wire != kBytes) malformed("a field has another kind than its type");
      maps[field->name].push_back(read_map_entry(*field, reader.bytes(), depth + 1));
    } else if (field->shape == Shape::list) {
      Value& list = out[field->name];
      if (list.is_null()) list = Array{};
      list.as_array().push_back(read_value(*field, reader, wire, depth));
    } else {
      Value value = read_value(*field, reader, wire, depth);
      if (!(field->omits_zero && is_zero(value))) out.set(field->name, std::move(value));
    }
  }
  for (auto& [name, members] : maps) out.set(name, Object::from_unsorted(std::move(members)));
}

Value read_envelope(std::string_view bytes, int depth) {
  if (!bytes.starts_with(kMagic))
    malformed("it does not begin with the magic number of Kubernetes");
  std::string api_version, kind;
  std::string_view raw;
  for (Reader reader(bytes.substr(kMagic.size())); !reader.done();) {
    const auto [number, wire] = reader.tag();
    if (number == 1 && wire == kBytes) {
      for (Reader meta(reader.bytes()); !meta.done();) {
        const auto [field, meta_wire] = meta.tag();
        if (meta_wire != kBytes) malformed("apiVersion and kind must be strings");
        (field == 1 ? api_version : kind) = utf8(meta.bytes());
      }
    } else if (number == 2 && wire == kBytes) {
      raw = reader.bytes();
    } else {
      reader.skip(wire);
    }
  }
  const Message* message = message_of(api_version, kind);
  if (message == nullptr) {
    throw Exception(Errc::parse, fmt::format("no kind \"{}\" is registered for version \"{}\"",
                                             kind, api_version));
  }
  Object out;
  read_message(*message, raw, out, depth);
  out.set("apiVersion", std::move(api_version));
  out.set("kind", std::move(kind));
  return out;
}

// Writing.

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void put_tag(std::string& out, std::uint32_t number, std::uint32_t wire) {
  put_varint(out, static_cast<std::uint64_t>(number) << 3 | wire);
}

}  // namespace

void put_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
  put_tag(out, number, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}
void put_number(std::string& out, std::uint32_t number, std::int64_t value) {
  put_tag(out, number, kVarint);
  put_varint(out, static_cast<std::uint64_t>(value));
}
void put_real(std::string& out, std::uint32_t number, double value) {
  put_tag(out, number, kFixed64);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

namespace {

std::string write_time(const Value& value) {
  std::string out;
  const std::string_view text = value.string_or("");
  const auto seconds = parse_time(text);
  if (!seconds) return out;
  std::int64_t nanos = 0;
  if (const auto dot = text.find('.'); dot != std::string_view::npos) {
    std::int64_t unit = 100'000'000;
    for (auto at = dot + 1; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      nanos += (text[at] - '0') * unit;
      unit /= 10;
    }
  }
  put_number(out, 1, *seconds);
  put_number(out, 2, nanos);
  return out;
}

std::string write_int_or_string(const Value& value) {
  std::string out;
  const bool text = value.is_string();
  put_number(out, 1, text ? 1 : 0);
  put_number(out, 2, value.integer_or(0));
  put_bytes(out, 3, value.string_or(""));
  return out;
}

std::string write_wrapped(std::string_view text) {
  std::string out;
  put_bytes(out, 1, text);
  return out;
}

std::string write_message(const Message& message, const Value& value);

std::string write_schema_choice(const Message& message, const Value& value) {
  std::string out;
  const FieldNumber& schema =
      message.fields.front().name == "schema" ? message.fields.front() : message.fields.back();
  if (value.is_object()) {
    if (message.name.ends_with("OrBool")) put_number(out, 1, 1);
    put_bytes(out, schema.number, write_message(*schema.type, value));
  } else if (value.is_bool()) {
    put_number(out, 1, value.as_bool() ? 1 : 0);
  } else if (value.is_array()) {
    for (const Value& entry : value.as_array()) {
      put_bytes(out, 2, entry.is_string() ? entry.as_string() : write_message(*schema.type, entry));
    }
  }
  return out;
}

std::string content_of(const FieldNumber& field, const Value& value) {
  switch (field.scalar) {
    case 's':
      return std::string(value.string_or(""));
    case 'y': {
      auto bytes = decode_base64(value.string_or(""));
      return bytes ? std::move(*bytes) : std::string();
    }
    case 'q':
      return write_wrapped(value.is_string() ? value.as_string() : json::dump(value));
    case 'o':
      return write_int_or_string(value);
    case 't':
    case 'u':
      return write_time(value);
    case 'l': {
      std::string out;
      if (!value.is_array()) return out;
      for (const Value& entry : value.as_array()) put_bytes(out, 1, entry.string_or(""));
      return out;
    }
    case 0:
      return write_message(*field.type, value);
    default:
      return write_wrapped(json::dump(value));
  }
}

void write_value(const FieldNumber& field, std::uint32_t number, const Value& value,
                 std::string& out) {
  if (field.scalar == 'b') {
    put_number(out, number, value.bool_or(false) ? 1 : 0);
  } else if (field.scalar == 'i') {
    put_number(out, number, value.integer_or(0));
  } else if (field.scalar == 'd') {
    put_real(out, number, value.is_number() ? value.as_number() : 0.0);
  } else {
    put_bytes(out, number, content_of(field, value));
  }
}

std::string write_message(const Message& message, const Value& value) {
  std::string out;
  if (message.name.starts_with("apiextensions.v1.JSONSchemaPropsOr")) {
    return write_schema_choice(message, value);
  }
  if (!value.is_object()) return out;
  for (const FieldNumber& field : message.fields) {
    if (field.shape == Shape::inlined) {
      const std::string inner = write_message(*field.type, value);
      if (!inner.empty()) put_bytes(out, field.number, inner);
      continue;
    }
    const Value* found = value.find(field.name);
    if (found == nullptr || found->is_null()) continue;
    if (field.shape == Shape::list) {
      if (!found->is_array()) continue;
      for (const Value& entry : found->as_array()) write_value(field, field.number, entry, out);
    } else if (field.shape == Shape::map) {
      if (!found->is_object()) continue;
      for (const auto& member : found->as_object()) {
        std::string entry;
        put_bytes(entry, 1, member.key);
        write_value(field, 2, member.value, entry);
        put_bytes(out, field.number, entry);
      }
    } else {
      write_value(field, field.number, *found, out);
    }
  }
  return out;
}

}  // namespace

Result<Value> decode_protobuf(std::string_view bytes) {
  try {
    return read_envelope(bytes, 0);
  } catch (const Exception& error) {
    return error.error();
  }
}

std::optional<std::string> encode_protobuf(const Value& object) {
  const std::string_view api_version = object["apiVersion"].string_or("");
  const std::string_view kind = object["kind"].string_or("");
  const Message* message = message_of(api_version, kind);
  if (message == nullptr) return std::nullopt;
  std::string meta, unknown;
  put_bytes(meta, 1, api_version);
  put_bytes(meta, 2, kind);
  put_bytes(unknown, 1, meta);
  put_bytes(unknown, 2, write_message(*message, object));
  put_bytes(unknown, 3, "");
  put_bytes(unknown, 4, "");
  return std::string(kMagic) + unknown;
}

std::optional<std::string> encode_protobuf_event(std::string_view type, const Value& object) {
  const auto inner = encode_protobuf(object);
  if (!inner) return std::nullopt;
  std::string event;
  put_bytes(event, 1, type);
  put_bytes(event, 2, write_wrapped(*inner));
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(event.size() >> shift & 0xff);
  return out + event;
}

}  // namespace windlass::inline v0::api_server
