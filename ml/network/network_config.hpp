#pragma once
/// From an estimator's config to the network that it trains: network itself, and the estimators
/// that become one.

#include <memory>
#include <string>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "core/proto/stage.pb.h"
#include "data/dataset.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/evaluators/prediction_columns.hpp"

namespace lockstep::ml {

/// The network that an estimator stage trains. Expects one of the kinds above.
proto::Network network_of(const proto::Stage& stage);

/// Compiles `config`, the network of the stage, for rows of shape `input`. `at` is the estimator's
/// config path. @throws ConfigError
std::unique_ptr<layers::Network> compile(const proto::Stage& stage, const proto::Network& config,
                                         const Shape& input, const std::string& at);

/// What can be said of how it is trained before any row is read. Adds to `problems`.
void check_training(const proto::Network& network, const proto::Data& data, const std::string& at,
                    Problems& problems);

/// Fills in what a network's config leaves to the columns it reads: the vocabulary of a first
/// embedding layer, those of an encoder_decoder. @throws ConfigError if the column does not tell.
void fill_from_columns(proto::Network& network, const data::Schema& schema, const std::string& at);

/// Whether fill_from_columns() finds what it needs: before the stages are fitted a column may not
/// tell yet.
bool columns_tell(const proto::Network& network, const data::Schema& schema);

/// The shape of the input column. @throws ConfigError unless it is a vector or image column
Shape input_shape(const proto::Network& network, const data::Schema& schema, const std::string& at);

/// @throws ConfigError unless label and weight columns of the schema fit the network; those it
/// lacks may be absent
void check_targets(const proto::Network& network, const layers::Network& compiled,
                   const data::Schema& schema, const std::string& at);

/// COLLECTIVE. Where standardize_target is set and nothing was learnt yet: mean and deviation of
/// the training rows' targets, into network.model. @throws AgreedError if a target is missing or
/// not finite
void learn_target_scale(const Context& context, const data::Dataset& train,
                        proto::Network& network);

/// The column that the loss compares with.
std::string target_of(const proto::Network& network);

}  // namespace lockstep::ml
