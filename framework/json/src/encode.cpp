#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>

#include "text.hpp"

namespace windlass::inline v0::json {

using type::Field;
using type::Kind;
using type::Presence;
using type::Ref;

namespace {

const Value& as_value(Ref ref) { return *static_cast<const Value*>(ref.value); }
const RawJson& as_raw(Ref ref) { return *static_cast<const RawJson*>(ref.value); }

bool omitted(const Field& field, Ref member) {
  return field.presence == Presence::optional && type::is_empty(member);
}

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void write_root(Ref ref) {
    ref = type::unwrap(ref);
    if (ref && ref.shape->kind == Kind::object) return write_object(ref, true);
    write(ref);
  }

 private:
  void write(Ref ref) {
    if (!ref) {
      out_ += "null";
      return;
    }
    switch (ref.shape->kind) {
      case Kind::boolean:
        out_ += *static_cast<const bool*>(ref.value) ? "true" : "false";
        return;
      case Kind::int32:
        append_integer(out_, *static_cast<const std::int32_t*>(ref.value));
        return;
      case Kind::int64:
        append_integer(out_, *static_cast<const std::int64_t*>(ref.value));
        return;
      case Kind::float64:
        append_number(out_, *static_cast<const double*>(ref.value));
        return;
      case Kind::string:
        append_quoted(out_, *static_cast<const std::string*>(ref.value));
        return;
      case Kind::scalar:
        ref.shape->scalar->write(ref.value, out_);
        return;
      case Kind::enumeration:
        if (ref.shape->numbers) {
          out_ += type::enum_name(ref);
        } else {
          append_quoted(out_, type::enum_name(ref));
        }
        return;
      case Kind::object:
        write_object(ref, false);
        return;
      case Kind::list:
        write_list(ref);
        return;
      case Kind::map:
        write_map(ref);
        return;
      case Kind::optional:
        write(type::unwrap(ref));
        return;
      case Kind::any:
        out_ += dump(as_value(ref));
        return;
      case Kind::raw:
        out_ += as_raw(ref).empty() ? "null" : as_raw(ref).text;
        return;
    }
  }

  void write_object(Ref ref, bool root) {
    const type::Table& table = ref.shape->table();
    out_ += '{';
    bool first = true;
    if (root && !table.kind.empty()) {
      key("apiVersion", first);
      append_quoted(out_, table.api_version);
      key("kind", first);
      append_quoted(out_, table.kind);
    }
    for (const Field& field : table.fields) {
      const Ref member = type::member(ref.value, field);
      if (omitted(field, member)) continue;
      key(field.name, first);
      write(member);
    }
    if (table.rest.shape != nullptr) {
      const Value& rest = as_value(type::member(ref.value, table.rest));
      if (rest.is_object()) {
        for (const auto& [name, value] : rest.as_object()) {
          if (table.find(name) != nullptr) continue;
          key(name, first);
          out_ += dump(value);
        }
      }
    }
    out_ += '}';
  }

  void write_list(Ref ref) {
    const auto view = ref.shape->list->view(ref.value);
    const type::Shape& inner = *ref.shape->inner;
    out_ += '[';
    for (std::size_t i = 0; i < view.count; ++i) {
      if (i > 0) out_ += ',';
      write({&inner, view.data + i * inner.size});
    }
    out_ += ']';
  }

  void write_map(Ref ref) {
    const type::MapOps& ops = *ref.shape->map;
    const auto view = ops.view(ref.value);
    out_ += '{';
    bool first = true;
    for (std::size_t i = 0; i < view.count; ++i) {
      const std::byte* entry = view.data + i * ops.entry_size;
      key(*reinterpret_cast<const std::string*>(entry), first);
      write({ref.shape->inner, entry + ops.value_offset});
    }
    out_ += '}';
  }

  void key(std::string_view name, bool& first) {
    if (!first) out_ += ',';
    first = false;
    append_quoted(out_, name);
    out_ += ':';
  }

  std::string& out_;
};

Value value_of_text(const std::string& text) {
  if (text.size() >= 2 && text.front() == '"' && text.find('\\') == text.npos) {
    return Value(std::string_view(text).substr(1, text.size() - 2));
  }
  return parse(text).value();
}

Value value_of(Ref ref, bool root);

Value value_of_object(Ref ref, bool root) {
  const type::Table& table = ref.shape->table();
  std::vector<Member> members;
  if (table.rest.shape != nullptr) {
    const Value& rest = as_value(type::member(ref.value, table.rest));
    if (rest.is_object()) members.assign(rest.as_object().begin(), rest.as_object().end());
  }
  if (root && !table.kind.empty()) {
    members.push_back({"apiVersion", Value(table.api_version)});
    members.push_back({"kind", Value(table.kind)});
  }
  for (const Field& field : table.fields) {
    const Ref member = type::member(ref.value, field);
    if (!omitted(field, member)) {
      members.push_back({std::string(field.name), value_of(member, false)});
    }
  }
  return Object::from_unsorted(std::move(members));
}

Value value_of(Ref ref, bool root) {
  ref = type::unwrap(ref);
  if (!ref) return nullptr;
  switch (ref.shape->kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(ref.value);
    case Kind::int32:
      return *static_cast<const std::int32_t*>(ref.value);
    case Kind::int64:
      return *static_cast<const std::int64_t*>(ref.value);
    case Kind::float64:
      return *static_cast<const double*>(ref.value);
    case Kind::string:
      return *static_cast<const std::string*>(ref.value);
    case Kind::enumeration:
      if (ref.shape->numbers) return parse(type::enum_name(ref)).value();
      return type::enum_name(ref);
    case Kind::any:
      return as_value(ref);
    case Kind::object:
      return value_of_object(ref, root);
    case Kind::raw:
      return as_raw(ref).empty() ? Value() : value_of_text(as_raw(ref).text);
    case Kind::scalar: {
      std::string text;
      ref.shape->scalar->write(ref.value, text);
      return value_of_text(text);
    }
    case Kind::list: {
      Array array;
      array.reserve(type::count(ref));
      type::for_each_element(ref, [&](Ref element) { array.push_back(value_of(element, false)); });
      return array;
    }
    case Kind::map: {
      std::vector<Member> members;
      members.reserve(type::count(ref));
      type::for_each_entry(ref, [&](std::string_view key, Ref value) {
        members.push_back({std::string(key), value_of(value, false)});
      });
      return Object::from_unsorted(std::move(members));
    }
    case Kind::optional:
      break;
  }
  return nullptr;
}

}  // namespace

void encode_to(Ref ref, std::string& out) { Encoder(out).write_root(ref); }

std::string encode(Ref ref) {
  std::string out;
  out.reserve(512);
  encode_to(ref, out);
  return out;
}

Value to_value(Ref ref) { return value_of(ref, true); }

std::string to_text(Ref ref) {
  ref = type::unwrap(ref);
  if (!ref) return {};
  const Value value = to_value(ref);
  if (value.is_null()) return {};
  return value.is_string() ? value.as_string() : dump(value);
}

}  // namespace windlass::inline v0::json
