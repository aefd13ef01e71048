#include <windlass/json/stream.hpp>
#include <windlass/json/value.hpp>

#include "decoder.hpp"
#include "scanner.hpp"

namespace windlass::inline v0::json {
namespace {

/// A string member; null and absent are empty.
Result<void> read_string(Scanner& scanner, std::string_view name, std::string& out) {
  const char c = scanner.peek();
  if (c == '"') {
    auto text = scanner.string();
    if (!text) return text.error();
    out = std::move(*text);
    return {};
  }
  const auto token = scanner.value();
  if (!token) return token.error();
  if (*token != "null") return scanner.malformed(std::string(name) + ": expected a string.");
  out.clear();
  return {};
}

Result<void> read_integer(Scanner& scanner, std::string_view name, std::int64_t& out) {
  const auto token = scanner.value();
  if (!token) return token.error();
  const auto value = parse(*token);
  if (!value || !(value->is_integer() || value->is_null())) {
    return scanner.malformed(std::string(name) + ": expected an integer.");
  }
  out = value->integer_or(0);
  return {};
}

/// Calls `read(key)` for every member of the object that comes next; `read` takes the value.
/// False from `finished` after a member ends it early.
template <class Read, class Finished>
Result<void> for_each_member(Scanner& scanner, Read read, Finished finished) {
  if (!scanner.take('{')) return scanner.malformed("expected an object.");
  if (scanner.take('}')) return {};
  for (;;) {
    const auto key = scanner.key();
    if (!key) return key.error();
    if (Result<void> done = read(*key); !done) return done;
    if (finished()) return {};
    if (scanner.take('}')) return {};
    if (!scanner.take(',')) return scanner.malformed("Missing a comma or } after a member.");
  }
}

Result<void> skip(Scanner& scanner) {
  const auto token = scanner.value();
  if (!token) return token.error();
  return {};
}

Result<void> read_metadata(Scanner& scanner, Envelope& out) {
  if (scanner.peek() == 'n') return skip(scanner);
  const auto member = [&](std::string_view key) -> Result<void> {
    if (key == "name") return read_string(scanner, "metadata.name", out.name);
    if (key == "namespace") return read_string(scanner, "metadata.namespace", out.namespace_);
    if (key == "uid") return read_string(scanner, "metadata.uid", out.uid);
    if (key == "resourceVersion") {
      return read_string(scanner, "metadata.resourceVersion", out.resource_version);
    }
    if (key == "generation") return read_integer(scanner, "metadata.generation", out.generation);
    return skip(scanner);
  };
  return for_each_member(scanner, member, [] { return false; });
}

}  // namespace

Result<Envelope> envelope(std::string_view text) {
  Scanner scanner(text, 0);
  Envelope out;
  unsigned found = 0;
  const auto member = [&](std::string_view key) -> Result<void> {
    if (key == "apiVersion") {
      found |= 1;
      return read_string(scanner, key, out.api_version);
    }
    if (key == "kind") {
      found |= 2;
      return read_string(scanner, key, out.kind);
    }
    if (key == "metadata") {
      found |= 4;
      return read_metadata(scanner, out);
    }
    return skip(scanner);
  };
  if (auto done = for_each_member(scanner, member, [&] { return found == 7; }); !done) {
    return done.error();
  }
  return out;
}

Result<void> ListReader::read_metadata(std::string_view text) {
  const auto value = parse(text);
  if (!value) return value.error().within("metadata of the list");
  head_.resource_version = std::string((*value)["resourceVersion"].string_or(""));
  head_.continue_ = std::string((*value)["continue"].string_or(""));
  const Value& remaining = (*value)["remainingItemCount"];
  if (remaining.is_integer()) head_.remaining_item_count = remaining.as_integer();
  return {};
}

/// Reads members up to the items (true) or to the end of the document (false).
Result<bool> ListReader::read_members() {
  Scanner scanner(text_, at_);
  for (;; first_member_ = false) {
    if (scanner.take('}')) break;
    if (!first_member_ && !scanner.take(',')) {
      return scanner.malformed("Missing a comma or } after a member of the list.");
    }
    const auto key = scanner.key();
    if (!key) return key.error();
    Result<void> done;
    if (*key == "items" && scanner.peek() != 'n') {
      if (saw_items_) return scanner.malformed("the list has its items twice.");
      if (!scanner.take('[')) return scanner.malformed("items: expected an array.");
      saw_items_ = true;
      first_member_ = false;
      at_ = scanner.at();
      return true;
    }
    if (*key == "items") saw_items_ = true;
    if (*key == "apiVersion") {
      done = read_string(scanner, *key, head_.api_version);
    } else if (*key == "kind") {
      done = read_string(scanner, *key, head_.kind);
    } else {
      const auto value = scanner.value();
      if (!value) return value.error();
      if (*key == "metadata") done = read_metadata(*value);
    }
    if (!done) return done.error();
  }
  if (scanner.peek() != '\0' || scanner.at() != text_.size()) {
    return scanner.malformed("text after the end of the list.");
  }
  if (!saw_items_) return scanner.malformed("this is no list: it has no items.");
  return false;
}

Result<bool> ListReader::find_item() {
  while (!done_) {
    if (!started_) {
      Scanner scanner(text_, at_);
      if (!scanner.take('{')) return scanner.malformed("expected a list object.");
      at_ = scanner.at();
      started_ = true;
    }
    if (!in_items_) {
      const auto more = read_members();
      if (!more) return more.error();
      done_ = !*more;
      in_items_ = *more;
      first_item_ = true;
      continue;
    }
    Scanner scanner(text_, at_);
    if (scanner.take(']')) {
      at_ = scanner.at();
      in_items_ = false;
      continue;
    }
    if (!first_item_ && !scanner.take(',')) {
      return scanner.malformed("Missing a comma or ] after an item.");
    }
    first_item_ = false;
    at_ = scanner.at();
    return true;
  }
  return false;
}

Result<std::string_view> ListReader::next() {
  const auto found = find_item();
  if (!found) return found.error();
  if (!*found) return std::string_view();
  Scanner scanner(text_, at_);
  const auto item = scanner.value();
  if (item) at_ = scanner.at();
  return item;
}

struct ListDecoder::Work {
  explicit Work(const DecodeOptions& options)
      : decoder(type::shape_of<Value>, nullptr, options, nullptr) {}
  Decoder decoder;
};

ListDecoder::ListDecoder(const std::string& list, const DecodeOptions& options)
    : list_(list), reader_(list), work_(std::make_unique<Work>(options)) {}
ListDecoder::~ListDecoder() = default;

Result<ListDecoder::Next> ListDecoder::next(const type::Shape& shape, void* target) {
  if (list_.size() > UINT32_MAX) return Error{Errc::too_large, "a list of more than 4 GiB"};
  const auto found = reader_.find_item();
  if (!found) return found.error();
  if (!*found) return Next::end;
  Decoder& decoder = work_->decoder;
  TextStream stream(list_.data(), list_.size(), reader_.at_);
  decoder.restart(shape, target, &stream);
  if (auto malformed = read_value(stream, decoder)) return std::move(*malformed);
  if (!decoder.failed()) {
    reader_.at_ = stream.Tell();
    return Next::decoded;
  }
  problem_ = Error{Errc::parse, decoder.problem()};
  Scanner scanner(list_, reader_.at_);
  const auto item = scanner.value();
  if (!item) return item.error();
  text_ = *item;
  reader_.at_ = scanner.at();
  return Next::unfit;
}

Result<ListHead> for_each_item(std::string_view list,
                               const std::function<bool(std::string_view item)>& on_item) {
  ListReader reader(list);
  for (;;) {
    const auto item = reader.next();
    if (!item) return item.error();
    if (item->empty() || !on_item(*item)) return reader.head();
  }
}

}  // namespace windlass::inline v0::json
