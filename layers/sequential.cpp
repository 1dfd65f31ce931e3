#include "layers/sequential.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "layers/catalogue.hpp"
#include "layers/elementwise.hpp"
#include "layers/flatten.hpp"
#include "layers/network.hpp"

namespace lockstep::layers {
namespace {

// The activation layer that comes next, if only layers without a function of their own lie between.
proto::Activation following(const Sequential::Configs& configs, int i) {
  for (++i; i < configs.size(); ++i) {
    const auto& config = configs[i];
    if (config.has_activation()) return config.activation().kind();
    if (!config.has_batch_norm() && !config.has_layer_norm() && !config.has_dropout() &&
        !config.has_max_pooling() && !config.has_average_pooling()) {
      break;
    }
  }
  return proto::NONE;
}

// The earlier dense layer that layer i is tied to, by its name in the config.
std::optional<std::size_t> owner_of(const Sequential::Configs& configs, int i) {
  if (!configs[i].has_dense() || !configs[i].dense().has_tied_to()) return std::nullopt;
  for (int j = 0; j < i; ++j) {
    if (configs[j].has_dense() && !configs[j].dense().has_tied_to() &&
        configs[j].name() == configs[i].dense().tied_to())
      return static_cast<std::size_t>(j);
  }
  return std::nullopt;
}

bool is_owner(const Sequential::Configs& configs, int i) {
  for (int j = i + 1; j < configs.size(); ++j) {
    if (owner_of(configs, j) == static_cast<std::size_t>(i)) return true;
  }
  return false;
}

// Errors of oneDNN say nothing about the config.
std::unique_ptr<const Layer> make_or_explain(const proto::Layer& config, const TensorSpec& input,
                                             const Build& build) {
  try {
    return make_layer(config, input, build);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    Where where;
    where.field = build.field;
    throw InternalError("oneDNN cannot compile this layer for an input of " +
                            to_string(input.shape) + ": " + error.what(),
                        where, "please report it, with the config");
  }
}

// Notes how long a layer takes.
class LayerSpan {
 public:
  LayerSpan(Timeline* timeline, Phase phase, std::size_t layer) : timeline_(timeline) {
    if (timeline_ != nullptr)
      span_ = {phase, static_cast<std::uint32_t>(layer), clock_seconds(), 0, primitive_seconds()};
  }
  ~LayerSpan() {
    if (timeline_ == nullptr) return;
    span_.end = clock_seconds();
    span_.primitives = primitive_seconds() - span_.primitives;
    timeline_->push_back(span_);
  }
  LayerSpan(const LayerSpan&) = delete;
  LayerSpan& operator=(const LayerSpan&) = delete;

 private:
  Timeline* timeline_;
  Span span_{};
};

// Zero behind the end of each row of a masked tensor [N, T, F].
void clear_padding(const Shape& shape, std::size_t rows, const std::int32_t* lengths,
                   float* values) {
  const auto steps = static_cast<std::size_t>(shape[0]), width = shape.size() / steps;
  for (std::size_t n = 0; n < rows; ++n) {
    float* row = values + n * steps * width;
    std::fill(row + static_cast<std::size_t>(lengths[n]) * width, row + steps * width, 0.0f);
  }
}

}  // namespace

Sequential::Sequential(const Configs& configs, const TensorSpec& input, const Build& build,
                       bool flatten) {
  output_ = input;
  rows_ = static_cast<std::size_t>(build.rows);
  add_layers(configs, input, build, flatten);
  place_parameters();
  place_buffers();
  lowest_ = 0;
  if (!build.input_gradient) {
    while (lowest_ < parts_.size() && parts_[lowest_].layer->parameters().empty()) ++lowest_;
  }
}

void Sequential::add_layers(const Configs& configs, const TensorSpec& input, const Build& build,
                            bool flatten) {
  const auto* reference = static_cast<const Sequential*>(build.reference);
  Build inner = build;
  inner.fields = nullptr;
  std::set<std::string> names;
  const auto add = [&](std::unique_ptr<const Layer> layer, std::string name) {
    inner.input_gradient = inner.input_gradient || !layer->parameters().empty();
    output_ = layer->output();
    flops_ += layer->flops();
    parts_.push_back({std::move(layer), std::move(name)});
  };
  for (int i = 0; i < configs.size(); ++i) {
    const auto& config = configs[i];
    const std::string kind = kind_name(config), position = std::to_string(i);
    inner.field = build.fields != nullptr ? build.fields->at(static_cast<std::size_t>(i))
                                          : build.field + "[" + position + "]";
    if (!kind.empty()) inner.field += "." + kind;
    inner.reference = reference != nullptr ? &reference->layer(parts_.size()) : nullptr;
    inner.following = following(configs, i);
    inner.plain_storage = is_owner(configs, i);
    const auto owner = owner_of(configs, i);
    inner.tied = owner ? parts_[*owner].layer.get() : nullptr;
    const std::string name = config.has_name() ? config.name() : kind + "_" + position;
    if (!names.insert(name).second) {
      throw config_error(inner, "", "two layers are named " + name, "give each layer its own name");
    }
    add(make_or_explain(config, i == 0 ? input : output_, inner), name);
    parts_.back().owner = owner;
  }
  if (flatten && (output_.layout || output_.shape.rank() != 1)) {
    add(std::make_unique<Flatten>(output_, inner), "output");
  }
}

// Last layer first.
void Sequential::place_parameters() {
  std::size_t packed = 0;
  for (std::size_t i = parts_.size(); i-- > 0;) {
    auto& part = parts_[i];
    part.parameters_at = parameter_floats_;
    for (std::size_t j = 0; j < part.layer->parameters().size(); ++j) {
      auto info = part.layer->parameters()[j];
      part.parameter_floats += info.storage;
      info.name = part.name + "." + info.name;
      parameters_.push_back(std::move(info));
      owners_.push_back({i, j});
    }
    parameter_floats_ += part.parameter_floats;
    part.packed_at = packed;
    packed += padded(part.layer->packed_floats());
  }
  packed_floats_ = packed;
}

void Sequential::place_buffers() {
  Regions workspace, scratch;
  std::size_t widest = 0, layer_scratch = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    auto& part = parts_[i];
    if (i + 1 < parts_.size()) {
      part.output_at = workspace.take(part.layer->output().floats);
      widest = std::max(widest, part.layer->output().floats);
    }
    part.workspace_at = workspace.take(part.layer->workspace_floats());
    if (part.layer->output().masked) part.lengths_at = workspace.take(rows_);
    if (part.owner)
      part.tied_at = workspace.take(parts_[*part.owner].layer->parameters().at(0).storage);
    layer_scratch = std::max(layer_scratch, part.layer->scratch_floats());
  }
  for (auto& at : gradient_at_) at = scratch.take(widest);
  layer_scratch_at_ = scratch.take(layer_scratch);
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
}

void Sequential::to_plain(std::size_t index, const float* storage, float* plain) const {
  const auto [part, inner] = owners_.at(index);
  parts_[part].layer->to_plain(inner, storage, plain);
}

void Sequential::from_plain(std::size_t index, const float* plain, float* storage) const {
  const auto [part, inner] = owners_.at(index);
  parts_[part].layer->from_plain(inner, plain, storage);
}

void Sequential::pack_layer(std::size_t i, const float* parameters, float* packed) const {
  const auto& part = parts_.at(i);
  part.layer->pack(parameters + part.parameters_at, packed + part.packed_at);
}

void Sequential::pack(const float* parameters, float* packed) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) pack_layer(i, parameters, packed);
}

Lane Sequential::lane_of(std::size_t i, const Lane& whole) const {
  const auto& part = parts_[i];
  Lane lane = whole;
  lane.x = i == 0 ? whole.x : whole.workspace + parts_[i - 1].output_at;
  lane.y = i + 1 == parts_.size() ? whole.y : whole.workspace + part.output_at;
  if (i > 0) lane.lengths = lengths_of(i - 1, whole);
  if (part.owner) {
    lane.tied = whole.parameters + parts_[*part.owner].parameters_at;
    lane.tied_gradient = whole.workspace + part.tied_at;
  }
  lane.dy = lane.dx = nullptr;
  lane.timeline = nullptr;  // a layer's own layers are part of its time
  lane.parameters = whole.parameters + part.parameters_at;
  lane.packed = whole.packed + part.packed_at;
  lane.gradients = whole.gradients + part.parameters_at;
  lane.workspace = whole.workspace + part.workspace_at;
  lane.scratch = whole.scratch + layer_scratch_at_;
  return lane;
}

const float* Sequential::output_of(std::size_t i, const Lane& whole) const {
  return i + 1 == parts_.size() ? whole.y : whole.workspace + parts_.at(i).output_at;
}

// The steps of the rows of layer i's output; null if it is not masked. A float's memory holds one.
std::int32_t* Sequential::lengths_of(std::size_t i, const Lane& whole) const {
  if (!parts_[i].layer->output().masked) return nullptr;
  return reinterpret_cast<std::int32_t*>(whole.workspace + parts_[i].lengths_at);
}

void Sequential::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  if (parts_.empty()) return Layer::output_lengths(lane, lengths);
  std::copy_n(lengths_of(parts_.size() - 1, lane), rows_, lengths);
}

void Sequential::forward(Lane& lane) const {
  if (parts_.empty()) std::copy_n(lane.x, output_.floats, lane.y);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const LayerSpan span(lane.timeline, Phase::Forward, i);
    Lane own = lane_of(i, lane);
    const auto& layer = *parts_[i].layer;
    layer.forward(own);
    if (auto* lengths = lengths_of(i, lane)) {
      layer.output_lengths(own, lengths);
      clear_padding(layer.output().shape, rows_, lengths, own.y);
    }
  }
}

// Where the gradient of layer i's output lies.
float* Sequential::gradient_of(std::size_t i, const Lane& whole) const {
  return i + 1 == parts_.size() ? whole.dy : whole.scratch + gradient_at_[i % 2];
}

// Storage is rounded up to cache lines: the rest behind a gradient must be zero. It is shorter than
// a line, and layers write all else.
void Sequential::clear_ends(std::size_t i, float* gradients) const {
  for (const auto& info : parts_[i].layer->parameters()) {
    std::fill_n(gradients + info.storage - padded(1), padded(1), 0.0f);
    gradients += info.storage;
  }
}

// What the layers tied to `owner` have found for its weight, in the order of the layers.
void Sequential::add_tied_gradients(std::size_t owner, const Lane& whole, float* gradients) const {
  for (const auto& part : parts_) {
    if (part.owner != owner) continue;
    const auto& shape = parts_[owner].layer->parameters().at(0).shape;
    add(gradients, whole.workspace + part.tied_at, gradients, Shape(shape).size());
  }
}

void Sequential::backward_layer(std::size_t i, const Lane& lane) const {
  const LayerSpan span(lane.timeline, Phase::Backward, i);
  Lane own = lane_of(i, lane);
  own.dy = gradient_of(i, lane);
  own.dx = i == 0 ? lane.dx : i == lowest_ ? nullptr : gradient_of(i - 1, lane);
  clear_ends(i, own.gradients);
  if (const auto* lengths = lengths_of(i, lane))
    clear_padding(parts_[i].layer->output().shape, rows_, lengths, own.dy);
  parts_[i].layer->backward(own);
  add_tied_gradients(i, lane, own.gradients);
}

void Sequential::backward(Lane& lane, const Progress& progress) const {
  if (parts_.empty() && lane.dx != nullptr) std::copy_n(lane.dy, output_.floats, lane.dx);
  for (std::size_t i = parts_.size(); i-- > lowest_;) {
    backward_layer(i, lane);
    if (progress) progress(parts_[i].parameters_at + parts_[i].parameter_floats);
  }
}

}  // namespace lockstep::layers
