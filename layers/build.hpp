#pragma once
/// What a layer learns when it is compiled, besides its config and its input; and small helpers of
/// all layers.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/proto/layers.pb.h"

namespace lockstep::layers {

class Layer;

struct Build {
  std::int64_t rows = 1;       ///< rows of the lane this layer is compiled for
  bool input_gradient = true;  ///< false: nobody wants dx, its kernels are not even created
  std::string field;           ///< config path of the layer: "stage[1].network.layer[2].conv2d"
  const std::vector<std::string>* fields =
      nullptr;  ///< of a list of layers: the path of each, without its kind; null: FIELD[i]
  std::uint64_t* counter = nullptr;  ///< hands out layer numbers, unique in the network; never null
  /// The same layer compiled for lane_size rows, whose storage and packed layouts this one must
  /// share; null: this is it.
  const Layer* reference = nullptr;
  /// The activation that follows this layer as a layer of its own (normalisations between do not
  /// count); for DEFAULT initializers.
  proto::Activation following = proto::NONE;
  proto::Precision precision = proto::F32;  ///< of products
  const Layer* tied = nullptr;  ///< the dense layer whose weight a tied layer shares; null: none
  bool plain_storage = false;   ///< a tied layer reads this one's weight where it lies
};

inline bool in_bf16(const Build& build) noexcept { return build.precision == proto::BF16; }

/// Rounds a number of floats up to whole cache lines, so that every part of a buffer starts 64-byte
/// aligned.
constexpr std::size_t padded(std::size_t floats) noexcept { return (floats + 15) / 16 * 16; }

/// Hands out aligned parts of a buffer that is allocated later: take() returns the part's offset.
class Regions {
 public:
  std::size_t take(std::size_t floats) noexcept {
    return std::exchange(size_, size_ + padded(floats));
  }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_ = 0;
};

/// A ConfigError at `build.field` or one of its fields.
inline ConfigError config_error(const Build& build, const std::string& field,
                                const std::string& what, const std::string& advice = {}) {
  Where where;
  where.field = field.empty() ? build.field : build.field + "." + field;
  return ConfigError(what, where, advice);
}

}  // namespace lockstep::layers
