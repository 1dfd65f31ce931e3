// Every layer and loss against numbers that PyTorch computed (tests/parity/golden/layers.py
// and, for sequences and decoders, sequence_layers.py and step_layers.py).
#include "tests/layers/golden.hpp"

namespace lockstep::layers::testing {
namespace {

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
