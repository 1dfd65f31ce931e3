// Layers for sequences and decoders: gradients against central differences, and what padding must
// not change.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

struct Case {
  std::string layers;
  Shape input;
  bool kinks = false;
};

void check_gradients(const Case& c, std::initializer_list<std::size_t> row_counts,
                     bool masked = false) {
  for (const auto rows : row_counts) {
    INFO(c.layers << " on " << to_string(c.input) << ", rows " << rows
                  << (masked ? ", masked" : ""));
    Rig rig(c.layers, c.input, rows, true, nullptr, masked);
    if (masked) {  // a whole row, an empty one, and what lies between
      for (std::size_t n = 0; n < rows; ++n)
        rig.lengths[n] = static_cast<std::int32_t>((c.input[0] + static_cast<std::int64_t>(n) * 2) %
                                                   (c.input[0] + 1));
      if (rows > 1) rig.lengths[1] = 0;
      for (std::size_t i = 0; i < rig.x.size(); ++i)
        if (!rig.is_data(i)) rig.x[i] = 0;
    }
    gradient_check(rig, {.kinks = c.kinks});
  }
}

const auto kTimeLayers = {
    Case{"layer { conv1d { filters: 4 kernel_size: 3 } }", {7, 5}},
    Case{"layer { conv1d { filters: 3 kernel_size: 2 padding: SAME activation: TANH } }", {5, 1}},
    Case{"layer { conv1d { filters: 4 kernel_size: 3 strides: 2 padding: SAME dilation: 2 } }",
         {9, 2}},
    Case{"layer { conv1d { filters: 6 kernel_size: 3 causal: true groups: 2 use_bias: false } }",
         {6, 4}},
    Case{"layer { conv1d { filters: 2 kernel_size: 1 strides: 2 activation: GELU } }", {6, 3}},
    Case{"layer { max_pooling1d { kernel_size: 2 } }", {7, 3}, true},
    Case{"layer { max_pooling1d { kernel_size: 3 strides: 2 padding: SAME } }", {7, 3}, true},
    Case{"layer { average_pooling1d { kernel_size: 2 } }", {6, 3}},
    Case{"layer { average_pooling1d { kernel_size: 3 strides: 1 padding: SAME } }", {5, 2}},
    Case{"layer { mean_over_time {} }", {5, 3}},
    Case{"layer { max_over_time {} }", {5, 3}, true},
    Case{"layer { attention { heads: 2 } }", {5, 6}},
    Case{"layer { attention { heads: 3 key_size: 2 causal: true } }", {4, 5}},
    Case{"layer { attention { use_bias: false } } layer { mean_over_time {} }", {4, 3}},
    Case{"layer { concatenate { branch {} branch { layer { dense { units: 2 activation: TANH } } } "
         "} }",
         {4, 3}},
    Case{"layer { residual { layer { dense { units: 3 } } layer { conv1d { filters: 3 kernel_size: "
         "3 padding: SAME } } } }",
         {4, 3}},
    Case{"layer { dense { units: 4 activation: SOFTMAX } } layer { dense { units: 2 } }", {3, 5}},
    Case{"layer { dense { units: 4 } } layer { activation { kind: SOFTMAX } } layer { dense { "
         "units: 2 } }",
         {3, 5}},
};

/// What the layers make of one row of `length` steps, compiled for `steps` steps.
Numbers row_alone(const std::string& layers, std::int64_t steps, std::size_t features,
                  std::size_t length) {
  Rig rig(layers, {steps, static_cast<std::int64_t>(features)}, 1, true, nullptr, true);
  const Numbers row = random_numbers(length * features, 3);
  rig.x.assign(rig.x.size(), 0.0f);
  std::copy(row.begin(), row.end(), rig.x.begin());
  rig.lengths[0] = static_cast<std::int32_t>(length);
  return rig.forward();
}

}  // namespace

TEST_CASE("layers over time: gradients", "[layers][sequences]") {
  for (const auto& c : kTimeLayers) check_gradients(c, {1, 3});
}

TEST_CASE("layers over time: gradients of rows that end early", "[layers][sequences]") {
  for (const auto& c : kTimeLayers) check_gradients(c, {1, 4}, true);
}

TEST_CASE("layers over time: what lies behind the end changes nothing", "[layers][sequences]") {
  for (const auto& c : kTimeLayers) {
    INFO(c.layers);
    const auto features = static_cast<std::size_t>(c.input[1]);
    const std::size_t length = 4;
    const Numbers close = row_alone(c.layers, 4, features, length),
                  far = row_alone(c.layers, 11, features, length);
    for (std::size_t i = 0; i < close.size(); ++i) CHECK(far[i] == Approx(close[i]).margin(1e-6));
    for (std::size_t i = close.size(); i < far.size(); ++i) CHECK(far[i] == 0);
  }
}

TEST_CASE("repeat_vector, reshape, up_sampling2d: gradients", "[layers][decoder]") {
  check_gradients({"layer { repeat_vector { n: 3 } } layer { dense { units: 2 } }", {4}}, {1, 3});
  check_gradients({"layer { reshape { shape: [3, 4] } } layer { dense { units: 2 } }", {12}}, {2});
  check_gradients(
      {"layer { reshape { shape: [2, 2, 3] } } layer { conv2d { filters: 17 kernel_size: 2 } } "
       "layer { reshape { shape: 34 } } layer { dense { units: 2 } }",
       {12}},
      {2});
  check_gradients({"layer { up_sampling2d {} }", {2, 3, 2}}, {1, 2});
  check_gradients(
      {"layer { conv2d { filters: 18 kernel_size: 2 } } layer { up_sampling2d { size: [1, 3] } }",
       {3, 4, 4}},
      {2});
}

TEST_CASE("conv2d_transpose: gradients", "[layers][decoder]") {
  for (const auto& c : {
           Case{"layer { conv2d_transpose { filters: 3 kernel_size: 3 } }", {2, 4, 5}},
           Case{"layer { conv2d_transpose { filters: 3 kernel_size: 3 strides: 2 padding: SAME "
                "activation: TANH } }",
                {2, 3, 4}},
           Case{"layer { conv2d_transpose { filters: 17 kernel_size: [2, 3] strides: [2, 1] pad: "
                "[0, 1] use_bias: false } }",
                {18, 3, 4}},
           Case{"layer { conv2d_transpose { filters: 2 kernel_size: 3 strides: 2 pad: 1 "
                "output_pad: 1 } }",
                {3, 3, 3}},
           Case{"layer { conv2d_transpose { filters: 2 kernel_size: 2 strides: 2 activation: RELU "
                "} } layer { conv2d { filters: 2 kernel_size: 3 } }",
                {3, 3, 3},
                true},
       })
    check_gradients(c, {1, 3});
}

TEST_CASE("concatenate: gradients of vectors and images", "[layers][concatenate]") {
  check_gradients(
      {"layer { concatenate { branch { layer { dense { units: 3 } } } branch {} "
       "branch { layer { dense { units: 2 } } layer { dense { units: 4 activation: TANH } } } } }",
       {5}},
      {1, 3});
  check_gradients({"layer { concatenate { branch { layer { conv2d { filters: 17 kernel_size: 3 "
                   "padding: SAME } } } "
                   "branch {} } } layer { conv2d { filters: 2 kernel_size: 2 } }",
                   {3, 4, 4}},
                  {1, 2});
}

TEST_CASE("a tied layer shares the weight of another, and both gradients are summed",
          "[layers][tied]") {
  check_gradients(
      {"layer { name: \"in\" dense { units: 4 activation: TANH } } layer { dense { units: 3 } } "
       "layer { dense { units: 4 activation: TANH } } "
       "layer { dense { units: 6 activation: GELU tied_to: \"in\" } }",
       {6}},
      {1, 5});
  Rig rig(
      "layer { name: \"in\" dense { units: 2 use_bias: false } } "
      "layer { dense { units: 3 tied_to: \"in\" } }",
      {3}, 1);
  REQUIRE(rig.plain.size() == 2);  // the bias of the last layer, the weight of the first
  rig.plain[0] = {0, 0, 100};
  rig.plain[1] = {1, 2, 0, 0, 0, 1};
  rig.x = {1, 1, 1};
  CHECK(rig.forward() == Numbers{3, 6, 101});  // code 3, 1
  const auto fails = [](const char* layers) { CHECK_THROWS_AS(Rig(layers, {3}, 1), ConfigError); };
  fails("layer { dense { units: 2 } } layer { dense { units: 3 tied_to: \"in\" } }");
  fails("layer { name: \"in\" dense { units: 2 } } layer { dense { units: 4 tied_to: \"in\" } }");
  fails(
      "layer { name: \"in\" dense { units: 2 } } layer { dense { units: 5 } } "
      "layer { dense { units: 3 tied_to: \"in\" } }");
}

TEST_CASE("layers for sequences and decoders say which field does not fit", "[layers][config]") {
  struct Wrong {
    const char *layer, *field;
    Shape input;
    bool masked = false;
  };
  for (const auto& wrong : {
           Wrong{"conv1d { filters: 2 kernel_size: 3 }", "conv1d", {6}},
           Wrong{"conv1d { filters: 2 kernel_size: 3 dilation: 2 }", "conv1d.kernel_size", {4, 6}},
           Wrong{"conv1d { filters: 4 kernel_size: 1 groups: 4 }", "conv1d.groups", {4, 6}},
           Wrong{"max_pooling1d { kernel_size: 5 }", "max_pooling1d.kernel_size", {4, 6}},
           Wrong{"average_pooling1d { kernel_size: 1 }", "average_pooling1d", {1, 4, 6}},
           Wrong{"mean_over_time {}", "mean_over_time", {6}},
           Wrong{"max_over_time {}", "max_over_time", {2, 2, 2}},
           Wrong{"attention {}", "attention", {6}},
           Wrong{"attention { heads: 4 }", "attention.heads", {3, 6}},
           Wrong{"embedding { units: 2 vocabulary_size: 5 }", "embedding", {3, 6}},
           Wrong{"embedding { units: 2 }", "embedding.vocabulary_size", {6}},
           Wrong{"repeat_vector { n: 2 }", "repeat_vector", {3, 6}},
           Wrong{"reshape { shape: [4, 4] }", "reshape.shape", {15}},
           Wrong{"reshape { shape: [1, 1, 3, 5] }", "reshape.shape", {15}},
           Wrong{"conv2d_transpose { filters: 1 kernel_size: 2 }", "conv2d_transpose", {6}},
           Wrong{"conv2d_transpose { filters: 1 kernel_size: 2 pad: 9 }",
                 "conv2d_transpose.pad",
                 {1, 3, 3}},
           Wrong{"conv2d_transpose { filters: 1 kernel_size: 2 pad: [1, 1, 1] }",
                 "conv2d_transpose.pad",
                 {1, 3, 3}},
           Wrong{"conv2d_transpose { filters: 1 kernel_size: 2 strides: 2 output_pad: 2 }",
                 "conv2d_transpose.output_pad",
                 {1, 3, 3}},
           Wrong{"conv2d_transpose { filters: 1 kernel_size: 2 strides: 2 padding: SAME "
                 "output_pad: 1 }",
                 "conv2d_transpose.output_pad",
                 {1, 3, 3}},
           Wrong{"up_sampling2d {}", "up_sampling2d", {6}},
           Wrong{"up_sampling2d { size: [1, 2, 3] }", "up_sampling2d.size", {1, 3, 3}},
           Wrong{"variational_code {}", "variational_code", {5}},
           Wrong{"concatenate {}", "concatenate.branch", {6}},
           Wrong{"concatenate { branch {} branch { layer { mean_over_time {} } } }",
                 "concatenate.branch[1]",
                 {3, 6}},
           Wrong{"concatenate { branch {} branch { layer { reshape { shape: [3, 6] } } } }",
                 "concatenate.branch[1]",
                 {3, 6},
                 true},
       }) {
    INFO(wrong.layer);
    try {
      Rig(fmt::format("layer {{ {} }}", wrong.layer), wrong.input, 2, true, nullptr, wrong.masked);
      FAIL_CHECK("it was taken");
    } catch (const ConfigError& error) {
      CHECK(error.where().field == std::string("network.layer[0].") + wrong.field);
    }
  }
}

TEST_CASE("embedding: a vector a word, none for padding", "[layers][embedding]") {
  Rig rig("layer { embedding { units: 2 vocabulary_size: 4 } }", {3}, 2, false);
  rig.plain[0] = {9, 9, 1, 2, 3, 4, 5, 6};
  rig.x = {2, 0, 3, 1, 1, 0};
  CHECK(rig.forward() == Numbers{3, 4, 0, 0, 5, 6, 1, 2, 1, 2, 0, 0});
  rig.backward({1, 2, 50, 50, 3, 4, 5, 6, 7, 8, 50, 50}, false);
  CHECK(rig.gradients[0] == Numbers{0, 0, 12, 14, 1, 2, 3, 4});
  for (const float bad : {4.0f, -1.0f, 1.5f, std::numeric_limits<float>::quiet_NaN()}) {
    rig.x[0] = bad;
    CHECK_THROWS_AS(rig.forward(), DataError);
  }
}

TEST_CASE("embedding: vectors that are not trainable keep still", "[layers][embedding]") {
  Rig rig("layer { embedding { units: 2 vocabulary_size: 4 trainable: false } }", {3}, 1, false);
  rig.x = {1, 2, 3};
  rig.backward({1, 1, 1, 1, 1, 1}, false);
  CHECK(rig.layers().parameters()[0].kind == ParameterInfo::Kind::Frozen);
  CHECK(rig.gradients[0] == Numbers(8, 0.0f));
}

TEST_CASE("embedding: rows end behind their last word", "[layers][embedding]") {
  Rig rig("layer { embedding { units: 1 vocabulary_size: 9 } } layer { mean_over_time {} }", {4}, 3,
          false);
  rig.plain[0] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  rig.x = {8, 0, 4, 0, 0, 0, 0, 0, 2, 2, 2, 2};
  CHECK(rig.forward() == Numbers{4, 0, 2});  // (8 + 0 + 4) / 3; no word; all words
}

TEST_CASE("gaussian_noise: a function of seed, step and row; nothing outside of training",
          "[layers][noise]") {
  Rig rig("layer { gaussian_noise { deviation: 0.5 } }", {1000}, 2);
  const Numbers noisy = rig.forward(), again = rig.forward();
  CHECK(noisy == again);
  CHECK(rig.forward(false) == rig.x);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < noisy.size(); ++i) {
    const double noise = noisy[i] - rig.x[i];
    sum += noise, squares += noise * noise;
  }
  CHECK(std::abs(sum / 2000) < 0.05);
  CHECK(std::sqrt(squares / 2000) == Approx(0.5).epsilon(0.06));
  rig.step = 4;
  CHECK(rig.forward() != noisy);
  rig.backward(Numbers(2000, 2.0f));
  CHECK(rig.dx == Numbers(2000, 2.0f));
}

TEST_CASE("dropout and noise of a row do not depend on how many steps its lane has",
          "[layers][sequences]") {
  for (const char* layers :
       {"layer { dropout { rate: 0.5 } }", "layer { gaussian_noise { deviation: 0.5 } }"}) {
    INFO(layers);
    const auto rows_of = [&](std::int64_t steps) {  // the first four steps of two rows of 3 numbers
      Rig rig(layers, {steps, 3}, 2);
      rig.x.assign(rig.x.size(), 1.0f);
      const Numbers y = rig.forward();
      Numbers begins(y.begin(), y.begin() + 12);
      begins.insert(begins.end(), y.begin() + steps * 3, y.begin() + steps * 3 + 12);
      return begins;
    };
    const Numbers close = rows_of(4);
    CHECK(close == rows_of(11));
    CHECK(!std::equal(close.begin(), close.begin() + 12, close.begin() + 12));
  }
}

TEST_CASE("variational_code: the gradient of the whole loss, its own included",
          "[layers][variational]") {
  prepare_thread();
  const auto config = network_config(
      "layer { dense { units: 6 } } layer { variational_code { kl_weight: 0.3 } } "
      "layer { dense { units: 4 } } loss { mean_squared_error {} } lane_size: 3");
  const Network network(config, {4}, "network");
  std::vector<float> parameters(network.parameter_floats()), packed(network.packed_floats()),
      gradients(network.parameter_floats()), unused(network.parameter_floats());
  network.initialize(7, parameters);
  const Numbers x = random_numbers(12, 5);
  const std::vector<std::uint64_t> ids{4, 9, 2};
  Worker worker(network);
  const auto loss = [&](std::span<float> into) {
    network.pack(parameters, packed);
    std::copy(x.begin(), x.end(), worker.input(3).begin());
    return worker.train({3, ids, x, {}, 1, 2, parameters, packed}, into, {}).loss;
  };
  loss(gradients);
  for (const auto& p : network.parameters()) {
    for (std::size_t i = 0; i < Shape(p.info.shape).size(); i += 3) {
      const std::size_t at = p.offset + i;
      const float before = parameters[at];
      parameters[at] = before + 0.01f;
      const double up = loss(unused);
      parameters[at] = before - 0.01f;
      const double down = loss(unused);
      parameters[at] = before;
      INFO(p.info.name << " " << i);
      CHECK((up - down) / 0.02 == Approx(gradients[at]).margin(0.01));
    }
  }
}

TEST_CASE("concatenate keeps a row as long as its longest branch has it", "[layers][sequences]") {
  Rig rig("layer { concatenate { branch { layer { masking { mask_value: 1 } } } branch {} } }",
          {4, 1}, 2, true, nullptr, true);
  rig.x = {2, 1, 1, 0, 5, 6, 1, 7};  // the first row: 3 steps, 1 in the first branch
  rig.lengths = {3, 4};
  CHECK(rig.forward() == Numbers{2, 2, 0, 1, 0, 1, 0, 0, 5, 5, 6, 6, 1, 1, 7, 7});
  rig.backward(Numbers(16, 1));
  CHECK(rig.dx == Numbers{2, 1, 1, 0, 2, 2, 2, 2});
}

TEST_CASE("a network computes only the steps that its longest row has", "[layers][sequences]") {
  prepare_thread();
  const auto outputs = [](std::uint32_t bucket) {
    auto config = network_config(
        "layer { embedding { units: 3 vocabulary_size: 9 initializer: NORMAL initializer_scale: 1 "
        "} } "
        "layer { conv1d { filters: 4 kernel_size: 3 padding: SAME } } layer { max_over_time {} } "
        "layer { dense { units: 1 } } lane_size: 2");
    config.set_length_bucket(bucket);
    const Network network(config, {40}, "network");
    std::vector<float> parameters(network.parameter_floats()), packed(network.packed_floats());
    network.initialize(3, parameters);
    network.pack(parameters, packed);
    Worker worker(network);
    auto x = worker.input(2);
    std::fill(x.begin(), x.end(), 0.0f);
    x[0] = 5, x[1] = 2, x[40] = 7, x[45] = 8;
    const std::vector<std::uint64_t> ids{0, 1};
    worker.predict({2, ids, {}, {}, 1, 0, parameters, packed});
    return Numbers(worker.outputs().begin(), worker.outputs().end());
  };
  const Numbers whole = outputs(40), short_rows = outputs(4);
  REQUIRE(whole.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(short_rows[i] == Approx(whole[i]).margin(1e-6));
}

}  // namespace lockstep::layers::testing
