#pragma once
/// Writing texts with a trained encoder_decoder, by beam search: at each step the `beam_width`
/// likeliest beginnings of a row's text go on. A width of 1 is the greedy search. Never written:
/// padding, an unknown word, BEGIN. A function of the rows and the parameters alone; equally likely
/// words are taken in the order of their ids.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/buffer.hpp"
#include "layers/encoder_decoder.hpp"
#include "layers/network.hpp"

namespace lockstep::layers {

class BeamSearch {
 public:
  /// For lanes of `rows` rows. The model must outlive it.
  BeamSearch(const EncoderDecoder& model, std::size_t rows, const WritingOptions& options);

  const WritingOptions& options() const noexcept { return options_; }

  /// The texts of a lane that `model` has run forward over, as ids without END.
  std::vector<WrittenText> run(const Lane& lane);

 private:
  struct Beginning {
    WrittenText words;
    double log_probability = 0;
    std::size_t slot = 0;  ///< where the decoder's states are that have read it
  };
  struct Row {
    std::vector<Beginning> beginnings;
    WrittenText best;  ///< the best one that has ended
    double best_score = 0;
    std::size_t ended = 0;
  };
  struct Candidate {
    double log_probability;
    std::size_t beginning;
    std::int32_t word;
  };

  void begin(const Lane& lane);
  void step(const Lane& lane);
  void go_on(Row& row, std::size_t first_slot, std::size_t& position);
  void add_candidates(const Beginning& from, std::size_t index, const float* logits);
  void end(Row& row, const WrittenText& words, double log_probability, std::size_t length) const;
  void copy_states(std::size_t from, std::size_t to);

  const EncoderDecoder& model_;
  WritingOptions options_;
  std::size_t rows_, slots_;
  std::unique_ptr<const Decoder> decoder_;
  std::vector<Row> texts_;
  std::vector<Candidate> candidates_;
  // [slots] ids; [slots, V] logits; states before and after the step, [L, slots, U]
  Buffer<float> ids_, logits_, workspace_, scratch_, h0_, c0_, h_, c_;
};

}  // namespace lockstep::layers
