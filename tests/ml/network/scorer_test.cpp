#include "ml/network/scorer.hpp"

#include <google/protobuf/text_format.h>

#include <thread>

#include "tests/catch.hpp"
#include "tests/ml/network/numbered_rows.hpp"

namespace lockstep::ml {
namespace {

// Every number that comes out of a partition, and the losses.
std::vector<double> score(const Scorer& scorer, const data::Partition& partition) {
  std::vector<double> numbers;
  scorer.score(partition, {"x", "y"}, [&](const ScoredRows& scored) {
    numbers.push_back(static_cast<double>(scored.first));
    numbers.insert(numbers.end(), scored.outputs.begin(), scored.outputs.end());
    numbers.push_back(scored.sums->loss);
  });
  return numbers;
}

TEST_CASE("a scorer that several threads use at once gives each the numbers of one",
          "[ml][scoring]") {
  layers::prepare_thread();
  proto::Network config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(
      "layer { dense { units: 20 activation: TANH } } layer { batch_norm {} } layer { dropout {} } "
      "layer { dense { units: 1 } } lane_size: 4",
      &config));
  const layers::Network network(config, Shape{2}, "network");
  Buffer<float> parameters(network.parameter_floats()), packed(network.packed_floats());
  network.initialize(3, parameters.span());
  network.pack(parameters.span(), packed.span());
  const auto plan = plan_of(57, 3, 2, 4);
  const auto dataset = dataset_of(plan, {0, plan.partitions});

  std::vector<std::vector<double>> alone;
  const Scorer scorer(network, parameters.span(), packed.span(), plan.lane_size);
  for (const auto& partition : dataset.own) alone.push_back(score(scorer, partition));

  // A scorer without workers yet: the threads make them, and the programs of a short lane, at once.
  const layers::Network fresh(config, Shape{2}, "network");
  const Scorer shared(fresh, parameters.span(), packed.span(), plan.lane_size);
  std::vector<std::vector<std::vector<double>>> found(4);
  std::vector<std::thread> threads;
  for (auto& numbers : found) {
    threads.emplace_back([&] {
      layers::prepare_thread();
      for (const auto& partition : dataset.own) numbers.push_back(score(shared, partition));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& numbers : found) CHECK(numbers == alone);
}

}  // namespace
}  // namespace lockstep::ml
