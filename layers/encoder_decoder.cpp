#include "layers/encoder_decoder.hpp"

#include <algorithm>
#include <string>

#include "core/error.hpp"
#include "layers/target_words.hpp"

namespace lockstep::layers {

EncoderDecoder::EncoderDecoder(const proto::EncoderDecoder& config, const TensorSpec& input,
                               const Build& build)
    : config_(config),
      rows_(static_cast<std::size_t>(build.rows)),
      field_(build.field),
      precision_(build.precision) {
  check(input, build);
  source_steps_ = input.shape.size();
  const auto* reference = static_cast<const EncoderDecoder*>(build.reference);
  Build inner = build;
  inner.field += ".encoder.layer";
  inner.input_gradient = false;
  inner.reference = reference != nullptr ? reference->encoder_.get() : nullptr;
  encoder_ =
      std::make_unique<const Sequential>(encoder_layers(config).layer(), input, inner, false);
  decoder_ =
      std::make_unique<const Decoder>(config, target_length() + 1, source_steps_, build,
                                      reference != nullptr ? reference->decoder_.get() : nullptr);
  place();
}

void EncoderDecoder::check(const TensorSpec& input, const Build& build) const {
  if (input.shape.rank() != 1) {
    throw config_error(build, "",
                       "an encoder reads the ids of words, [S], not " + to_string(input.shape),
                       "let a token_indexer stage make the input column");
  }
  const auto require = [&](bool known, const char* field, const char* what) {
    if (!known)
      throw config_error(build, field, std::string(what) + " is not known",
                         "give it, or make the ids by a token_indexer stage");
  };
  require(config_.source_vocabulary() > 0, "source_vocabulary", "the vocabulary of the texts");
  require(config_.target_vocabulary() > static_cast<std::uint32_t>(kEndId), "target_vocabulary",
          "the vocabulary of the target");
  require(config_.target_length() > 0, "target_length", "the length of the longest target");
  if (config_.units() == 0 || (config_.bidirectional() && config_.units() % 2 != 0)) {
    throw config_error(build, "units",
                       std::to_string(config_.units()) +
                           " units cannot be halved for the encoder's two directions",
                       "give an even number, or bidirectional: false");
  }
}

void EncoderDecoder::place() {
  for (auto info : decoder_->parameters()) {
    info.name = "decoder." + info.name;
    parameters_.push_back(std::move(info));
  }
  for (auto info : encoder_->parameters()) {
    info.name = "encoder." + info.name;
    parameters_.push_back(std::move(info));
  }
  const std::size_t units = config_.units(), steps = target_length() + 1;
  const std::size_t states = config_.num_layers() * rows_ * units;
  Regions workspace, scratch, packed;
  packed.take(decoder_->packed_floats());
  encoder_packed_at_ = packed.take(encoder_->packed_floats());
  packed_floats_ = packed.size();
  workspace.take(encoder_->workspace_floats());
  encoded_at_ = workspace.take(encoder_->output().floats);
  lengths_at_ = workspace.take(rows_);
  h_at_ = workspace.take(states);
  c_at_ = workspace.take(has_memory() ? states : 0);
  ids_at_ = workspace.take(rows_ * steps);
  decoder_at_ = workspace.take(decoder_->workspace_floats());
  dencoded_at_ = scratch.take(encoder_->output().floats);
  dh_at_ = scratch.take(states);
  dc_at_ = scratch.take(has_memory() ? states : 0);
  inner_at_ = scratch.take(std::max(encoder_->scratch_floats(), decoder_->scratch_floats()));
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
  output_.shape = {static_cast<std::int64_t>(steps * words())};
  output_.floats = rows_ * steps * words();
  flops_ = encoder_->flops() + static_cast<double>(steps) * decoder_->flops_of_step();
}

void EncoderDecoder::to_plain(std::size_t index, const float* storage, float* plain) const {
  const std::size_t first = decoder_->parameters().size();
  if (index < first) return decoder_->to_plain(index, storage, plain);
  encoder_->to_plain(index - first, storage, plain);
}

void EncoderDecoder::from_plain(std::size_t index, const float* plain, float* storage) const {
  const std::size_t first = decoder_->parameters().size();
  if (index < first) return decoder_->from_plain(index, plain, storage);
  encoder_->from_plain(index - first, plain, storage);
}

void EncoderDecoder::pack(const float* parameters, float* packed) const {
  decoder_->pack(parameters, packed);
  encoder_->pack(parameters + decoder_->parameter_floats(), packed + encoder_packed_at_);
}

Lane EncoderDecoder::encoder_lane(const Lane& lane) const {
  Lane own = lane;
  own.y = lane.workspace + encoded_at_;
  own.dx = nullptr;
  own.parameters = lane.parameters + decoder_->parameter_floats();
  own.packed = lane.packed + encoder_packed_at_;
  own.gradients = lane.gradients + decoder_->parameter_floats();
  own.scratch = lane.scratch + inner_at_;
  return own;
}

Lane EncoderDecoder::decoder_lane(const Lane& lane) const {
  Lane own = lane;
  own.x = lane.workspace + ids_at_;
  own.workspace = lane.workspace + decoder_at_;
  own.scratch = lane.scratch + inner_at_;
  return own;
}

EncoderDecoder::Memory EncoderDecoder::memory(const Lane& lane) const {
  const float* at = lane.workspace;
  return {{at + encoded_at_, reinterpret_cast<const std::int32_t*>(at + lengths_at_)},
          at + h_at_,
          has_memory() ? at + c_at_ : nullptr};
}

std::unique_ptr<const Decoder> EncoderDecoder::step_decoder(std::size_t rows_of_each) const {
  std::uint64_t counter = 0;  // of dropouts, which nothing passes in inference
  Build build;
  build.rows = static_cast<std::int64_t>(rows_ * rows_of_each);
  build.field = field_;
  build.counter = &counter;
  build.precision = precision_;
  return std::make_unique<const Decoder>(config_, 1, source_steps_, build, decoder_.get());
}

void EncoderDecoder::forward(Lane& lane) const {
  Lane encoder = encoder_lane(lane);
  RecurrentStates states;
  states.h = lane.workspace + h_at_;
  if (has_memory()) states.c = lane.workspace + c_at_;
  encoder.states = &states;
  encoder_->forward(encoder);
  encoder_->output_lengths(encoder, reinterpret_cast<std::int32_t*>(lane.workspace + lengths_at_));
  if (lane.labels.empty()) return;
  const std::size_t length = target_length(), steps = length + 1;
  expects(lane.labels.size() == rows_ * length, "a decoder reads the labels of each row");
  for (std::size_t n = 0; n < rows_; ++n) {
    const auto target = target_words(lane.labels.subspan(n * length, length));
    float* ids = lane.workspace + ids_at_ + n * steps;
    *ids = kBeginId;
    std::fill(std::copy(target.begin(), target.end(), ids + 1), ids + steps, 0.0f);
  }
  const Memory from = memory(lane);
  RecurrentStates begin;
  begin.h0 = from.h;
  begin.c0 = from.c;
  Lane decoder = decoder_lane(lane);
  decoder.states = &begin;
  decoder_->forward(decoder, from.encoded);
}

void EncoderDecoder::backward(Lane& lane) const {
  if (lane.dx != nullptr) std::fill_n(lane.dx, rows_ * source_steps_, 0.0f);
  const Memory from = memory(lane);
  RecurrentStates begin;
  begin.h0 = from.h;
  begin.c0 = from.c;
  begin.dh0 = lane.scratch + dh_at_;
  if (has_memory()) begin.dc0 = lane.scratch + dc_at_;
  Lane decoder = decoder_lane(lane);
  decoder.states = &begin;
  float* dencoded = lane.scratch + dencoded_at_;
  decoder_->backward(decoder, from.encoded, dencoded);
  RecurrentStates end;
  end.dh = begin.dh0;
  end.dc = begin.dc0;
  Lane encoder = encoder_lane(lane);
  encoder.states = &end;
  encoder.dy = dencoded;
  encoder_->backward(encoder);
}

}  // namespace lockstep::layers
