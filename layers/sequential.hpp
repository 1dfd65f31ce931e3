#pragma once
/// A list of layers, each fed by the one before, with their buffers; the body of a network and of a
/// residual layer.
///
/// Parameters: last layer first, so that gradients are complete from front to back during backward.
/// Masked sequences: behind the end of a row, outputs and their gradients are set to zero after
/// each layer, so that no layer has to care. Workspace: the tensors between the layers and the
/// layers' own workspaces. Scratch: two gradients, which take turns, and the scratch memory of one
/// layer.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layers/build.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class Sequential final : public Layer {
 public:
  using Configs = google::protobuf::RepeatedPtrField<proto::Layer>;

  /// Told after each layer's backward: parameters [0, floats) have their gradients.
  using Progress = std::function<void(std::size_t floats)>;

  /// `build.field` is the path of the list: element i is "FIELD[i].KIND". `flatten`: the output is
  /// brought to plain [F].
  /// @throws ConfigError with the field of the layer that does not fit.
  Sequential(const Configs& configs, const TensorSpec& input, const Build& build, bool flatten);

  std::size_t size() const noexcept { return parts_.size(); }
  const Layer& layer(std::size_t i) const { return *parts_.at(i).layer; }
  const std::string& name(std::size_t i) const { return parts_.at(i).name; }
  std::size_t layer_of(std::size_t parameter) const { return owners_.at(parameter).part; }
  std::size_t parameter_floats() const noexcept { return parameter_floats_; }

  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void pack_layer(std::size_t i, const float* parameters, float* packed) const;
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;

  /// After forward(whole): where the output of layer i lies, as layer(i).output() says.
  const float* output_of(std::size_t i, const Lane& whole) const;
  /// What layer i sees of the lane in forward.
  Lane lane_of(std::size_t i, const Lane& whole) const;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override { backward(lane, {}); }
  void backward(Lane& lane, const Progress& progress) const;

 private:
  struct Part {
    std::unique_ptr<const Layer> layer;
    std::string name;
    std::size_t parameters_at = 0, parameter_floats = 0, packed_at = 0;
    std::size_t output_at = 0, workspace_at = 0;  // in the workspace; the last output is lane.y
    std::size_t lengths_at = 0;                   // of a masked output, in the workspace
    std::optional<std::size_t> owner{};           // the part whose weight a tied layer shares
    std::size_t tied_at = 0;  // its gradient by the tied layer, in the workspace
  };
  struct Owner {
    std::size_t part, index;  // parameter `index` of parts_[part]
  };

  void add_layers(const Configs& configs, const TensorSpec& input, const Build& build,
                  bool flatten);
  void place_parameters();
  void place_buffers();
  float* gradient_of(std::size_t i, const Lane& whole) const;
  void backward_layer(std::size_t i, const Lane& lane) const;
  void clear_ends(std::size_t i, float* gradients) const;
  void add_tied_gradients(std::size_t owner, const Lane& whole, float* gradients) const;
  std::int32_t* lengths_of(std::size_t i, const Lane& whole) const;

  std::vector<Part> parts_;
  std::vector<Owner> owners_;
  std::size_t rows_ = 0;
  std::size_t parameter_floats_ = 0;
  std::size_t lowest_ =
      0;  // backward ends here: the layers below have no parameters and nobody wants their dx
  std::size_t gradient_at_[2] = {0, 0}, layer_scratch_at_ = 0;  // in the scratch memory
};

}  // namespace lockstep::layers
