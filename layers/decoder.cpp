#include "layers/decoder.hpp"

#include <algorithm>
#include <string>

#include "core/error.hpp"
#include "layers/elementwise.hpp"
#include "layers/onednn/layout.hpp"
#include "layers/onednn/product.hpp"

namespace lockstep::layers {
namespace {

void add_dropout(double rate, proto::LayerList& list) {
  if (rate > 0) list.add_layer()->mutable_dropout()->set_rate(rate);
}

// Embedding and recurrent layer of either side.
proto::LayerList recurrent_layers(const proto::EncoderDecoder& config, std::uint32_t words,
                                  std::uint32_t units, bool bidirectional) {
  proto::LayerList list;
  auto& embedding = *list.add_layer();
  embedding.set_name("embedding");
  embedding.mutable_embedding()->set_units(config.embedding_units());
  embedding.mutable_embedding()->set_vocabulary_size(words);
  add_dropout(config.dropout(), list);
  auto& recurrent = *list.add_layer();
  const auto set = [&](auto& layer) {
    layer.set_units(units);
    layer.set_num_layers(config.num_layers());
    layer.set_bidirectional(bidirectional);
    layer.set_return_sequences(true);
    if (config.num_layers() > 1) layer.set_dropout(config.dropout());
  };
  if (config.cell() == proto::EncoderDecoder::GRU) {
    recurrent.set_name("gru");
    set(*recurrent.mutable_gru());
  } else {
    recurrent.set_name("lstm");
    set(*recurrent.mutable_lstm());
  }
  return list;
}

std::size_t steps_of(std::span<const AttendingRow> rows) {
  return rows.back().first + rows.back().steps;
}

ParameterInfo output_parameter(const char* name, std::vector<std::int64_t> shape) {
  ParameterInfo info;
  info.name = name;
  info.shape = std::move(shape);
  info.storage = padded(Shape(info.shape).size());
  return info;
}

}  // namespace

proto::LayerList encoder_layers(const proto::EncoderDecoder& config) {
  const bool both = config.bidirectional();
  return recurrent_layers(config, config.source_vocabulary(), config.units() / (both ? 2 : 1),
                          both);
}

proto::LayerList decoder_layers(const proto::EncoderDecoder& config) {
  auto list = recurrent_layers(config, config.target_vocabulary(), config.units(), false);
  add_dropout(config.dropout(), list);
  return list;
}

Decoder::Decoder(const proto::EncoderDecoder& config, std::size_t steps, std::size_t source_steps,
                 const Build& build, const Decoder* reference)
    : rows_(static_cast<std::size_t>(build.rows)),
      steps_(steps),
      source_steps_(source_steps),
      units_(config.units()),
      words_(config.target_vocabulary()),
      precision_(build.precision) {
  Build inner = build;
  inner.field += ".decoder.layer";
  inner.input_gradient = false;
  inner.reference = reference != nullptr ? reference->layers_.get() : nullptr;
  const TensorSpec ids{Shape{static_cast<std::int64_t>(steps)}, nullptr, rows_ * steps_};
  layers_ = std::make_unique<const Sequential>(decoder_layers(config).layer(), ids, inner, false);
  if (config.attention())
    attention_ = std::make_unique<const CrossAttention>(units_, rows_ * steps_, source_steps);
  place_parameters();
  place_buffers();
  flops_ = layers_->flops() / static_cast<double>(steps) +
           (attention_ ? attention_->flops_of_step() : 0) +
           2 * static_cast<double>(units_) * static_cast<double>(words_);
}

void Decoder::place_parameters() {
  parameters_ = layers_->parameters();
  attention_at_ = output_at_ = layers_->parameter_floats();
  if (attention_) {
    for (auto info : attention_->parameters()) {
      info.name = "attention." + info.name;
      parameters_.push_back(std::move(info));
    }
    output_at_ += attention_->parameter_floats();
  }
  const auto u = static_cast<std::int64_t>(units_), v = static_cast<std::int64_t>(words_);
  auto weight = output_parameter("output.weight", {v, u});
  weight.initializer = proto::GLOROT_UNIFORM;
  weight.fan_in = units_;
  weight.fan_out = words_;
  bias_at_ = output_at_ + weight.storage;
  parameters_.push_back(std::move(weight));
  parameters_.push_back(output_parameter("output.bias", {v}));
  parameter_floats_ = bias_at_ + parameters_.back().storage;
}

void Decoder::place_buffers() {
  const std::size_t all = rows_ * steps_;
  Regions workspace, scratch;
  workspace.take(layers_->workspace_floats());
  states_at_ = workspace.take(all * units_);
  rows_at_ = workspace.take(rows_ * sizeof(AttendingRow) / sizeof(float));
  joined_at_ = workspace.take(all * units_ * (attention_ ? 2 : 1));
  attended_at_ = workspace.take(attention_ ? all * units_ : 0);
  inner_at_ = workspace.take(attention_ ? attention_->workspace_floats() : 0);
  dattended_at_ = scratch.take(all * units_);
  dpacked_at_ = scratch.take(all * units_);
  dstates_at_ = scratch.take(all * units_);
  lengths_at_ = scratch.take(rows_);
  sums_at_ = scratch.take(2 * words_);  // doubles
  inner_scratch_at_ = scratch.take(
      std::max(layers_->scratch_floats(), attention_ ? attention_->scratch_floats() : 0));
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
}

void Decoder::to_plain(std::size_t index, const float* storage, float* plain) const {
  if (index < layers_->parameters().size()) return layers_->to_plain(index, storage, plain);
  const auto& shape = parameters_.at(index).shape;
  const auto out = static_cast<std::size_t>(shape[0]);
  transpose(storage, Shape(shape).size() / out, out, plain);
}

void Decoder::from_plain(std::size_t index, const float* plain, float* storage) const {
  if (index < layers_->parameters().size()) return layers_->from_plain(index, plain, storage);
  const auto& info = parameters_.at(index);
  const auto out = static_cast<std::size_t>(info.shape[0]);
  std::fill_n(storage, info.storage, 0.0f);
  transpose(plain, out, Shape(info.shape).size() / out, storage);
}

Lane Decoder::layers_lane(const Lane& lane) const {
  Lane own = lane;
  own.y = lane.workspace + states_at_;
  own.dx = nullptr;
  own.scratch = lane.scratch + inner_scratch_at_;
  return own;
}

std::span<AttendingRow> Decoder::rows_of(const Lane& lane) const {
  return {reinterpret_cast<AttendingRow*>(lane.workspace + rows_at_), rows_};
}

// Finds the steps that rows have, and brings their states together.
std::span<const AttendingRow> Decoder::arrange(const Lane& lane, const Lane& layers,
                                               const Encoded& encoded) const {
  auto* lengths = reinterpret_cast<std::int32_t*>(lane.scratch + lengths_at_);
  layers_->output_lengths(layers, lengths);
  const auto rows = rows_of(lane);
  const std::size_t stride = units_ * (attention_ ? 2 : 1);
  float* h = lane.workspace + joined_at_ + (stride - units_);
  std::size_t first = 0;
  for (std::size_t n = 0; n < rows_; ++n) {
    const std::size_t source = n / encoded.rows_of_each;
    rows[n] = {first, static_cast<std::size_t>(lengths[n]), source,
               static_cast<std::size_t>(encoded.lengths[source])};
    for (std::size_t t = 0; t < rows[n].steps; ++t, ++first)
      std::copy_n(layers.y + (n * steps_ + t) * units_, units_, h + first * stride);
  }
  return rows;
}

AttentionPass Decoder::attention_pass(const Lane& lane, const Encoded& encoded) const {
  AttentionPass pass;
  pass.rows = rows_of(lane);
  pass.steps = steps_of(pass.rows);
  pass.encoded = encoded.states;
  pass.parameters = lane.parameters + attention_at_;
  pass.joined = lane.workspace + joined_at_;
  pass.y = lane.workspace + attended_at_;
  pass.workspace = lane.workspace + inner_at_;
  pass.scratch = lane.scratch + inner_scratch_at_;
  return pass;
}

std::size_t Decoder::forward(Lane& lane, const Encoded& encoded) const {
  Lane own = layers_lane(lane);
  layers_->forward(own);
  const std::size_t steps = steps_of(arrange(lane, own, encoded));
  if (steps == 0) return 0;
  if (attention_) attention_->forward(attention_pass(lane, encoded));
  const float* attended = lane.workspace + (attention_ ? attended_at_ : joined_at_);
  for (std::size_t p = 0; p < steps; ++p)
    std::copy_n(lane.parameters + bias_at_, words_, lane.y + p * words_);
  onednn::multiply({steps, words_, units_}, {attended, units_},
                   {lane.parameters + output_at_, words_}, {lane.y, words_, true}, precision_);
  return steps;
}

// The gradients of the output's weight and bias, and of a.
void Decoder::backward_output(const Lane& lane, std::size_t steps) const {
  const float* attended = lane.workspace + (attention_ ? attended_at_ : joined_at_);
  onednn::multiply({units_, words_, steps}, {attended, units_, true}, {lane.dy, words_},
                   {lane.gradients + output_at_, words_}, precision_);
  onednn::multiply({steps, units_, words_}, {lane.dy, words_},
                   {lane.parameters + output_at_, words_, true},
                   {lane.scratch + dattended_at_, units_}, precision_);
  auto* sums = reinterpret_cast<double*>(lane.scratch + sums_at_);
  std::fill_n(sums, words_, 0.0);
  add_column_sums(lane.dy, steps, words_, sums);
  for (std::size_t v = 0; v < words_; ++v)
    lane.gradients[bias_at_ + v] = static_cast<float>(sums[v]);
}

void Decoder::backward(Lane& lane, const Encoded& encoded, float* dencoded) const {
  const auto rows = rows_of(lane);
  float* dattended = lane.scratch + dattended_at_;
  float* dh = attention_ ? lane.scratch + dpacked_at_ : dattended;
  std::fill_n(dencoded, rows_ / encoded.rows_of_each * source_steps_ * units_, 0.0f);
  if (const std::size_t steps = steps_of(rows); steps > 0) {
    backward_output(lane, steps);
    if (attention_) {
      attention_->backward(attention_pass(lane, encoded),
                           {dattended, dh, dencoded, lane.gradients + attention_at_});
    }
  } else {
    std::fill_n(lane.gradients + attention_at_, parameter_floats_ - attention_at_, 0.0f);
  }
  float* dstates = lane.scratch + dstates_at_;
  for (std::size_t n = 0; n < rows_; ++n) {
    float* end = std::copy_n(dh + rows[n].first * units_, rows[n].steps * units_,
                             dstates + n * steps_ * units_);
    std::fill_n(end, (steps_ - rows[n].steps) * units_, 0.0f);
  }
  Lane own = layers_lane(lane);
  own.dy = dstates;
  layers_->backward(own);
}

}  // namespace lockstep::layers
