#include "layers/standardized_loss.hpp"

#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

std::unique_ptr<const Loss> squared(std::size_t outputs, const std::vector<double>& means,
                                    const std::vector<double>& deviations) {
  proto::Loss config;
  config.mutable_mean_squared_error();
  proto::NetworkModel model;
  for (const double mean : means) model.add_target_mean(mean);
  for (const double deviation : deviations) model.add_target_deviation(deviation);
  return standardized(make_loss(config, outputs, "loss"), model);
}

}  // namespace

TEST_CASE("a standardized loss learns in units of the spread and speaks in the target's own",
          "[layers][loss]") {
  const auto loss = squared(1, {100}, {20});
  const Numbers logits{0, 1}, labels{100, 140};  // scaled labels: 0 and 2
  Numbers gradient(2), outputs(2);
  const auto result = loss->evaluate(logits, labels, gradient.data());
  CHECK(result.loss == 1);  // 0 + (1 - 2)^2
  CHECK(gradient == Numbers{0, -2});
  loss->present(logits, outputs.data());
  CHECK(outputs == Numbers{100, 120});
}

TEST_CASE("a standardized loss has a mean and a deviation for each output", "[layers][loss]") {
  const auto loss = squared(2, {10, -10}, {2, 4});
  Numbers outputs(4);
  loss->present(Numbers{0, 0, 1, -1}, outputs.data());
  CHECK(outputs == Numbers{10, -10, 12, -14});
  CHECK(loss->evaluate(Numbers{1, 1}, Numbers{12, -6}, nullptr).loss == 0);
}

TEST_CASE("a network with a learnt target scale predicts in the target's unit", "[layers][loss]") {
  auto config = network_config(
      "layer { dense { units: 1 } } lane_size: 1 standardize_target: true "
      "model { target_mean: 50 target_deviation: 5 }");
  prepare_thread();
  const Network network(config, {1}, "network");
  std::vector<float> parameters(network.parameter_floats(), 0.0f),
      packed(network.packed_floats(), 0.0f);
  network.pack(parameters, packed);
  Worker worker(network);
  worker.input(1)[0] = 3;
  const std::vector<std::uint64_t> ids{0};
  Worker::Pass pass;
  pass.rows = 1;
  pass.row_ids = ids;
  pass.parameters = parameters;
  pass.packed = packed;
  worker.predict(pass);
  CHECK(worker.outputs()[0] == 50);
}

}  // namespace lockstep::layers::testing
