#include "layers/network.hpp"

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"
#include "layers/catalogue.hpp"
#include "layers/initializers.hpp"
#include "layers/network_impl.hpp"
#include "layers/onednn/engine.hpp"
#include "layers/softmax.hpp"

namespace lockstep::layers {
namespace {

std::size_t numbers(const ParameterInfo& info) {
  std::size_t product = 1;
  for (const auto d : info.shape) product *= static_cast<std::size_t>(d);
  return product;
}

// The activation that ends a layer.
proto::Activation final_activation(const proto::Layer& layer) {
  switch (layer.kind_case()) {
    case proto::Layer::kDense:
      return layer.dense().activation();
    case proto::Layer::kConv2D:
      return layer.conv2d().activation();
    case proto::Layer::kResidual:
      return layer.residual().activation();
    case proto::Layer::kConv1D:
      return layer.conv1d().activation();
    case proto::Layer::kConv2DTranspose:
      return layer.conv2d_transpose().activation();
    case proto::Layer::kActivation:
      return layer.activation().kind();
    default:
      return proto::NONE;
  }
}

proto::Loss default_loss(proto::Activation last, std::size_t outputs) {
  proto::Loss loss;
  if (is_softmax(last)) {
    loss.mutable_cross_entropy();
  } else if (last == proto::SIGMOID && outputs == 1) {
    loss.mutable_binary_cross_entropy();
  } else {
    loss.mutable_mean_squared_error();
  }
  return loss;
}

// What the loss over the words of a text takes from the decoder.
void complete_text_loss(const proto::Network& config, proto::Loss& loss) {
  const auto& last = config.layer(config.layer_size() - 1);
  if (!last.has_encoder_decoder()) return;  // the loss says what it needs
  auto& words = *loss.mutable_token_cross_entropy();
  if (!words.has_vocabulary_size())
    words.set_vocabulary_size(last.encoder_decoder().target_vocabulary());
}

// Whether the loss works on what comes before this activation.
bool contained(proto::Activation last, const proto::Loss& loss) {
  return (is_softmax(last) && loss.has_cross_entropy()) ||
         (last == proto::SIGMOID && loss.has_binary_cross_entropy());
}

void drop_final_activation(Sequential::Configs& layers) {
  auto& last = *layers.Mutable(layers.size() - 1);
  if (last.has_dense()) last.mutable_dense()->set_activation(proto::NONE);
  if (last.has_conv2d()) last.mutable_conv2d()->set_activation(proto::NONE);
  if (last.has_conv1d()) last.mutable_conv1d()->set_activation(proto::NONE);
  if (last.has_conv2d_transpose()) last.mutable_conv2d_transpose()->set_activation(proto::NONE);
  if (last.has_residual()) last.mutable_residual()->set_activation(proto::NONE);
  if (last.has_activation()) layers.RemoveLast();
}

Where at_field(const std::string& field) {
  Where where;
  where.field = field;
  return where;
}

// A softmax a step and one label a row: neither the steps nor the classes are meant by it.
void require_one_vector(const proto::Loss& loss, const Shape& outputs, const std::string& at) {
  const auto several = [](std::int64_t d) { return d > 1; };
  if (!loss.has_cross_entropy() || std::ranges::count_if(outputs.dims(), several) < 2) return;
  throw ConfigError("cross-entropy takes one score a class, the network gives " +
                        to_string(outputs) + " numbers a row",
                    at_field(at + ".cross_entropy"),
                    "end with one vector a row: the last state of an lstm, mean_over_time or "
                    "max_over_time, global_average_pooling, or flatten before the last dense");
}

// oneDNN would emulate bf16 on an older CPU, at a fraction of f32's speed.
void require_hardware(proto::Precision precision, const std::string& at) {
  if (precision == proto::F32 || onednn::has_bf16()) return;
  throw ConfigError(
      "the CPU, or that of another rank, has no instructions for BF16: neither AVX-512 BF16 nor "
      "AMX",
      at_field(at), "write precision: F32, or take other hosts");
}

}  // namespace

Network::Network(const proto::Network& config, const Shape& input, const std::string& at,
                 Outline outline)
    : impl_(std::make_unique<Impl>()) {
  auto& n = *impl_;
  n.input = input;
  n.blueprint = {config.layer(), at + ".layer", std::move(outline), config.precision()};
  if (config.layer_size() == 0) {
    throw ConfigError("a network without layers", at_field(n.blueprint.at),
                      "write for example: layer { dense { units: 10 } }");
  }
  const std::size_t rows = config.lane_size();
  if (rows == 0) throw ConfigError("lane_size must be at least 1", at_field(at + ".lane_size"));
  require_hardware(config.precision(), at + ".precision");
  n.reference = std::make_unique<const Program>(n.blueprint, input, rows, nullptr);
  const auto outputs = n.reference->layers->output().shape.size();
  const int end = config.layer_size() - 1;
  const auto last = final_activation(config.layer(end));
  auto loss = config.has_loss() ? config.loss() : default_loss(last, outputs);
  complete_text_loss(config, loss);
  require_one_vector(loss, n.reference->layers->layer(static_cast<std::size_t>(end)).output().shape,
                     at + ".loss");
  n.loss = make_loss(loss, outputs, at + ".loss");
  n.summarize(*n.reference->layers, config.layer_size(), config.layer());
  if (contained(last, loss)) {
    drop_final_activation(n.blueprint.layers);
    n.reference = std::make_unique<const Program>(n.blueprint, input, rows, nullptr);
  }
  n.list_parameters();
  if (n.blueprint.layers.empty()) return;
  const auto& first = n.blueprint.layers[0];
  const auto bucket = static_cast<std::int64_t>(config.length_bucket());
  if ((first.has_embedding() || first.has_masking()) && bucket > 0 && bucket < input[0] &&
      n.works_with(bucket)) {
    n.length_bucket = config.length_bucket();
  }
}

Network::~Network() = default;

void Network::Impl::summarize(const Sequential& all, int count,
                              const Sequential::Configs& configs) {
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const auto& layer = all.layer(index);
    LayerSummary line;
    line.name = all.name(index);
    line.kind = kind_name(configs[i]);
    line.output = layer.output().shape;
    for (const auto& info : layer.parameters()) {
      if (info.kind == ParameterInfo::Kind::Weight) line.parameters += numbers(info);
    }
    line.flops = layer.flops();
    summary.push_back(std::move(line));
  }
}

void Network::Impl::list_parameters() {
  const auto& sequential = *reference->layers;
  for (std::size_t i = 0; i < sequential.parameters().size(); ++i) {
    const auto& info = sequential.parameters()[i];
    parameters.push_back({info, parameter_floats, sequential.layer_of(i)});
    parameter_floats += info.storage;
    if (info.kind == ParameterInfo::Kind::Weight) parameter_count += numbers(info);
  }
}

const Program& Network::Impl::program(std::size_t rows, std::int64_t steps) {
  if (rows == reference->rows && steps == input[0]) return *reference;
  const std::lock_guard lock(mutex);
  auto& variant = variants[{rows, steps}];
  if (!variant) {
    auto dims = input.dims();
    dims[0] = steps;
    variant = std::make_unique<const Program>(blueprint, Shape(dims), rows, reference.get());
  }
  return *variant;
}

// Whether fewer steps leave parameters and outputs as they are.
bool Network::Impl::works_with(std::int64_t steps) {
  const auto shapes = [](const Program& program) {
    std::vector<std::vector<std::int64_t>> all{program.layers->output().shape.dims()};
    for (const auto& info : program.layers->parameters()) all.push_back(info.shape);
    if (program.tap) all.push_back(program.tap->output().shape.dims());
    return all;
  };
  try {
    return shapes(program(reference->rows, steps)) == shapes(*reference);
  } catch (const ConfigError&) {  // a window or a dense layer that wants all steps
    return false;
  }
}

const Shape& Network::input() const noexcept { return impl_->input; }
Task Network::task() const noexcept { return impl_->loss->task(); }
std::size_t Network::outputs() const noexcept {
  return impl_->reference->layers->output().shape.size();
}
std::size_t Network::labels_per_row() const noexcept { return impl_->loss->labels_per_row(); }
std::size_t Network::tap_size() const noexcept {
  return impl_->reference->tap ? impl_->reference->tap->output().shape.size() : 0;
}
const std::vector<LayerSummary>& Network::summary() const noexcept { return impl_->summary; }
std::string Network::loss_name() const { return impl_->loss->name(); }
std::size_t Network::parameter_floats() const noexcept { return impl_->parameter_floats; }
std::size_t Network::parameter_count() const noexcept { return impl_->parameter_count; }
const std::vector<Parameter>& Network::parameters() const noexcept { return impl_->parameters; }
std::vector<RowBlock> Network::row_blocks() const {
  std::vector<RowBlock> blocks;
  for (const auto& [info, offset, layer] : impl_->parameters) {
    if (info.touched_by_row == 0) continue;
    blocks.push_back({offset, static_cast<std::size_t>(info.shape.at(0)),
                      static_cast<std::size_t>(info.shape.at(1))});
  }
  return blocks;
}
std::size_t Network::packed_floats() const noexcept {
  return impl_->reference->layers->packed_floats();
}
std::size_t Network::worker_bytes() const { return impl_->reference->arena_floats * sizeof(float); }

namespace {

std::size_t index_of(const std::vector<Parameter>& all, const Parameter& parameter) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Parameter& p) {
    return p.offset == parameter.offset && p.info.name == parameter.info.name;
  });
  expects(found != all.end(), "a parameter belongs to this network");
  return static_cast<std::size_t>(found - all.begin());
}

void copy_rows(const StartRows& start, std::span<float> plain) {
  if (start.rows.empty()) return;
  const std::size_t width = start.values.size() / start.rows.size();
  for (std::size_t i = 0; i < start.rows.size(); ++i)
    std::copy_n(start.values.data() + i * width, width, plain.data() + start.rows[i] * width);
}

}  // namespace

void Network::start_with(const Parameter& parameter, StartRows start) {
  const auto words = static_cast<std::size_t>(parameter.info.shape.at(0)),
             units = static_cast<std::size_t>(parameter.info.shape.at(1));
  expects(start.values.size() == start.rows.size() * units &&
              std::all_of(start.rows.begin(), start.rows.end(),
                          [&](std::size_t row) { return row < words; }),
          "start_with gets whole rows of the parameter");
  impl_->starts[index_of(impl_->parameters, parameter)] = std::move(start);
}

void Network::initialize(std::uint64_t seed, std::span<float> parameters) const {
  expects(parameters.size() == impl_->parameter_floats, "initialize gets the whole flat vector");
  std::map<std::size_t, std::uint64_t> seen;  // parameters of each layer so far
  std::vector<float> plain;
  for (const auto& parameter : impl_->parameters) {
    plain.resize(numbers(parameter.info));
    const auto stream = stream_of(parameter.layer, seen[parameter.layer]++);
    layers::initialize(parameter.info, seed, stream, plain);
    if (const auto start = impl_->starts.find(index_of(impl_->parameters, parameter));
        start != impl_->starts.end()) {
      copy_rows(start->second, plain);
    }
    from_plain(parameter, plain, parameters);
  }
}

void Network::to_plain(const Parameter& parameter, std::span<const float> flat,
                       std::span<float> plain) const {
  expects(flat.size() == impl_->parameter_floats && plain.size() == numbers(parameter.info),
          "to_plain gets a whole flat vector and a whole parameter");
  impl_->reference->layers->to_plain(index_of(impl_->parameters, parameter),
                                     flat.data() + parameter.offset, plain.data());
}

void Network::from_plain(const Parameter& parameter, std::span<const float> plain,
                         std::span<float> flat) const {
  expects(flat.size() == impl_->parameter_floats && plain.size() == numbers(parameter.info),
          "from_plain gets a whole flat vector and a whole parameter");
  impl_->reference->layers->from_plain(index_of(impl_->parameters, parameter), plain.data(),
                                       flat.data() + parameter.offset);
}

// A layer goes to the part in whose share of the packed floats its middle lies.
void Network::pack(std::span<const float> parameters, std::span<float> packed, std::size_t part,
                   std::size_t parts) const {
  const auto& sequential = *impl_->reference->layers;
  expects(parameters.size() == impl_->parameter_floats && packed.size() == packed_floats() &&
              part < parts,
          "pack gets whole vectors and a part of parts");
  std::size_t before = 0;
  for (std::size_t i = 0; i < sequential.size(); ++i) {
    const auto own = sequential.layer(i).packed_floats();
    if (own == 0) continue;
    const auto middle = before + own / 2;
    before += padded(own);
    if (middle * parts / packed.size() == part)
      sequential.pack_layer(i, parameters.data(), packed.data());
  }
}

}  // namespace lockstep::layers
