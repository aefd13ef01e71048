#pragma once
// Reading Kubernetes' answers piece by piece, without building a tree.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/json/table.hpp>

namespace windlass::inline v0::json {

/// What every object says of itself, taken from its text.
struct Envelope {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string namespace_;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
};

/// Reads only as far as it must. Errc::parse for malformed text or fields of a wrong type; members
/// that are missing stay empty. What follows the metadata is checked for brackets and strings only.
Result<Envelope> envelope(std::string_view text);

/// A list document without its items.
struct ListHead {
  std::string api_version;
  std::string kind;  ///< "PodList"
  std::string resource_version;
  std::string continue_;
  std::optional<std::int64_t> remaining_item_count;
};

/// Calls `on_item` with the text of each item (white space around it removed) in order; false from
/// it ends the reading early. The items' text is checked for brackets and strings only: decoding it
/// checks the rest. The metadata may stand before or after the items.
/// Errc::parse for a malformed document, one whose items are no array, or a missing `items`.
Result<ListHead> for_each_item(std::string_view list,
                               const std::function<bool(std::string_view item)>& on_item);

/// The same, one item at a time, so that a caller can yield between slices. The text must outlive
/// the reader.
class ListReader {
 public:
  explicit ListReader(std::string_view list) : text_(list) {}
  /// The next item's text; empty at the end; then `head` is complete.
  Result<std::string_view> next();
  [[nodiscard]] const ListHead& head() const { return head_; }

 private:
  friend class ListDecoder;
  /// Goes to the next item; false at the end.
  Result<bool> find_item();
  Result<bool> read_members();
  Result<void> read_metadata(std::string_view text);

  std::string_view text_;
  std::size_t at_ = 0;
  bool started_ = false;
  bool in_items_ = false;
  bool saw_items_ = false;
  bool first_member_ = true;
  bool first_item_ = true;
  bool done_ = false;
  ListHead head_;
};

/// Decodes the items of a list in one pass over its text, one at a time.
class ListDecoder {
 public:
  /// `list` must outlive the decoder and stay as it is; it is not changed.
  explicit ListDecoder(const std::string& list, const DecodeOptions& options = {});
  ~ListDecoder();
  ListDecoder(const ListDecoder&) = delete;
  ListDecoder& operator=(const ListDecoder&) = delete;

  enum class Next : std::uint8_t {
    end,      ///< there was no further item; `head` is complete
    decoded,  ///< `target` holds it
    unfit     ///< the type cannot hold it: see `text` and `problem`; go on with the next one
  };
  /// The next item into `target`, a fresh value of that shape. Errc::parse for a malformed list or
  /// item: what follows it cannot be read either.
  Result<Next> next(const type::Shape& shape, void* target);
  /// Of an item that does not fit: its text, checked for brackets and strings only, and why.
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] const Error& problem() const { return problem_; }
  [[nodiscard]] const ListHead& head() const { return reader_.head(); }

 private:
  struct Work;
  const std::string& list_;
  ListReader reader_;
  std::unique_ptr<Work> work_;
  std::string_view text_;
  Error problem_;
};

}  // namespace windlass::inline v0::json
