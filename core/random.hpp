#pragma once
/// Counter-based randomness: Philox4x32-10 (Salmon et al., SC'11, Random123). A number is a pure
/// function of (seed, purpose, stream, index), so that it does not matter which rank or thread asks
/// for it, or in which order.

#include <array>
#include <cstdint>

namespace lockstep {

/// What the numbers are for. Part of the key: two purposes never share numbers. Append only; values
/// are part of results.
enum class Purpose : std::uint32_t {
  Partition = 1,       ///< the permutation that puts rows into partitions
  Split = 2,           ///< train / validation
  Shuffle = 3,         ///< order of a lane's rows; stream = (epoch, lane)
  InitialWeights = 4,  ///< stream = layer number and parameter
  Dropout = 5,         ///< stream = (step, layer)
  SyntheticFeatures = 6,
  SyntheticLabels = 7,
  Sample = 8,   ///< rows that a sample stage keeps; index = row
  Augment = 9,  ///< changes of a training image; stream = row
  Word2Vec = 10,
  Folds = 11,      ///< folds of a cross-validation; index = row
  Noise = 12,      ///< gaussian_noise, variational codes; stream = (step, layer)
  Estimator = 13,  ///< seeds of estimators before the end of the stages; stream = place
  KMeans = 14,     ///< rows that a start is drawn from; stream = (run, round), index = row
  Test = 1000,
};

/// One stream of random numbers. Cheap to make and to copy; has no state.
class Random {
 public:
  Random(std::uint64_t seed, Purpose purpose, std::uint64_t stream = 0) noexcept
      : seed_(seed), purpose_(purpose), stream_(stream) {}

  /// Four independent 32-bit words for counter `index`, 0 <= index < 2^32 * 2^32.
  std::array<std::uint32_t, 4> block(std::uint64_t index) const noexcept;

  std::uint32_t bits(std::uint64_t index) const noexcept { return block(index >> 2)[index & 3]; }

  /// Uniform in [0, 1), 24 bits; exactly representable as float.
  float uniform(std::uint64_t index) const noexcept {
    return static_cast<float>(bits(index) >> 8) * 0x1p-24f;
  }

  /// Standard normal by inversion (Wichura 1988, AS241), from 32 bits.
  double normal(std::uint64_t index) const noexcept;

  /// Uniform in [0, bound), bound >= 1, by multiplication of 64 bits (bias below bound / 2^64).
  std::uint64_t below(std::uint64_t index, std::uint64_t bound) const noexcept;

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::uint64_t stream_;
};

/// Mixes two small numbers into one stream name, for example (epoch, lane).
constexpr std::uint64_t stream_of(std::uint64_t high, std::uint64_t low) noexcept {
  return (high << 24) ^ low;
}

/// A keyed permutation of 0 .. n-1 that needs no memory: a four-round Feistel network over the next
/// power of four, walking cycles until the value is below n (Black and Rogaway 2002). Any rank can
/// ask for any position.
class Permutation {
 public:
  Permutation(const Random& random, std::uint64_t n) noexcept;

  std::uint64_t size() const noexcept { return n_; }
  std::uint64_t operator()(std::uint64_t i) const noexcept;      ///< where i goes, 0 <= i < n
  std::uint64_t inverse(std::uint64_t position) const noexcept;  ///< which i went there

 private:
  static constexpr std::uint32_t kRounds = 4;
  std::uint64_t round(std::uint64_t half, std::uint32_t number) const noexcept;

  Random random_;
  std::uint64_t n_;
  unsigned half_bits_;
};

}  // namespace lockstep
