// Every layer and loss against numbers that PyTorch computed (tests/parity/golden/layers.py
// and, for sequences and decoders, sequence_layers.py and step_layers.py).
// Tolerance: 2e-4 of the largest number of a tensor, since float sums run in another order here and
// in PyTorch.
#include <fstream>
#include <map>
#include <sstream>

#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

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

std::vector<Golden> read_golden(const std::string& name) {
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

void check_close(const Golden& golden, const std::string& key, std::span<const float> got) {
  const Numbers wanted = golden.at(key);
  INFO(golden.name << " " << key);
  REQUIRE(got.size() == wanted.size());
  double scale =
      0.01;  // some gradients are zero but for rounding: that of a bias before batch_norm
  for (const float w : wanted) scale = std::max(scale, std::abs(static_cast<double>(w)));
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(got[i] == Approx(wanted[i]).margin(2e-4 * scale).epsilon(0));
}

// The outputs of a training pass: those of the layers alone, with the same parameters.
void check_outputs(const Golden& golden, const Shape& input, std::size_t rows) {
  Rig rig(golden.config, input, rows);
  rig.x = golden.at("x");
  for (std::size_t i = 0; i < rig.plain.size(); ++i) {
    const auto& info = rig.layers().parameters()[i];
    if (info.kind == ParameterInfo::Kind::Weight) rig.plain[i] = golden.at(info.name);
  }
  check_close(golden, "outputs", rig.forward());
}

void check_training(const Golden& golden, const Shape& input, std::size_t rows) {
  const Network network(network_config(golden.config), input, "network");
  Buffer<float> parameters(network.parameter_floats()), packed(network.packed_floats()),
      gradients(network.parameter_floats());
  network.initialize(1, parameters.span());
  for (const auto& p : network.parameters()) {
    if (p.info.kind == ParameterInfo::Kind::Weight) {
      network.from_plain(p, golden.at(p.info.name), parameters.span());
    }
  }
  network.pack(parameters.span(), packed.span());
  Worker worker(network);
  const Numbers x = golden.at("x"), labels = golden.at("labels");
  std::copy(x.begin(), x.end(), worker.input(rows).begin());
  std::vector<std::uint64_t> row_ids(rows);
  const auto result = worker.train({rows, row_ids, labels, 1, 0, parameters.span(), packed.span()},
                                   gradients.span(), {});
  CHECK(result.loss == Approx(golden.at("loss")[0]).epsilon(1e-5));
  CHECK(result.weight == Approx(golden.at("weight")[0]));
  for (const auto& p : network.parameters()) {
    if (p.info.kind != ParameterInfo::Kind::Weight) continue;
    Numbers plain(size_of(p.info));
    network.to_plain(p, gradients.span(), plain);
    check_close(golden, "grad." + p.info.name, plain);
  }
}

}  // namespace

namespace {

void check_golden(const std::string& name, std::size_t at_least) {
  prepare_thread();
  const auto cases = read_golden(name);
  CHECK(cases.size() >= at_least);
  for (const auto& golden : cases) {
    INFO(golden.name);
    std::vector<std::int64_t> dims;
    for (const float d : golden.at("input")) dims.push_back(static_cast<std::int64_t>(d));
    const auto rows = static_cast<std::size_t>(golden.at("rows")[0]);
    check_outputs(golden, Shape(dims), rows);
    check_training(golden, Shape(dims), rows);
  }
}

}  // namespace

TEST_CASE("layers and losses compute what PyTorch computes", "[layers][golden]") {
  check_golden("layers.txt", 40);
}

TEST_CASE("layers over time and decoders compute what PyTorch computes", "[layers][golden]") {
  check_golden("step_layers.txt", 14);
}

TEST_CASE("layers of sequences compute what PyTorch computes", "[layers][golden]") {
  check_golden("sequence_layers.txt", 11);
}

}  // namespace lockstep::layers::testing
