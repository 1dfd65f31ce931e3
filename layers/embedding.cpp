#include "layers/embedding.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "layers/elementwise.hpp"
#include "layers/onednn/layout.hpp"

namespace lockstep::layers {

Embedding::Embedding(const proto::Embedding& config, const TensorSpec& input, const Build& build)
    : steps_(input.shape.size()),
      units_(config.units()),
      words_(config.vocabulary_size()),
      trainable_(config.trainable()) {
  if (input.shape.rank() != 1) {
    throw config_error(build, "",
                       "an embedding reads the ids of words, [T], not " + to_string(input.shape),
                       "let a token_indexer stage make the input column");
  }
  if (words_ == 0) {
    throw config_error(build, "vocabulary_size", "the size of the vocabulary is not known",
                       "give vocabulary_size, or make the ids by a token_indexer stage");
  }
  if (units_ == 0) throw config_error(build, "units", "an embedding needs at least one unit");
  ParameterInfo weight;
  weight.name = "weight";
  weight.shape = {static_cast<std::int64_t>(words_), static_cast<std::int64_t>(units_)};
  weight.storage = padded(words_ * units_);
  weight.kind = trainable_ ? ParameterInfo::Kind::Weight : ParameterInfo::Kind::Frozen;
  weight.initializer =
      config.initializer() == proto::DEFAULT ? proto::UNIFORM : config.initializer();
  weight.scale = config.initializer_scale();
  weight.fan_in = words_;
  weight.fan_out = units_;
  weight.touched_by_row = steps_;
  weight.start_stage = config.from_stage();
  weight.start_file = config.from_file();
  weight.field = build.field;
  parameters_ = {weight};
  output_ = onednn::plain_spec(Shape{input.shape[0], weight.shape[1]}, build.rows);
  output_.masked = true;
}

void Embedding::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const float* ids = lane.x + n * steps_;
    std::size_t length = steps_;
    while (length > 0 && ids[length - 1] == 0) --length;
    lengths[n] = static_cast<std::int32_t>(length);
  }
}

std::size_t Embedding::word_of(float id) const {
  if (id >= 0 && id < static_cast<float>(words_)) {
    const auto word = static_cast<std::size_t>(id);
    if (static_cast<float>(word) == id) return word;
  }
  Where where;
  where.field = "features";
  throw DataError(fmt::format("{} is not the id of a word, 0..{}", id, words_ - 1), where,
                  "ids are whole numbers; does vocabulary_size fit the stage that made them?");
}

void Embedding::forward(Lane& lane) const {
  for (std::size_t i = 0; i < lane.rows * steps_; ++i) {
    const std::size_t word = word_of(lane.x[i]);
    float* y = lane.y + i * units_;
    if (word == 0) {
      std::fill_n(y, units_, 0.0f);
    } else {
      std::copy_n(lane.parameters + word * units_, units_, y);
    }
  }
}

void Embedding::backward(Lane& lane) const {
  if (lane.dx != nullptr) std::fill_n(lane.dx, lane.rows * steps_, 0.0f);
  const auto block = lane.block_of_gradients();
  if (!block) std::fill_n(lane.gradients, words_ * units_, 0.0f);
  if (!trainable_) return;
  for (std::size_t i = 0; i < lane.rows * steps_; ++i) {
    const auto word = static_cast<std::size_t>(lane.x[i]);
    if (word == 0) continue;
    if (block) lane.touched->touch(*block, word);
    float* gradient = lane.gradients + word * units_;
    add(gradient, lane.dy + i * units_, gradient, units_);
  }
}

}  // namespace lockstep::layers
