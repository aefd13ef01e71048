#pragma once
// Three-way merge of text by lines.

#include <string>
#include <string_view>

namespace windlass::inline v0::scaffold {

struct Merged {
  std::string text;
  int conflicts = 0;  ///< places where `text` holds both sides between conflict markers
};

/// What `mine` and `theirs` each changed in `base`. Lines that both changed differently conflict;
/// they stand in `text` as git writes them, with the names given.
Merged merge(std::string_view base, std::string_view mine, std::string_view theirs,
             std::string_view mine_name, std::string_view theirs_name);

}  // namespace windlass::inline v0::scaffold
