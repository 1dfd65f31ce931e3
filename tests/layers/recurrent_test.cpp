// simple_rnn, lstm and gru: backward against central differences, masks, parameters, errors. Their
// numbers against PyTorch's: tests/layers/golden_test.cpp.
#include <fmt/format.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

struct Case {
  std::string layers;
  Shape input;
  bool kinks = false;
};

// Every kind of recurrent layer with these fields.
std::vector<Case> every_kind(const std::string& fields, const Shape& input) {
  std::vector<Case> cases;
  for (const std::string kind : {"simple_rnn { ", "simple_rnn { activation: RELU ", "lstm { ",
                                 "gru { ", "gru { reset_after: false "}) {
    cases.push_back(
        {"layer { " + kind + fields + " } }", input, kind.find("RELU") != std::string::npos});
  }
  return cases;
}

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// NaN behind the end of each row of x, so that nobody reads there unseen.
void cut(Rig& rig, const std::vector<std::int32_t>& lengths) {
  rig.lengths = lengths;
  for (std::size_t i = 0; i < rig.x.size(); ++i)
    if (!rig.is_data(i)) rig.x[i] = kNaN;
}

void check_gradients(const Case& c, std::size_t rows,
                     const std::vector<std::int32_t>& lengths = {}) {
  INFO(c.layers << " on " << to_string(c.input) << ", rows " << rows);
  Rig rig(c.layers, c.input, rows, true, nullptr, !lengths.empty());
  if (!lengths.empty()) cut(rig, lengths);
  // Of relu over time: a small step, so that what is curved does not pass for a kink.
  gradient_check(rig, {.step = c.kinks ? 0.002f : 0.01f, .kinks = c.kinks});
}

}  // namespace

TEST_CASE("recurrent layers: gradients of the last state and of all states",
          "[layers][recurrent]") {
  for (const std::string sequence : {"", "return_sequences: true "}) {
    for (const auto& c : every_kind(sequence + "units: 5", {4, 3})) check_gradients(c, 3);
    for (const auto& c : every_kind(sequence + "units: 1", {3, 1})) check_gradients(c, 1);
    for (const auto& c : every_kind(sequence + "units: 37", {3, 19})) check_gradients(c, 2);
    for (const auto& c : every_kind(sequence + "units: 4", {6})) check_gradients(c, 3);
  }
}

TEST_CASE("recurrent layers, stacked and in both directions: gradients", "[layers][recurrent]") {
  for (const std::string fields :
       {"num_layers: 2", "bidirectional: true", "num_layers: 3 bidirectional: true",
        "num_layers: 2 bidirectional: true return_sequences: true",
        "num_layers: 3 return_sequences: true dropout: 0.4",
        "num_layers: 2 bidirectional: true dropout: 0.4"}) {
    for (const auto& c : every_kind(fields + " units: 3", {4, 2})) {
      check_gradients(c, 1);
      check_gradients(c, 3);
    }
    for (const auto& c : every_kind(fields + " units: 3", {5})) check_gradients(c, 2);
  }
}

TEST_CASE("recurrent layers on rows that end early: gradients", "[layers][recurrent]") {
  for (const std::string fields :
       {"", "return_sequences: true", "bidirectional: true", "num_layers: 2 dropout: 0.3",
        "num_layers: 2 bidirectional: true return_sequences: true"}) {
    for (const auto& c : every_kind(fields + " units: 3", {5, 2})) {
      check_gradients(c, 5, {2, 5, 0, 1, 5});
      check_gradients(c, 1, {3});
      check_gradients(c, 3, {4, 4, 2});
    }
  }
}

namespace {

// The same parameters and row `n` of `rig` alone, only as long as it is; dropout's keys too.
Rig alone(const Rig& rig, const std::string& layers, const Shape& input, std::size_t n) {
  const auto length = static_cast<std::int64_t>(rig.lengths[n]);
  const auto features = static_cast<std::size_t>(input[1]);
  Rig one(layers, {length, input[1]}, 1, true, nullptr, true);
  const auto begin = rig.x.begin() + static_cast<std::ptrdiff_t>(n * input.size());
  one.x.assign(begin, begin + static_cast<std::ptrdiff_t>(rig.lengths[n] * input[1]));
  REQUIRE(one.x.size() == features * static_cast<std::size_t>(length));
  one.plain = rig.plain;
  one.row_ids = {rig.row_ids[n]};
  return one;
}

}  // namespace

TEST_CASE("more padding changes no bit", "[layers][recurrent]") {
  const std::string fields = GENERATE(as<std::string>{}, "units: 20",
                                      "units: 9 num_layers: 2 bidirectional: true dropout: 0.3");
  for (const auto& c : every_kind(fields, {7, 11})) {
    INFO(c.layers);
    Rig shorter(c.layers, {7, 11}, 5, true, nullptr, true);
    Rig longer(c.layers, {12, 11}, 5, true, nullptr, true);
    cut(shorter, {3, 7, 0, 7, 5});
    longer.x.assign(longer.x.size(), 0);
    for (std::size_t n = 0; n < 5; ++n)
      std::copy_n(shorter.x.data() + n * 77, 77, longer.x.data() + n * 132);
    cut(longer, shorter.lengths);
    const Numbers dy = random_numbers(shorter.outputs(), 4);
    CHECK(shorter.backward(dy) == longer.backward(dy));
    CHECK(shorter.gradients == longer.gradients);
    for (std::size_t i = 0; i < shorter.dx.size(); ++i)
      if (shorter.is_data(i)) CHECK(shorter.dx[i] == longer.dx[i / 77 * 132 + i % 77]);
  }
}

TEST_CASE("a lane that is trimmed to its longest row gives the same bits", "[layers][recurrent]") {
  prepare_thread();
  const auto outputs = [](std::uint32_t bucket) {
    auto config = network_config(
        "layer { masking {} } layer { lstm { units: 9 num_layers: 2 bidirectional: true dropout: "
        "0.2 } } "
        "layer { dense { units: 2 } } lane_size: 3");
    config.set_length_bucket(bucket);
    const Network network(config, {20, 4}, "network");
    Buffer<float> parameters(network.parameter_floats()), packed(network.packed_floats()),
        gradients(network.parameter_floats());
    network.initialize(3, parameters.span());
    network.pack(parameters.span(), packed.span());
    Worker worker(network);
    const auto x = worker.input(3);
    const Numbers numbers = random_numbers(x.size(), 1);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 80 < 4 * (2 + i / 80) ? numbers[i] : 0;
    const std::vector<std::uint64_t> row_ids{4, 5, 6};
    const Numbers labels(6, 1);
    const auto result = worker.train(
        {3, row_ids, labels, {}, 1, 0, parameters.span(), packed.span()}, gradients.span(), {});
    Numbers all(gradients.data(), gradients.data() + gradients.size());
    all.push_back(static_cast<float>(result.loss));
    return all;
  };
  CHECK(outputs(2) == outputs(20));
  CHECK(outputs(1) == outputs(20));
}

// But for rounding: how the library sums may depend on the number of rows.
TEST_CASE("a row's states do not depend on the lane's other rows", "[layers][recurrent]") {
  const std::string fields =
      GENERATE(as<std::string>{}, "units: 20", "units: 20 return_sequences: true",
               "units: 9 num_layers: 2 bidirectional: true dropout: 0.3",
               "units: 20 num_layers: 2 bidirectional: true return_sequences: true");
  const Shape input{7, 11};
  const auto check_close = [](const float* got, const Numbers& wanted) {
    double scale = 1;
    for (const float w : wanted) scale = std::max(scale, std::abs(static_cast<double>(w)));
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK(got[i] == Approx(wanted[i]).margin(1e-5 * scale).epsilon(0));
  };
  for (const auto& c : every_kind(fields, input)) {
    INFO(c.layers);
    Rig rig(c.layers, input, 5, true, nullptr, true);
    cut(rig, {3, 7, 1, 7, 5});
    const Numbers r = random_numbers(rig.outputs(), 4);
    const Numbers y = rig.backward(r);
    const auto width = y.size() / 5;
    for (std::size_t n = 0; n < 5; ++n) {
      auto one = alone(rig, c.layers, input, n);
      const auto begin = r.begin() + static_cast<std::ptrdiff_t>(n * width);
      const auto outputs = one.outputs();
      check_close(y.data() + n * width,
                  one.backward({begin, begin + static_cast<std::ptrdiff_t>(outputs)}));
      check_close(rig.dx.data() + n * input.size(), one.dx);
      for (std::size_t i = outputs; i < width; ++i) CHECK(y[n * width + i] == 0);
    }
  }
}

TEST_CASE("the last state of a row without steps is zero, and it moves no parameter",
          "[layers][recurrent]") {
  for (const auto& c : every_kind("units: 4 num_layers: 2 bidirectional: true", {6, 3})) {
    INFO(c.layers);
    Rig rig(c.layers, c.input, 2, true, nullptr, true);
    cut(rig, {0, 0});
    CHECK(rig.backward(random_numbers(rig.outputs(), 2)) == Numbers(rig.outputs(), 0));
    for (const auto& gradient : rig.gradients) CHECK(gradient == Numbers(gradient.size(), 0));
  }
}

TEST_CASE("dropout between recurrent layers acts in training alone, and by row",
          "[layers][recurrent]") {
  const auto at = [](double rate, bool training) {
    Rig rig(fmt::format("layer {{ lstm {{ units: 6 num_layers: 2 dropout: {} }} }}", rate), {5, 4},
            3);
    return rig.forward(training);
  };
  CHECK(at(0.5, false) == at(0, true));
  CHECK(at(0.5, true) != at(0, true));
  CHECK(at(0.5, true) == at(0.5, true));
}

TEST_CASE("recurrent layers name and start their parameters as PyTorch does",
          "[layers][recurrent]") {
  const auto config = network_config(
      "layer { lstm { units: 3 num_layers: 2 bidirectional: true forget_bias: 2 } } "
      "layer { gru { units: 2 } } layer { dense { units: 1 } }");
  CHECK_THROWS_AS(Network(config, Shape{5, 4, 3}, "network"), ConfigError);
  const Network network(
      network_config("layer { lstm { units: 3 num_layers: 2 bidirectional: true "
                     "forget_bias: 2 return_sequences: true } } layer { gru { units: 2 } }"),
      {5, 4}, "network");
  Buffer<float> flat(network.parameter_floats());
  network.initialize(1, flat.span());
  std::map<std::string, Numbers> plain;
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& p : network.parameters()) {
    plain[p.info.name].resize(size_of(p.info));
    network.to_plain(p, flat.span(), plain[p.info.name]);
    shapes[p.info.name] = p.info.shape;
  }
  CHECK(shapes.size() == 12 + 4);
  using Dims = std::vector<std::int64_t>;
  CHECK(shapes.at("lstm_0.weight_ih_l0") == Dims{12, 4});
  CHECK(shapes.at("lstm_0.weight_hh_l0_reverse") == Dims{12, 3});
  CHECK(shapes.at("lstm_0.weight_ih_l1_reverse") == Dims{12, 6});
  CHECK(shapes.at("gru_1.weight_ih_l0") == Dims{6, 6});
  CHECK(shapes.at("gru_1.bias_hh_l0") == Dims{6});
  CHECK(plain.at("lstm_0.bias_l1_reverse") == Numbers{0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0});
  for (const float w : plain.at("lstm_0.weight_hh_l0")) CHECK(std::abs(w) <= 0.57736f);
  for (const float w : plain.at("lstm_0.weight_ih_l0")) CHECK(std::abs(w) <= 0.92583f);
}

TEST_CASE("what recurrent layers cannot do is said with the field", "[layers][recurrent]") {
  const auto message = [](const std::string& layer, const Shape& input) -> std::string {
    try {
      Rig rig("layer { " + layer + " }", input, 2);
    } catch (const ConfigError& error) {
      return error.where().field + ": " + error.what();
    }
    return "no error";
  };
  CHECK(message("lstm { units: 3 }", {1, 5, 5}).starts_with("network.layer[0].lstm: "));
  CHECK(message("gru { units: 3 dropout: 0.5 }", {5, 5})
            .starts_with("network.layer[0].gru.dropout: "));
  CHECK(message("simple_rnn { units: 3 activation: GELU }", {5, 5})
            .starts_with("network.layer[0].simple_rnn.activation: "));
  CHECK(message("masking {}", {5}).starts_with("network.layer[0].masking: "));
}

TEST_CASE("masking ends a row behind its last step that is not padding", "[layers][masking]") {
  Rig rig(
      "layer { masking { mask_value: -1 } } layer { simple_rnn { units: 1 return_sequences: true } "
      "}",
      {4, 2}, 3);
  rig.x = {1,  -1, -1, -1, 0,  0,  -1, -1,  //
           -1, -1, -1, -1, -1, -1, -1, -1,  //
           1,  1,  1,  1,  1,  1,  -1, 2};
  rig.plain = {{0, 0}, {0}, {5}};
  const Numbers y = rig.forward();
  const Numbers ended{1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  REQUIRE(y.size() == ended.size());
  for (std::size_t i = 0; i < y.size(); ++i)
    CHECK(y[i] == Approx(ended[i]).margin(1e-3).epsilon(0));
}

}  // namespace lockstep::layers::testing
