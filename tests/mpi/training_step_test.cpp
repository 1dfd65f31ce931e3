/// A training step on these ranks against the same step on one rank alone, bit by bit.

#include <google/protobuf/text_format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "ml/network/scorer.hpp"
#include "ml/network/step.hpp"
#include "tests/ml/network/numbered_rows.hpp"
#include "tests/mpi/mpi_test.hpp"

namespace lockstep::ml {
namespace {

const StepPlan kPlan = plan_of(103, 5, 2, 4);  // a prime; 5 lanes: idle ranks on 7 and 8

proto::Network network_config(const std::string& more = "") {
  proto::Network config;
  google::protobuf::TextFormat::ParseFromString(
      "layer { batch_norm {} } layer { dense { units: 700 activation: GELU } } layer { dropout {} "
      "} "
      "layer { dense { units: 1 } } lane_size: 4 " +
          more,
      &config);
  return config;
}

data::Dataset own_rows(const dist::Communicator& ranks, std::size_t threads) {
  const auto blocks = partition_blocks(kPlan, ranks.world_size(), threads, false);
  return dataset_of(kPlan, blocks.at(static_cast<std::size_t>(ranks.rank())));
}

struct Trained {
  std::vector<float> parameters;
  std::vector<double> losses;
  std::vector<double> metrics;

  bool operator==(const Trained&) const = default;
};

// COLLECTIVE. Two epochs and the metrics on the same rows.
Trained train(const dist::Communicator& ranks, std::size_t thread_count,
              const proto::Network& config, const data::Dataset& dataset, StepPlan plan,
              dist::ExchangeOptions exchange) {
  layers::prepare_thread();
  ThreadPool threads(thread_count, layers::prepare_thread);
  const Context context{{ranks, threads}, {}, 7};
  const layers::Network network(config, Shape{2}, "network");
  exchange.bucket_bytes = 4096;  // three buckets
  TrainingStep step(context, config, network, dataset, {"x", "y"}, plan, exchange);
  Trained trained;
  for (std::uint64_t s = 0; s < 2 * plan.steps_per_epoch(); ++s) {
    StepInput terms;
    terms.epoch = s / plan.steps_per_epoch();
    terms.batch = s % plan.steps_per_epoch() * plan.accumulate;
    terms.batches =
        std::min<std::uint64_t>(plan.accumulate, plan.batches_per_epoch() - terms.batch);
    terms.sequence = terms.epoch * plan.batches_per_epoch() + terms.batch;
    terms.step = s;
    terms.learning_rate = step.optimizer().learning_rate();
    trained.losses.push_back(step.run(terms).sums.mean_loss());
  }
  trained.parameters.assign(step.parameters().begin(), step.parameters().end());
  const Scorer scorer(network, step.parameters(), step.packed(), plan.lane_size);
  const LossSums sums = loss_over(context, scorer, dataset, {"x", "y"});
  trained.metrics = {sums.loss, sums.weight, sums.correct, sums.rows};
  return trained;
}

Trained train(const dist::Communicator& ranks, std::size_t threads, const proto::Network& config) {
  return train(ranks, threads, config, own_rows(ranks, threads), kPlan, {});
}

TEST_CASE("training steps leave the same bits on these ranks as on one alone",
          "[mpi][training_step]") {
  const auto config =
      GENERATE(as<std::string>{}, "", "optimizer { sgd { learning_rate: 1e-6 momentum: 0.9 } }",
               "optimizer { rmsprop {} } gradient_clip { norm: 0.1 }");
  const auto network = network_config(config);
  const auto self = tests::world().split(tests::world().rank());
  const auto alone = train(self, 1, network);
  for (const double loss : alone.losses) CHECK(std::isfinite(loss));
  for (const std::size_t threads : {1, 2, 3}) {
    CAPTURE(threads, config);
    CHECK(train(tests::world(), threads, network) == alone);
  }
}

// Words in place of numbers: two of 70 a row, some of them far more often than others.
data::Dataset own_words(const dist::Communicator& ranks, std::size_t threads) {
  auto dataset = own_rows(ranks, threads);
  for (auto& partition : dataset.own) {
    std::vector<double> x;
    for (const auto id : partition.row_ids) {
      x.push_back(static_cast<double>(id % 3 == 0 ? 1 + id % 4 : 1 + id * 37 % 69));
      x.push_back(static_cast<double>(id % 5 == 0 ? 0 : 1 + id * id % 11));
    }
    partition.set("x", data::DenseVectors{2, x});
  }
  return dataset;
}

TEST_CASE("training steps over words leave the bits of dense gradients, however rows travel",
          "[mpi][training_step]") {
  const auto more = GENERATE(
      as<std::string>{}, "optimizer { sgd { learning_rate: 1e-3 } }",
      "optimizer { sgd { learning_rate: 1e-3 momentum: 0.9 } } gradient_clip { value: 0.5 }",
      "optimizer { adam { learning_rate: 1e-2 } } gradient_clip { norm: 1 }");
  const bool trainable = GENERATE(true, false);
  const std::size_t accumulate = GENERATE(1, 2);
  proto::Network config;
  google::protobuf::TextFormat::ParseFromString(
      "layer { embedding { units: 21 vocabulary_size: 70 } } layer { mean_over_time {} } "
      "layer { batch_norm {} } layer { dense { units: 1 } } lane_size: 4 " +
          more,
      &config);
  config.mutable_layer(0)->mutable_embedding()->set_trainable(trainable);
  StepPlan plan = kPlan;
  plan.accumulate = accumulate;
  CAPTURE(more, trainable, accumulate);
  // Of one rank the exchange that knows no rows sums along the tree as well.
  const auto self = tests::world().split(tests::world().rank());
  dist::ExchangeOptions exchange;
  exchange.method = dist::ExchangeMethod::PlainAllreduce;
  const auto dense = train(self, 1, config, own_words(self, 1), plan, exchange);
  for (const double loss : dense.losses) CHECK(std::isfinite(loss));
  exchange.method = dist::ExchangeMethod::Tree;
  CHECK(train(self, 2, config, own_words(self, 2), plan, exchange) == dense);
  for (const auto rows :
       {dist::RowTransfer::Automatic, dist::RowTransfer::Dense, dist::RowTransfer::Sparse}) {
    for (const auto gather : {dist::RowGather::Values, dist::RowGather::Sums}) {
      CAPTURE(static_cast<int>(rows), static_cast<int>(gather));
      exchange.rows = rows;
      exchange.gather = gather;
      CHECK(train(tests::world(), 1, config, own_words(tests::world(), 1), plan, exchange) ==
            dense);
    }
  }
}

TEST_CASE("a loss that is no number names the step and the rows of its lane, on every rank",
          "[mpi][training_step]") {
  layers::prepare_thread();
  ThreadPool threads(2, layers::prepare_thread);
  const Context context{{tests::world(), threads}, {}, 7};
  const auto config = network_config();
  const layers::Network network(config, Shape{2}, "network");
  auto dataset = own_rows(tests::world(), 2);
  for (auto& partition : dataset.own) {
    std::vector<double> x;
    for (const auto id : partition.row_ids) {
      x.push_back(id == 17 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(id));
      x.push_back(-static_cast<double>(id));
    }
    partition.set("x", data::DenseVectors{2, x});
  }
  TrainingStep step(context, config, network, dataset, {"x", "y"}, kPlan, {});
  std::string message;
  auto code = ExitCode::Done;
  try {
    for (StepInput terms; terms.batch < kPlan.steps_per_epoch(); ++terms.batch) step.run(terms);
  } catch (const AgreedError& error) {
    message = error.what() + std::string(" ");
    code = error.exit_code();
  }
  CAPTURE(message);
  CHECK(code == ExitCode::Numeric);
  CHECK(message.find("the loss is nan at step ") == 0);
  CHECK(message.find(" 18 ", message.find("its rows, counted from 1:")) != std::string::npos);
}

}  // namespace
}  // namespace lockstep::ml
