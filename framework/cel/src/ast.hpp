#pragma once
// The syntax tree. Macros are expanded by the parser; the checker fills in types and overloads.

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/cel/program.hpp>

namespace re2 {
class RE2;
}

namespace windlass::inline v0::cel {

struct Overload;
struct Expr;

/// for (iter_var[, iter_var2] : range) accu_var = condition ? step : break; result
struct Loop {
  Expr* range = nullptr;
  std::string iter_var = {}, iter_var2 = {}, accu_var = {};
  Expr* accu_init = nullptr;
  Expr* condition = nullptr;
  Expr* step = nullptr;
  Expr* result = nullptr;
  int accu_slot = -1, iter_slot = -1, iter2_slot = -1;
};

struct Expr {
  enum class Kind : std::uint8_t { literal, ident, select, call, list, map, message, loop };

  Kind kind = Kind::literal;
  int position = -1;  ///< in code points; of parts of a macro: the macro's
  Value literal = {};
  std::string name = {};            ///< identifier, field, function, message type
  Expr* target = nullptr;           ///< of selections and member calls
  std::vector<Expr*> args = {};     ///< arguments; elements; keys and values in turn
  std::vector<bool> optional = {};  ///< of elements and entries
  std::vector<int> positions = {};  ///< of the colons of entries
  bool test_only = false;           ///< has(target.name)
  Loop loop = {};
  std::uint32_t height = 0;  ///< of the tree below, this node included
  std::uint32_t size = 0;    ///< nodes on all ways down: what macros repeat counts twice

  TypePtr type = nullptr;
  int slot = -1;  ///< of identifiers; constants have `literal`
  std::vector<const Overload*> overloads = {};
  std::shared_ptr<const re2::RE2> pattern = nullptr;  ///< of matches() with a literal one
};

/// Source with the positions of its lines, for messages.
class Source {
 public:
  explicit Source(std::string_view text);
  [[nodiscard]] const std::u32string& text() const { return text_; }
  /// "ERROR: <input>:1:3: message" with the line and a mark.
  [[nodiscard]] std::string report(int position, std::string_view message) const;

 private:
  std::u32string text_;
};

struct Message {
  int position = 0;
  std::string text;
};
/// Messages in the order of the source, one report below the other.
std::string report(const Source& source, std::vector<Message> messages);

struct Compiled {
  std::deque<Expr> nodes;
  Expr* root = nullptr;
  Declarations declarations;
  std::vector<bool> used;  ///< by variable
  int slots = 0;
  TypePtr type;
  Cost cost;

  Expr* make(Expr expr) { return &nodes.emplace_back(std::move(expr)); }
};

constexpr std::string_view kAccumulator = "@result";

/// Reads `source` into `out.nodes` and `out.root`.
void parse(const Source& source, Compiled& out, std::vector<Message>& errors);
/// Resolves names and overloads and gives every node its type.
void check(Compiled& program, std::vector<Message>& errors);
/// The static cost of the checked program.
Cost estimate_cost(const Compiled& program);

std::u32string decode_utf8(std::string_view text);
void append_utf8(std::string& out, char32_t c);
std::string encode_utf8(std::u32string_view text);

}  // namespace windlass::inline v0::cel
