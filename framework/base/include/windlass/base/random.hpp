#pragma once
// Randomness as a parameter.

#include <cstdint>
#include <string>

namespace windlass::inline v0 {

/// A source of random bits. Thread-safe. The production one is seeded from the operating system;
/// a simulated one from the run's seed. Not for keys and passwords: see
/// `Environment::secret_bytes`.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(span == 0 ? next() : next() % span);
  }
  /// A random (version 4) UUID in its usual spelling.
  std::string uuid();
  /// `length` characters of Kubernetes' suffix alphabet (no vowels, no confusable digits).
  std::string suffix(std::size_t length);
};

/// SplitMix64: small, fast, and the same sequence for the same seed on every machine.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

}  // namespace windlass::inline v0
