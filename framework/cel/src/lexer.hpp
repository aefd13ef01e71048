#pragma once

#include <string>
#include <vector>

#include "ast.hpp"

namespace windlass::inline v0::cel {

struct Token {
  enum class Kind : std::uint8_t {
    end,
    symbol,
    integer,
    unsigned_,
    real,
    string,
    bytes,
    identifier,
    quoted
  };
  Kind kind = Kind::end;
  std::string text = {};  ///< as written; of symbols and keywords too
  int position = 0;
  std::string value = {};  ///< of strings and bytes: unescaped; of `quoted`: the name
};

/// Splits the source; what is no token becomes an error.
std::vector<Token> tokenize(const Source& source, std::vector<Message>& errors);

}  // namespace windlass::inline v0::cel
