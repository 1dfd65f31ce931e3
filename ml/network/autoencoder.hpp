#pragma once
/// Autoencoders: the network that one is, and what is learnt from its errors. A row's error is the
/// mean over the outputs of (reconstruction - input)^2.

#include <optional>
#include <string>

#include "core/problems.hpp"
#include "core/proto/autoencoder.pb.h"
#include "core/proto/network.pb.h"
#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "data/stage.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/network/scorer.hpp"

namespace lockstep::ml {

/// The network it trains: noise, encoder, variational code, decoder; its target is its input.
/// Layers without a name are called after their place: encoder.dense_0, decoder.conv2d_1.
proto::Network network_of(const proto::Autoencoder& config);

/// Where the layers of that network stand in the config, and which of them gives the code. `at` is
/// "stage[1].autoencoder".
layers::Outline outline_of(const proto::Autoencoder& config, const std::string& at);

/// What can be said before any shape is known. Adds to `problems`.
void check_autoencoder(const proto::Autoencoder& config, const std::string& at, Problems& problems);

/// @throws ConfigError unless `network` gives back the shape of its input. An image may come back
/// flat, and a vector as an image.
void check_reconstruction(const proto::Autoencoder& config, const layers::Network& network,
                          const std::string& at);

/// The column of known anomalies; empty: none is named. @throws ConfigError if the schema has no
/// such number column
std::string anomaly_label(const proto::Autoencoder& config, const data::Schema& schema,
                          const std::string& at);

/// The errors of this rank's rows, as a number column kErrorColumn; the partitions stay. Local.
/// @throws DataError naming a row whose error is not finite
inline constexpr const char* kErrorColumn = "reconstruction_error";
data::Dataset errors_of(ThreadPool& threads, const Scorer& scorer, const data::Dataset& rows,
                        const std::string& input_col);

/// COLLECTIVE. The error number ceil(quantile * rows) in ascending order, of what errors_of() gave;
/// nothing if there are no rows.
std::optional<double> error_quantile(const data::TrainingRows& errors, double quantile);

/// COLLECTIVE. Where an anomaly_quantile is set: the threshold that `train` gives, into
/// config.model. @throws AgreedError
void learn_threshold(const Context& context, const Scorer& scorer, const data::Dataset& train,
                     proto::Autoencoder& config);

}  // namespace lockstep::ml
