#include "core/random.hpp"

#include <Random123/philox.h>

#include <bit>
#include <cmath>

#include "core/math.hpp"

namespace lockstep {

std::array<std::uint32_t, 4> Random::block(std::uint64_t index) const noexcept {
  using Philox = r123::Philox4x32;
  // Key: the seed. Counter: index (64 bits), stream (mixed to 32 + 32 bits with the purpose).
  const Philox::ctr_type counter{{static_cast<std::uint32_t>(index),
                                  static_cast<std::uint32_t>(index >> 32) ^
                                      (static_cast<std::uint32_t>(purpose_) * 0x9E3779B9u),
                                  static_cast<std::uint32_t>(stream_),
                                  static_cast<std::uint32_t>(stream_ >> 32)}};
  const Philox::key_type key{
      {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)}};
  const auto words = Philox()(counter, key);
  return {words[0], words[1], words[2], words[3]};
}

double Random::normal(std::uint64_t index) const noexcept {
  return normal_quantile((static_cast<double>(bits(index)) + 0.5) * 0x1p-32);
}

std::uint64_t Random::below(std::uint64_t index, std::uint64_t bound) const noexcept {
  const auto words = block(index);
  const std::uint64_t x = (static_cast<std::uint64_t>(words[1]) << 32) | words[0];
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(x) * bound) >> 64);
}

Permutation::Permutation(const Random& random, std::uint64_t n) noexcept : random_(random), n_(n) {
  const auto bits = static_cast<unsigned>(std::bit_width(n > 1 ? n - 1 : 1));
  half_bits_ = (bits + 1) / 2;
}

std::uint64_t Permutation::round(std::uint64_t half, std::uint32_t number) const noexcept {
  const auto words = random_.block(half * kRounds + number);
  return ((static_cast<std::uint64_t>(words[1]) << 32) | words[0]) &
         ((std::uint64_t{1} << half_bits_) - 1);
}

std::uint64_t Permutation::operator()(std::uint64_t i) const noexcept {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  do {
    std::uint64_t left = i >> half_bits_, right = i & mask;
    for (std::uint32_t r = 0; r < kRounds; ++r) {
      const std::uint64_t next = left ^ round(right, r);
      left = right;
      right = next;
    }
    i = (left << half_bits_) | right;
  } while (i >= n_);
  return i;
}

std::uint64_t Permutation::inverse(std::uint64_t position) const noexcept {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t i = position;
  do {
    std::uint64_t left = i >> half_bits_, right = i & mask;
    for (std::uint32_t r = kRounds; r-- > 0;) {
      const std::uint64_t previous = right ^ round(left, r);
      right = left;
      left = previous;
    }
    i = (left << half_bits_) | right;
  } while (i >= n_);
  return i;
}

}  // namespace lockstep
