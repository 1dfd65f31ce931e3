#pragma once
/// Numbers that PyTorch computed (tests/parity/golden/*.txt, each with the script that made it).
/// Tolerance: 2e-4 of the largest number of a tensor, since float sums run in another order here
/// and in PyTorch.

#include <fstream>
#include <map>
#include <sstream>

#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {

struct Golden {
  std::string name, config;
  std::map<std::string, Numbers> numbers;

  Numbers at(const std::string& key) const {
    INFO(name << " " << key);
    const auto found = numbers.find(key);
    REQUIRE(found != numbers.end());
    return found->second;
  }
};

inline std::vector<Golden> read_golden(const std::string& name) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/tests/parity/golden/" + name);
  REQUIRE(file.good());
  std::vector<Golden> cases;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "case") {
      words >> cases.emplace_back().name;
    } else if (key == "config") {
      std::getline(words, cases.back().config);
    } else if (!key.empty() && key != "#") {
      auto& numbers = cases.back().numbers[key];
      for (float number = 0; words >> number;) numbers.push_back(number);
    }
  }
  return cases;
}

inline void check_close(const Golden& golden, const std::string& key, std::span<const float> got) {
  const Numbers wanted = golden.at(key);
  INFO(golden.name << " " << key);
  REQUIRE(got.size() == wanted.size());
  double scale =
      0.01;  // some gradients are zero but for rounding: that of a bias before batch_norm
  for (const float w : wanted) scale = std::max(scale, std::abs(static_cast<double>(w)));
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(got[i] == Approx(wanted[i]).margin(2e-4 * scale).epsilon(0));
}

/// A network with the parameters of a case and its batch, ready for a pass.
struct GoldenBatch {
  Network network;
  Buffer<float> parameters, packed;
  Worker worker;
  Numbers labels;
  std::vector<std::uint64_t> row_ids;

  GoldenBatch(const Golden& golden, const Shape& input, std::size_t rows)
      : network(network_config(golden.config), input, "network"),
        parameters(network.parameter_floats()),
        packed(network.packed_floats()),
        worker(network),
        labels(golden.at("labels")),
        row_ids(rows) {
    network.initialize(1, parameters.span());
    for (const auto& p : network.parameters()) {
      if (p.info.kind == ParameterInfo::Kind::Weight)
        network.from_plain(p, golden.at(p.info.name), parameters.span());
    }
    network.pack(parameters.span(), packed.span());
    const Numbers x = golden.at("x");
    std::copy(x.begin(), x.end(), worker.input(rows).begin());
  }

  Worker::Pass pass() const {
    return {row_ids.size(), row_ids, labels, {}, 1, 0, parameters.span(), packed.span()};
  }
};

inline void check_training(const Golden& golden, const Shape& input, std::size_t rows) {
  GoldenBatch batch(golden, input, rows);
  Buffer<float> gradients(batch.network.parameter_floats());
  const auto result = batch.worker.train(batch.pass(), gradients.span(), {});
  CHECK(result.loss == Approx(golden.at("loss")[0]).epsilon(1e-5));
  CHECK(result.weight == Approx(golden.at("weight")[0]));
  for (const auto& p : batch.network.parameters()) {
    if (p.info.kind != ParameterInfo::Kind::Weight) continue;
    Numbers plain(size_of(p.info));
    batch.network.to_plain(p, gradients.span(), plain);
    check_close(golden, "grad." + p.info.name, plain);
  }
}

}  // namespace lockstep::layers::testing
