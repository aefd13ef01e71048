// Keys and certificates come from OpenSSL's own random numbers: in a simulation, from the seed.

#define OPENSSL_SUPPRESS_DEPRECATED  // a random method by hand is what OpenSSL 3 calls legacy

#include <openssl/rand.h>

#include "world.hpp"

namespace windlass::inline v0::testing {
namespace {

SeededRandom& stream() {
  static SeededRandom random(0);
  return random;
}

int fill(unsigned char* bytes, int count) {
  for (int i = 0; i < count; ++i) bytes[i] = static_cast<unsigned char>(stream().next() >> 56);
  return 1;
}
int seed_with(const void*, int) { return 1; }
int add(const void*, int, double) { return 1; }
int status() { return 1; }
void clean_up() {}

}  // namespace

void seed_openssl(std::uint64_t seed) {
  static const RAND_METHOD method{seed_with, fill, clean_up, add, fill, status};
  stream() = SeededRandom(seed * 13 + 3);
  RAND_set_rand_method(&method);
}

void restore_openssl() { RAND_set_rand_method(nullptr); }

}  // namespace windlass::inline v0::testing
