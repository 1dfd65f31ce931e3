#pragma once
/// Random changes of training images. Local, MPI-free.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/proto/features.pb.h"
#include "core/shape.hpp"

namespace lockstep::data {

/// Changes images of shape [C, H, W], row-major. The result is a function of the config, the image
/// and (seed, epoch, row id) alone: neither the order of the rows nor an interruption has a say.
/// Thread-safe.
class Augmentation {
 public:
  /// `zero` and `erased`: one number a channel, what a zero pixel and an erased one are in the
  /// image (after scale, mean and std). `at` is the config path of the message.
  /// @throws ConfigError if a chance, angle or share is out of range, or the padding too wide
  Augmentation(const proto::ImageAugmentation& config, const Shape& shape, std::vector<float> zero,
               std::vector<float> erased, std::string at);

  /// Crop, flip, rotation, erasing, in this order, as the config and chance will have it.
  void apply(std::uint64_t seed, std::uint64_t epoch, std::uint64_t row_id,
             std::span<float> image) const;

  /// The changes by themselves. Zero pixels come in where the image had none.
  void shift(std::span<float> image, std::int64_t down, std::int64_t right) const;
  void flip(std::span<float> image) const;                    ///< left and right
  void rotate(std::span<float> image, double degrees) const;  ///< counterclockwise, bilinear

  struct Box {
    std::size_t top, left, height, width;
  };
  void erase(std::span<float> image, const Box& box) const;

  /// A box that holds `area` pixels, rounded so that it is off by half a row or half a column at
  /// most, and one at least. Draws in [0, 1) choose its height (its sides' ratio is from 0.3 to 3.3
  /// where the image leaves room for it) and its place.
  Box box(double area, double height, double top, double left) const;

  const std::string& at() const noexcept { return at_; }

 private:
  std::vector<float>& copy(std::span<const float> image) const;

  proto::ImageAugmentation config_;
  std::size_t channels_, height_, width_;
  std::vector<float> zero_, erased_;  // one a channel
  std::string at_;
};

}  // namespace lockstep::data
