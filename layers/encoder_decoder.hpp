#pragma once
/// Sequence to sequence (Sutskever 2014; Luong 2015): an encoder reads a text, a decoder writes
/// another one. N = rows, S, T = longest texts, U = units, V = words of the target.
///   x [N, S] ids, Lane::labels [N, T] ids     y: logits [P, V], of the steps that rows have, row
///   after row; room for N (T + 1) of them
/// A row with n target words has n + 1 steps: the decoder reads BEGIN and the words, and is to give
/// the words and END (layers/target_words.hpp). Without labels nothing is decoded: a Writer does.
/// The decoder begins with the last states of the encoder, level by level, both directions side by
/// side. Its other layers: layers/decoder.hpp. dx = 0: ids have no gradient.

#include <memory>
#include <vector>

#include "layers/decoder.hpp"
#include "layers/layer.hpp"

namespace lockstep::layers {

class EncoderDecoder final : public Layer {
 public:
  /// @throws ConfigError if the input is not [S], a vocabulary is not known, or `units` cannot be
  /// halved
  EncoderDecoder(const proto::EncoderDecoder& config, const TensorSpec& input, const Build& build);
  void to_plain(std::size_t index, const float* storage, float* plain) const override;
  void from_plain(std::size_t index, const float* plain, float* storage) const override;
  void pack(const float* parameters, float* packed) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

  std::size_t words() const noexcept { return config_.target_vocabulary(); }        ///< V
  std::size_t target_length() const noexcept { return config_.target_length(); }    ///< T
  std::size_t levels() const noexcept { return config_.num_layers(); }              ///< L
  std::size_t state_floats() const noexcept { return levels() * config_.units(); }  ///< of a row
  bool has_memory() const noexcept { return config_.cell() == proto::EncoderDecoder::LSTM; }

  /// A decoder with the same parameters that computes one step of `rows_of_each` rows a text.
  std::unique_ptr<const Decoder> step_decoder(std::size_t rows_of_each) const;

  /// After forward: what the encoder has made of the texts, and its last states [L, N, U].
  struct Memory {
    Encoded encoded;
    const float *h, *c;
  };
  Memory memory(const Lane& lane) const;

 private:
  void check(const TensorSpec& input, const Build& build) const;
  void place();
  Lane encoder_lane(const Lane& lane) const;
  Lane decoder_lane(const Lane& lane) const;

  proto::EncoderDecoder config_;
  std::size_t rows_, source_steps_ = 0;
  std::string field_;
  proto::Precision precision_;
  std::unique_ptr<const Decoder> decoder_;  // its parameters come first
  std::unique_ptr<const Sequential> encoder_;
  std::size_t encoder_packed_at_ = 0;
  // In the workspace: of the encoder and its states [N, S, U]; lengths [N]; h, c [L, N, U]; the ids
  // that the decoder reads [N, T + 1]; of the decoder.
  std::size_t encoded_at_ = 0, lengths_at_ = 0, h_at_ = 0, c_at_ = 0, ids_at_ = 0, decoder_at_ = 0;
  // In the scratch memory: gradients of the states and of h, c; what one part needs.
  std::size_t dencoded_at_ = 0, dh_at_ = 0, dc_at_ = 0, inner_at_ = 0;
};

}  // namespace lockstep::layers
