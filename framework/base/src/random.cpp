#include <windlass/base/random.hpp>

namespace windlass::inline v0 {

std::string Random::uuid() {
  constexpr char digits[] = "0123456789abcdef";
  std::string text = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  std::uint64_t bits = 0;
  int left = 0;
  for (char& c : text) {
    if (c != 'x' && c != 'y') continue;
    if (left == 0) {
      bits = next();
      left = 16;
    }
    const auto nibble = bits & 15;
    c = digits[c == 'y' ? ((nibble & 3) | 8) : nibble];
    bits >>= 4;
    --left;
  }
  return text;
}

std::string Random::suffix(std::size_t length) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string text(length, 'x');
  for (char& c : text) c = alphabet[next() % alphabet.size()];
  return text;
}

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

}  // namespace windlass::inline v0
