#pragma once
/// The estimators that are trained as a network: network itself, and those that become one.

#include <memory>
#include <string>

#include "core/proto/experiment.pb.h"
#include "core/proto/stage.pb.h"
#include "data/dataset.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"

namespace lockstep::ml {

/// Whether the stage is an estimator.
bool is_estimator(const proto::Stage& stage);

/// The network that an estimator stage trains. Expects is_estimator(stage).
proto::Network network_of(const proto::Stage& stage);

/// Compiles `config`, the network of the stage, for rows of shape `input`. `at` is the estimator's
/// config path. @throws ConfigError
std::unique_ptr<layers::Network> compile(const proto::Stage& stage, const proto::Network& config,
                                         const Shape& input, const std::string& at);

/// That of an experiment, whose last stage check_experiment has seen to be an estimator, and its
/// config path, for example "stage[2].network".
proto::Network network_of(const proto::Experiment& experiment);
std::string estimator_path(const proto::Stage& stage, int position);
std::string estimator_path(const proto::Experiment& experiment);

/// Fills in what a network's config leaves to the columns it reads: the vocabulary of a first
/// embedding layer, those of an encoder_decoder. @throws ConfigError if the column does not tell.
void complete(proto::Network& network, const data::Schema& schema, const std::string& at);

/// COLLECTIVE. Where standardize_target is set and nothing was learnt yet: mean and deviation of
/// the training rows' targets, into network.model. @throws AgreedError if a target is missing or
/// not finite
void learn_target_scale(const Context& context, const data::Dataset& train,
                        const std::string& target_col, proto::Network& network);

}  // namespace lockstep::ml
