#include <cstring>

#include <windlass/json/compact.hpp>
#include <windlass/json/value.hpp>
#include <windlass/type/inspect.hpp>

#include "compact_format.hpp"

namespace windlass::inline v0::json {

using type::Kind;
using type::Shape;

namespace {

using namespace compact_format;

/// Reading goes on after damage was found, with zeros, until somebody looks at `ok`.
class Reader {
 public:
  Reader(std::string_view bytes, const Shape& root) : bytes_(bytes), root_(root) {}

  /// False for damaged bytes.
  bool value(const Shape& shape, void* target);
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  bool damaged() { return ok_ = false; }
  unsigned byte_at(std::size_t& at) {
    if (at >= bytes_.size()) {
      damaged();
      return 0;
    }
    return static_cast<unsigned char>(bytes_[at++]);
  }
  std::uint64_t varint_at(std::size_t& at) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const unsigned next = byte_at(at);
      number |= std::uint64_t{next & 0x7f} << shift;
      if (next < 0x80) return number;
    }
    damaged();
    return 0;
  }
  std::string_view take_at(std::size_t& at, std::uint64_t size) {
    if (size > bytes_.size() - at) {
      damaged();
      return {};
    }
    const auto taken = bytes_.substr(at, size);
    at += size;
    return taken;
  }
  unsigned byte() { return byte_at(at_); }
  std::uint64_t varint() { return varint_at(at_); }
  std::int64_t integer() { return unzigzag(varint()); }
  /// How many values follow: each takes at least a byte.
  std::size_t count() {
    const std::uint64_t number = varint();
    if (number > bytes_.size() - at_) damaged();
    return ok_ ? number : 0;
  }
  double number() {
    double number = 0;
    const auto taken = take_at(at_, sizeof number);
    if (ok_) std::memcpy(&number, taken.data(), sizeof number);
    return number;
  }
  bool object(const Shape& shape, void* target);
  bool optional(const Shape& shape, void* target);
  bool scalar(const type::ScalarOps& ops, void* target);
  bool any(Value& target);
  bool raw(std::string& text);

  /// Until the next call.
  std::string_view string();
  void append(std::size_t& at, std::string& out, unsigned depth);
  void append_hex(std::size_t& at, std::string& out);
  void append_uuid(std::size_t& at, std::string& out);
  void append_reference(std::size_t start, std::uint64_t distance, std::string& out,
                        unsigned depth);

  bool members(std::string& out, const Shape* shape);
  void member_key(std::string& out, std::uint64_t kind, const Shape*& shape);
  void key_members(std::string& out);

  std::string_view bytes_;
  const Shape& root_;
  std::size_t at_ = 0;
  bool ok_ = true;
  unsigned depth_ = 0;
  std::int64_t last_number_ = 0;
  std::size_t referred_ = 0;
  std::string scratch_;
};

constexpr unsigned kMaxDepth = 2000;

bool Reader::value(const Shape& shape, void* target) {
  switch (shape.kind) {
    case Kind::boolean:
      *static_cast<bool*>(target) = byte() != 0;
      return ok_;
    case Kind::int32:
      *static_cast<std::int32_t*>(target) = static_cast<std::int32_t>(integer());
      return ok_;
    case Kind::int64:
      *static_cast<std::int64_t*>(target) = integer();
      return ok_;
    case Kind::float64:
      *static_cast<double*>(target) = number();
      return ok_;
    case Kind::string: {
      const auto text = string();
      auto* const held = static_cast<std::string*>(target);
      std::destroy_at(held);  // faster than an assignment
      std::construct_at(held, text);
      return ok_;
    }
    case Kind::scalar:
      return scalar(*shape.scalar, target);
    case Kind::enumeration: {
      const std::uint64_t index = varint() - 1;
      type::set_enum(shape, target, std::min<std::uint64_t>(index, shape.names->size()));
      return ok_;
    }
    case Kind::object: {
      if (++depth_ > kMaxDepth) return damaged();
      const bool done = object(shape, target);
      --depth_;
      return done;
    }
    case Kind::list: {
      const std::size_t size = count();
      if (size > 1) shape.list->reserve(target, size);
      for (std::size_t i = 0; i < size; ++i) {
        if (!value(*shape.inner, shape.list->append(target))) return false;
      }
      return ok_;
    }
    case Kind::map: {
      const std::size_t size = count();
      if (size > 1) shape.map->reserve(target, size);
      for (std::size_t i = 0; i < size; ++i) {
        void* const slot = shape.map->append(target, string());
        if (!value(*shape.inner, slot)) return false;
      }
      shape.map->finish(target);
      return ok_;
    }
    case Kind::optional:
      return optional(shape, target);
    case Kind::any:
      return any(*static_cast<Value*>(target));
    case Kind::raw:
      return raw(static_cast<RawJson*>(target)->text);
  }
  return damaged();
}

bool Reader::object(const Shape& shape, void* target) {
  const type::Table& table = shape.table();
  std::size_t index = static_cast<std::size_t>(-1);
  for (;;) {
    const std::uint64_t tag = varint();
    if (tag == 0) return ok_ && index == static_cast<std::size_t>(-1);
    index += tag / 2;
    const bool rest = index == table.fields.size() && table.rest.shape != nullptr;
    if (tag < 2 || (index >= table.fields.size() && !rest)) return damaged();
    const type::Field& field = rest ? table.rest : table.fields[index];
    const Shape* content = field.shape;
    void* place = static_cast<std::byte*>(target) + field.offset;
    if (content->kind == Kind::optional && content->optional->set_null == nullptr) {
      place = content->optional->emplace(place);
      content = content->inner;
    }
    if (!value(*content, place)) return false;
    if ((tag & 1) != 0) return true;
  }
}

bool Reader::optional(const Shape& shape, void* target) {
  const unsigned state = byte();
  if (state == 1) {
    if (++depth_ > kMaxDepth) return damaged();
    const bool done = value(*shape.inner, shape.optional->emplace(target));
    --depth_;
    return done;
  }
  if (state == 2 && shape.optional->set_null != nullptr) {
    shape.optional->set_null(target);
  } else if (state != 0) {
    return damaged();
  }
  return ok_;
}

bool Reader::scalar(const type::ScalarOps& ops, void* target) {
  if (ops.from_number != nullptr) {
    last_number_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(last_number_) +
                                             static_cast<std::uint64_t>(integer()));
    if (ok_) ops.from_number(target, last_number_);
    return ok_;
  }
  const unsigned form = byte();
  if (form == 0) return ok_;
  const std::string_view text = string();
  std::string problem;
  if (!ok_ || form > 2) return damaged();
  if (form == 1) return ops.parse_string(target, text, problem) || damaged();
  const auto parsed = parse(text);
  if (!parsed) return damaged();
  bool done = false;
  if (parsed->is_string()) done = ops.parse_string(target, parsed->as_string(), problem);
  if (parsed->is_integer()) done = ops.parse_integer(target, parsed->as_integer(), problem);
  if (parsed->type() == Type::number) done = ops.parse_number(target, parsed->as_number(), problem);
  return done || damaged();
}

bool Reader::any(Value& target) {
  if (++depth_ > kMaxDepth) return damaged();
  switch (static_cast<Type>(byte())) {
    case Type::null:
      target = nullptr;
      break;
    case Type::boolean:
      target = byte() != 0;
      break;
    case Type::integer:
      target = integer();
      break;
    case Type::number:
      target = number();
      break;
    case Type::string:
      target = string();
      break;
    case Type::array: {
      Array array(count());
      for (auto& element : array) {
        if (!any(element)) return false;
      }
      target = std::move(array);
      break;
    }
    case Type::object: {
      std::vector<Member> members(count());
      for (auto& [key, member] : members) {
        key = string();
        if (!any(member)) return false;
      }
      target = Object::from_unsorted(std::move(members));
      break;
    }
    default:
      return damaged();
  }
  --depth_;
  return ok_;
}

std::string_view Reader::string() {
  const std::size_t start = at_;
  const unsigned code = byte();
  if (code < kLong) return take_at(at_, code);
  if (code == kLong) return take_at(at_, varint());
  if (code >= kWord && code < kWordPair) return word(code - kWord);
  if (code >= kWordPair && code < kRef) {
    return word(kNearWords + ((code - kWordPair) << 8) + byte());
  }
  scratch_.clear();
  at_ = start;
  append(at_, scratch_, 0);
  return scratch_;
}

void Reader::append(std::size_t& at, std::string& out, unsigned depth) {
  const std::size_t start = at;
  const unsigned code = byte_at(at);
  if (depth > kMaxReferences || !ok_) {
    damaged();
  } else if (code < kLong) {
    out += take_at(at, code);
  } else if (code >= kRef) {
    const std::size_t distance = ((code - kRef) << 8) + byte_at(at);
    append_reference(start, distance, out, depth);
  } else if (code >= kWordPair) {
    out += word(kNearWords + ((code - kWordPair) << 8) + byte_at(at));
  } else if (code >= kWord) {
    out += word(code - kWord);
  } else if (code == kLong) {
    const std::uint64_t size = varint_at(at);
    out += take_at(at, size);
  } else if (code == kUuid) {
    append_uuid(at, out);
  } else if (code == kHex) {
    append_hex(at, out);
  } else if (code == kDigits) {
    out += std::to_string(varint_at(at));
  } else if (code == kJoined) {
    append(at, out, depth + 1);
    append(at, out, depth + 1);
  } else if (code == kPrefix) {
    const std::uint64_t distance = varint_at(at);
    const std::uint64_t size = varint_at(at);
    const std::size_t from = out.size();
    append_reference(start, distance, out, depth);
    if (size > out.size() - from) {
      damaged();
      return;
    }
    out.resize(from + size);
    append(at, out, depth + 1);
  } else if (code == kFarRef) {
    const std::uint64_t distance = varint_at(at);
    append_reference(start, distance, out, depth);
  } else {
    damaged();
  }
}

void Reader::append_reference(std::size_t start, std::uint64_t distance, std::string& out,
                              unsigned depth) {
  if (distance == 0 || distance > start) {
    damaged();
    return;
  }
  std::size_t at = start - distance;
  const std::size_t from = out.size();
  append(at, out, depth + 1);
  referred_ += out.size() - from;
  if (referred_ > kMaxReferred) damaged();
}

constexpr char kHexDigits[] = "0123456789abcdef";

void Reader::append_hex(std::size_t& at, std::string& out) {
  const std::uint64_t digits = varint_at(at);
  const auto packed = take_at(at, digits / 2 + digits % 2);
  if (!ok_) return;
  for (std::size_t i = 0; i < digits; ++i) {
    const auto pair = static_cast<unsigned char>(packed[i / 2]);
    out += kHexDigits[i % 2 == 0 ? pair >> 4 : pair & 15];
  }
}

void Reader::append_uuid(std::size_t& at, std::string& out) {
  const auto packed = take_at(at, 16);
  if (!ok_) return;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto pair = static_cast<unsigned char>(packed[i]);
    out += kHexDigits[pair >> 4];
    out += kHexDigits[pair & 15];
  }
}

bool Reader::raw(std::string& text) {
  if (byte() == 0) {
    text = string();
    return ok_;
  }
  // a scratch string of its own: `string` uses the other one
  static thread_local std::string members_text;
  members_text.assign(1, '{');
  const bool done = members(members_text, &root_);
  if (done) text = members_text;
  return done;
}

bool Reader::members(std::string& out, const Shape* shape) {
  if (++depth_ > kMaxDepth) return damaged();
  for (;;) {
    const std::uint64_t head = varint();
    const Shape* inner = shape;
    while (inner != nullptr && inner->kind == Kind::optional) inner = inner->inner;
    out += '"';
    member_key(out, head / 4, inner);
    out += "\":{";
    if (!ok_) return false;
    if ((head & 2) != 0) {
      out += '}';
    } else if (!members(out, inner)) {
      return false;
    }
    if ((head & 1) != 0) break;
    out += ',';
  }
  out += '}';
  --depth_;
  return ok_;
}

void Reader::member_key(std::string& out, std::uint64_t kind, const Shape*& shape) {
  const Shape* const from = shape;
  shape = from != nullptr && from->kind == Kind::list ? from->inner : nullptr;
  switch (kind) {
    case kDot:
      out += '.';
      return;
    case kOther:
      out += string();
      return;
    case kElement:
      out += "v:\\\"";
      out += string();
      out += "\\\"";
      return;
    case kKey:
      return key_members(out);
    case kField:
      if (from != nullptr && from->kind == Kind::map) shape = from->inner;
      out += "f:";
      out += string();
      return;
    default:
      break;
  }
  if (from == nullptr || from->kind != Kind::object ||
      kind - kKnown >= from->table().fields.size()) {
    damaged();
    return;
  }
  const type::Field& field = from->table().fields[kind - kKnown];
  out += "f:";
  out += field.name;
  shape = field.shape;
}

void Reader::key_members(std::string& out) {
  const unsigned head = byte();
  out += "k:{";
  for (unsigned i = 0; i < (head & 7); ++i) {
    const bool bare = (head >> (3 + i) & 1) != 0;
    if (i > 0) out += ',';
    out += "\\\"";
    out += string();
    out += bare ? "\\\":" : "\\\":\\\"";
    out += string();
    if (!bare) out += "\\\"";
  }
  out += '}';
}

}  // namespace

Result<void> expand_into(std::string_view bytes, const Shape& shape, void* target) {
  Reader reader(bytes, shape);
  if (reader.value(shape, target) && reader.at_end()) return {};
  return Error{Errc::parse,
               "the compact form of an object is damaged, or was written for another type"};
}

}  // namespace windlass::inline v0::json
