#include "ml/network/autoencoder.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/config.hpp"
#include "layers/catalogue.hpp"
#include "ml/network/training_fields.hpp"

namespace lockstep::ml {
namespace {

/// A layer of the network, and where it stands in the config.
struct Placed {
  proto::Layer layer;
  std::string field;
};

void place_list(const proto::LayerList& list, const std::string& name, const std::string& at,
                std::vector<Placed>& placed) {
  for (int i = 0; i < list.layer_size(); ++i) {
    auto layer = list.layer(i);
    if (!layer.has_name())
      layer.set_name(fmt::format("{}.{}_{}", name, layers::kind_name(layer), i));
    placed.push_back({std::move(layer), fmt::format("{}.{}.layer[{}]", at, name, i)});
  }
}

/// What comes before the encoder, in training alone.
void place_noise(const proto::Autoencoder& config, const std::string& at,
                 std::vector<Placed>& placed) {
  if (config.noise() > 0) {
    proto::Layer noise;
    noise.set_name("noise");
    noise.mutable_gaussian_noise()->set_deviation(config.noise());
    placed.push_back({std::move(noise), child(at, "noise")});
  }
  if (config.corruption() > 0) {
    proto::Layer corruption;
    corruption.set_name("corruption");
    corruption.mutable_dropout()->set_rate(config.corruption());
    placed.push_back({std::move(corruption), child(at, "corruption")});
  }
}

/// The units of a dense layer at the end of the encoder; 0 if there is none.
std::uint32_t last_units(const proto::LayerList& encoder) {
  if (encoder.layer_size() == 0) return 0;
  const auto& last = encoder.layer(encoder.layer_size() - 1);
  return last.has_dense() ? last.dense().units() : 0;
}

/// A mean and a log variance for each number of the encoder's, and the code drawn from them.
void place_variational(const proto::Autoencoder& config, const std::string& at,
                       std::vector<Placed>& placed) {
  proto::Layer moments, code;
  moments.set_name("mean_and_log_variance");
  moments.mutable_dense()->set_units(2 * last_units(config.encoder()));
  code.set_name("code");
  *code.mutable_variational_code() = config.variational();
  placed.push_back({std::move(moments), child(at, "variational")});
  placed.push_back({std::move(code), child(at, "variational")});
}

struct Body {
  std::vector<Placed> layers;
  std::size_t encoder = 0, encoder_end = 0, decoder = 0;  // first layers, and behind the last

  /// The dense layers of [begin, end) that are not tied by name already.
  std::vector<proto::Layer*> dense_layers(std::size_t begin, std::size_t end) {
    std::vector<proto::Layer*> found;
    for (std::size_t i = begin; i < end; ++i) {
      auto& layer = layers[i].layer;
      if (layer.has_dense() && !layer.dense().has_tied_to()) found.push_back(&layer);
    }
    return found;
  }
};

void tie_weights(Body& body) {
  const auto owners = body.dense_layers(body.encoder, body.encoder_end),
             tied = body.dense_layers(body.decoder, body.layers.size());
  for (std::size_t i = 0; i < tied.size() && i < owners.size(); ++i)
    tied[i]->mutable_dense()->set_tied_to(owners[owners.size() - 1 - i]->name());
}

Body body_of(const proto::Autoencoder& config, const std::string& at) {
  Body body;
  place_noise(config, at, body.layers);
  body.encoder = body.layers.size();
  place_list(config.encoder(), "encoder", at, body.layers);
  body.encoder_end = body.layers.size();
  if (config.has_variational()) place_variational(config, at, body.layers);
  body.decoder = body.layers.size();
  place_list(config.decoder(), "decoder", at, body.layers);
  if (config.tied_weights()) tie_weights(body);
  return body;
}

int dense_count(const proto::LayerList& list) {
  int count = 0;
  for (const auto& layer : list.layer()) count += layer.has_dense() && !layer.dense().has_tied_to();
  return count;
}

}  // namespace

proto::Network network_of(const proto::Autoencoder& config) {
  proto::Network network;
  copy_training_fields(config, network);  // not label_col: anomalies are never learnt from
  if (config.has_loss()) *network.mutable_loss() = config.loss();
  network.set_input_col(config.input_col());
  network.set_target_col(config.input_col());
  if (!config.has_loss()) network.mutable_loss()->mutable_mean_squared_error();
  for (auto& placed : body_of(config, "").layers) *network.add_layer() = std::move(placed.layer);
  return network;
}

layers::Outline outline_of(const proto::Autoencoder& config, const std::string& at) {
  const Body body = body_of(config, at);
  layers::Outline outline;
  for (const auto& placed : body.layers) outline.fields.push_back(placed.field);
  if (body.decoder > 0) outline.tap = body.decoder - 1;
  return outline;
}

void check_autoencoder(const proto::Autoencoder& config, const std::string& at,
                       Problems& problems) {
  for (const auto& [name, list] :
       {std::pair("encoder", &config.encoder()), std::pair("decoder", &config.decoder())}) {
    problems.require(
        list->layer_size() > 0, child(at, name),
        fmt::format("an autoencoder needs at least one layer in its {}", name),
        fmt::format("write for example: {} {{ layer {{ dense {{ units: 32 }} }} }}", name));
  }
  problems.require(!config.loss().has_cross_entropy(), child(at, "loss"),
                   "cross_entropy is for classes, an autoencoder gives its input back",
                   "leave it out for the mean squared error, or take binary_cross_entropy for "
                   "inputs in 0..1");
  problems.require(!config.has_variational() || config.encoder().layer_size() == 0 ||
                       last_units(config.encoder()) > 0,
                   child(at, "variational"),
                   "the encoder of a variational autoencoder ends with a dense layer, of as many "
                   "units as the code has numbers",
                   "write for example: layer { dense { units: 32 } } at the end of the encoder");
  const int encoder = dense_count(config.encoder()), decoder = dense_count(config.decoder());
  problems.require(!config.tied_weights() || encoder == decoder, child(at, "tied_weights"),
                   fmt::format("the dense layers of encoder and decoder cannot be tied: there are "
                               "{} and {}",
                               encoder, decoder),
                   "give both as many, the decoder's in the order of the encoder's reversed");
}

void check_reconstruction(const proto::Autoencoder& config, const layers::Network& network,
                          const std::string& at) {
  if (network.task() != layers::Task::Regression) {
    throw ConfigError("binary_cross_entropy of a single number learns a class",
                      {.field = child(at, "loss")}, "leave it out for the mean squared error");
  }
  const Shape& input = network.input();
  const Shape& output = network.summary().back().output;
  const bool flat = input.rank() == 1 || output.rank() == 1;
  if (output == input || (flat && output.size() == input.size())) return;
  throw ConfigError(
      fmt::format("the decoder gives {}, the input column '{}' is {}", to_string(output),
                  config.input_col(), to_string(input)),
      {.field = fmt::format("{}.decoder.layer[{}]", at, config.decoder().layer_size() - 1)},
      fmt::format("let the last layer give {} numbers, in the shape of the input or flat",
                  input.size()));
}

std::string anomaly_label(const proto::Autoencoder& config, const data::Schema& schema,
                          const std::string& at) {
  if (!config.has_label_col()) return {};
  const auto& type = schema.at(config.label_col(), child(at, "label_col"));
  if (type.kind != data::ColumnType::Kind::Number) {
    throw ConfigError(fmt::format("the column '{}' of known anomalies is a {}", config.label_col(),
                                  data::to_string(type)),
                      {.field = child(at, "label_col")}, "it needs a number column of 0 and 1");
  }
  return config.label_col();
}

}  // namespace lockstep::ml
