#pragma once
// Passwords and what PostgreSQL stores of them.

#include <string>
#include <string_view>

namespace postgres {

/// A password of 32 characters (190 bits) out of 32 random bytes; safe in URIs and shell words.
std::string make_password(std::string_view random_bytes);

/// What RFC 7677 asks for at least, and PostgreSQL's default.
inline constexpr int kScramRounds = 4096;

/// The SCRAM-SHA-256 verifier that PostgreSQL stores for `password` (RFC 5803).
/// `salt`: 16 random bytes. The password must be ASCII, as make_password's are: SASLprep is not
/// done.
std::string scram_verifier(std::string_view password, std::string_view salt,
                           int rounds = kScramRounds);

/// The salt of a verifier; empty when `verifier` is none.
std::string salt_of(std::string_view verifier);

/// The verifier to be in force when the Secret holds these two: `verifier` when it is of
/// `password`, otherwise a new one with the same salt and rounds. Everyone who computes it gets the
/// same. `verifier` itself when there is no password or no salt.
std::string effective_verifier(std::string_view password, std::string_view verifier);

}  // namespace postgres
