#pragma once
// The bytes of the compact form, for the writer and the reader.
//
//   object    for each field that is not as a fresh one: varint (index - index before) * 2, plus 1
//   for
//             the last; then its value. One 0 byte when there is none. What keeps unknown fields
//             has the index behind the last field.
//   optional  as a field: its content (absent ones are left out). Elsewhere, and where null differs
//             from absent: 0 absent, 1 content follows, 2 null
//   list      varint count, elements; map: varint count, key and value in turn
//   integer   varint, zigzag; double: 8 bytes; boolean: 1 byte; enumeration: varint index + 1
//   scalar    a number like an integer, as the difference from the one before; or, of its JSON, 0
//   for
//             null, 1 and what a string holds, 2 and any other text
//   any       a byte with its type, then the content
//   raw       0 and a string, or 1 and the members of an object as of managed fields, see below
//
// A string begins with a byte that says how it is written:

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass::inline v0::json::compact_format {

enum Code : std::uint8_t {
  kShortest = 0x00,  ///< up to kLong: so many bytes follow
  kLong = 0x60,      ///< varint size, bytes
  kUuid = 0x61,      ///< 16 bytes
  kHex = 0x62,       ///< varint number of digits, two in a byte
  kDigits = 0x63,    ///< varint: a number as it is written without leading zeros
  kJoined = 0x64,    ///< two strings, one behind the other
  kPrefix = 0x65,    ///< varint distance to an earlier string, varint how much of it, a string
  kFarRef = 0x66,    ///< varint distance to the same string
  kWord = 0x80,      ///< up to kWordPair: a word of the dictionary
  kWordPair = 0xb0,  ///< up to kRef: four more bits and a byte: a later word of the dictionary
  kRef = 0xc0        ///< six more bits and a byte: distance to the same string
};
inline constexpr std::size_t kNearWords = kWordPair - kWord;
inline constexpr std::size_t kNearRef = 0x3fff;
/// Of strings that are written by means of others.
inline constexpr unsigned kMaxReferences = 8;
/// Bytes that all references of a value may stand for: damaged bytes must not fill the memory.
inline constexpr std::size_t kMaxReferred = std::size_t{1} << 26;

/// The members of an object of managed fields: varint kind * 4, plus 2 when its value is {}, plus 1
/// when it is the last; what the kind says; the members of its value.
enum MemberKind : std::uint32_t {
  kDot,      ///< "."
  kOther,    ///< a string: the key as it stands
  kField,    ///< a string: what stands behind "f:"
  kKey,      ///< k:{"name":"x"}: a byte 8 * (bits of values without quotes) + number of members,
             ///< then name and value of each as strings
  kElement,  ///< a string: what stands between v:" and "
  kKnown     ///< "f:" and the field of this index, plus kKnown, of the table
};
inline constexpr std::size_t kMaxKeyMembers = 5;

/// Of the static dictionary; nothing when it is no word of it.
std::optional<std::size_t> find_word(std::string_view text);
/// Empty when there is no such word.
std::string_view word(std::size_t index);

inline std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
inline std::int64_t unzigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}

}  // namespace windlass::inline v0::json::compact_format
