#pragma once
/// The decoder of layers/encoder_decoder.hpp: reads the word before, remembers, looks at the states
/// of the encoder, and gives the logits of the next word. In training all steps of a text at once,
/// while writing one step of many texts at a time.
///
/// N = rows, T = steps, U = units, V = words. Only the steps that rows have are computed, P in all,
/// row after row.
///   x [N, T] ids     y [P, V] logits = a W_out^T + b_out
///   a: states of a recurrent layer behind an embedding, through attention unless it is left out
/// Storage of W_out: transposed, [U, V].

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "layers/build.hpp"
#include "layers/cross_attention.hpp"
#include "layers/layer.hpp"
#include "layers/sequential.hpp"

namespace lockstep::layers {

/// What an encoder has made of its texts.
struct Encoded {
  const float* states = nullptr;          ///< [M, S, U]
  const std::int32_t* lengths = nullptr;  ///< [M]
  std::size_t rows_of_each = 1;           ///< rows of the decoder that look at the same text
};

class Decoder {
 public:
  /// For build.rows rows of `steps` steps that look at texts of up to `source_steps`.
  /// @throws ConfigError
  Decoder(const proto::EncoderDecoder& config, std::size_t steps, std::size_t source_steps,
          const Build& build, const Decoder* reference);

  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }
  std::size_t parameter_floats() const noexcept { return parameter_floats_; }
  std::size_t packed_floats() const noexcept { return layers_->packed_floats(); }
  std::size_t workspace_floats() const noexcept { return workspace_floats_; }
  std::size_t scratch_floats() const noexcept { return scratch_floats_; }
  double flops_of_step() const noexcept { return flops_; }

  void to_plain(std::size_t index, const float* storage, float* plain) const;
  void from_plain(std::size_t index, const float* plain, float* storage) const;
  void pack(const float* parameters, float* packed) const { layers_->pack(parameters, packed); }

  /// lane.x ids, lane.y logits, lane.states where it begins and ends. Returns P.
  std::size_t forward(Lane& lane, const Encoded& encoded) const;

  /// lane.dy is the gradient of the logits. `dencoded` [M, S, U] is written.
  void backward(Lane& lane, const Encoded& encoded, float* dencoded) const;

 private:
  Lane layers_lane(const Lane& lane) const;
  void place_parameters();
  void place_buffers();
  std::span<AttendingRow> rows_of(const Lane& lane) const;
  std::span<const AttendingRow> arrange(const Lane& lane, const Lane& layers,
                                        const Encoded& encoded) const;
  AttentionPass attention_pass(const Lane& lane, const Encoded& encoded) const;
  void backward_output(const Lane& lane, std::size_t steps) const;

  std::size_t rows_, steps_, source_steps_, units_, words_;
  proto::Precision precision_;
  std::unique_ptr<const Sequential> layers_;
  std::unique_ptr<const CrossAttention> attention_;  // null: none
  std::vector<ParameterInfo> parameters_;            // of the layers, the attention, the output
  std::size_t attention_at_ = 0, output_at_ = 0, bias_at_ = 0, parameter_floats_ = 0;
  // In the workspace: of the layers; their states [N, T, U], rows, [c; h] or h, a, attention.
  std::size_t states_at_ = 0, rows_at_ = 0, joined_at_ = 0, attended_at_ = 0, inner_at_ = 0;
  // In the scratch memory: gradients of a, of h [P, U] and [N, T, U]; lengths; sums; of others.
  std::size_t dattended_at_ = 0, dpacked_at_ = 0, dstates_at_ = 0;
  std::size_t lengths_at_ = 0, sums_at_ = 0, inner_scratch_at_ = 0;
  std::size_t workspace_floats_ = 0, scratch_floats_ = 0;
  double flops_ = 0;
};

/// The layers of an encoder (last states and all of them) and of a decoder, as a config.
proto::LayerList encoder_layers(const proto::EncoderDecoder& config);
proto::LayerList decoder_layers(const proto::EncoderDecoder& config);

}  // namespace lockstep::layers
