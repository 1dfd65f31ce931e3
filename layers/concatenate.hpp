#pragma once
/// Branches, each fed with the input, side by side. N = rows of the lane.
///   vectors [N, F_i] -> [N, sum F_i];  sequences [N, T, F_i] -> [N, T, sum F_i];  images
///   [N, C_i, H, W] -> [N, sum C_i, H, W]
///   dx = sum of the branches' dx, first branch first
/// A branch without layers is the input itself. y is row-major. A row of a sequence is as long as
/// in the branch where it is longest.

#include <memory>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Concatenate final : public Layer {
 public:
  /// @throws ConfigError if there is no branch, or the branches differ in more than their features
  /// (channels).
  Concatenate(const proto::Concatenate& config, const TensorSpec& input, const Build& build);
  ~Concatenate() override;
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 private:
  struct Branch;
  void add_branch(const proto::LayerList& config, const TensorSpec& input, const Build& build);
  void place_buffers(const TensorSpec& input);
  const Branch& branch_of(std::size_t parameter) const;
  Lane lane_of(const Branch& branch, const Lane& whole) const;

  std::vector<Branch> branches_;
  std::size_t rows_ = 0;
  std::size_t blocks_ = 0;  // N, or N T of sequences: runs of features (channels) side by side
  std::size_t input_floats_ = 0;
  std::size_t dx_at_ = 0, plain_at_ = 0, inner_at_ = 0, lengths_at_ = 0;  // in the scratch memory
};

}  // namespace lockstep::layers
