#include "controllers/credentials.hpp"

#include <array>
#include <charconv>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <windlass/base/encoding.hpp>
#include <windlass/base/error.hpp>

#include "api/contract.hpp"

namespace postgres {

namespace {

using Digest = std::array<unsigned char, 32>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
std::string_view text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

[[noreturn]] void fail() {
  throw windlass::Exception(windlass::Errc::internal, "OpenSSL cannot compute SHA-256");
}

Digest hmac(const Digest& key, std::string_view message) {
  Digest result{};
  unsigned size = 0;
  if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(message), message.size(),
             result.data(), &size) == nullptr) {
    fail();
  }
  return result;
}

Digest sha256(const Digest& message) {
  Digest result{};
  unsigned size = 0;
  if (::EVP_Digest(message.data(), message.size(), result.data(), &size, EVP_sha256(), nullptr) !=
      1)
    fail();
  return result;
}

}  // namespace

std::string make_password(std::string_view random_bytes) {
  // 62 characters; a byte of 248 or more would favour the first ones, so it is folded with its
  // neighbour's bits
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string password;
  unsigned carry = 0;
  for (const char c : random_bytes) {
    carry = (carry << 8 | static_cast<unsigned char>(c)) & 0xffffff;
    password += alphabet[carry % alphabet.size()];
  }
  return password;
}

std::string scram_verifier(std::string_view password, std::string_view salt, int rounds) {
  Digest salted{};
  if (::PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes(salt),
                          static_cast<int>(salt.size()), rounds, EVP_sha256(),
                          static_cast<int>(salted.size()), salted.data()) != 1) {
    fail();
  }
  const auto stored_key = sha256(hmac(salted, "Client Key"));
  const auto server_key = hmac(salted, "Server Key");
  return "SCRAM-SHA-256$" + std::to_string(rounds) + ":" + windlass::encode_base64(salt) + "$" +
         windlass::encode_base64(text(stored_key)) + ":" +
         windlass::encode_base64(text(server_key));
}

namespace {

/// The rounds of a verifier; 0 when there are none that can be used.
int rounds_of(std::string_view verifier) {
  constexpr int most = 10'000'000;  // seconds
  const auto digits = verifier.substr(verifier.find('$') + 1);
  int rounds = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, rounds);
  const bool good = error == std::errc() && end != last && *end == ':';
  return good && rounds > 0 && rounds <= most ? rounds : 0;
}

}  // namespace

std::string salt_of(std::string_view verifier) {
  if (!is_scram_verifier(verifier) || rounds_of(verifier) == 0) return {};
  const auto colon = verifier.find(':');
  const auto dollar = verifier.find('$', colon);
  if (dollar == std::string_view::npos) return {};
  const auto salt = windlass::decode_base64(verifier.substr(colon + 1, dollar - colon - 1));
  return salt ? *salt : std::string{};
}

std::string effective_verifier(std::string_view password, std::string_view verifier) {
  const auto salt = salt_of(verifier);
  if (password.empty() || salt.empty()) return std::string(verifier);
  return scram_verifier(password, salt, rounds_of(verifier));
}

}  // namespace postgres
