// Every layer's backward against central differences.
#include <fmt/format.h>

#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

struct Case {
  std::string layers;
  Shape input;
  bool kinks = false;
};

void check_rows(const Case& c, std::initializer_list<std::size_t> row_counts,
                double tolerance = 0.01) {
  for (const auto rows : row_counts) {
    INFO(c.layers << " on " << fmt::format("{}", fmt::join(c.input.dims(), "x")) << ", rows "
                  << rows);
    Rig rig(c.layers, c.input, rows);
    gradient_check(rig, {.tolerance = tolerance, .kinks = c.kinks});
  }
}

}  // namespace

TEST_CASE("dense: gradients", "[layers][dense]") {
  check_rows(
      GENERATE(Case{"layer { dense { units: 5 } }", {7}},  //
               Case{"layer { dense { units: 1 use_bias: false } }", {33}},
               Case{"layer { dense { units: 64 } }", {48}},
               Case{"layer { dense { units: 9 } }", {3, 5, 4}},
               Case{"layer { dense { units: 4 activation: TANH } }", {3, 5}},
               Case{"layer { dense { units: 5 } } layer { layer_norm {} } layer { flatten {} } "
                    "layer { dense { units: 3 } }",
                    {4, 1}},
               Case{"layer { dense { units: 20 } } layer { dense { units: 3 } }", {12}}),
      {1, 5, 16});
}

TEST_CASE("conv2d: gradients", "[layers][conv2d]") {
  check_rows(
      GENERATE(
          Case{"layer { conv2d { filters: 4 kernel_size: 3 } }", {1, 6, 7}},
          Case{"layer { conv2d { filters: 16 kernel_size: 3 padding: SAME } }", {16, 5, 5}},
          Case{"layer { conv2d { filters: 20 kernel_size: 3 padding: SAME use_bias: false } }",
               {3, 7, 5}},
          Case{"layer { conv2d { filters: 18 kernel_size: [3, 2] strides: [2, 1] padding: SAME } }",
               {20, 7, 6}},
          Case{"layer { conv2d { filters: 5 kernel_size: 3 pad: [2, 1] dilation: 2 } }", {4, 6, 7}},
          Case{"layer { conv2d { filters: 8 kernel_size: 3 padding: SAME groups: 2 } }", {4, 5, 5}},
          Case{"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME groups: 2 } }",
               {32, 5, 5}},
          Case{"layer { conv2d { filters: 12 kernel_size: 3 padding: SAME groups: 12 } }",
               {12, 5, 5}},
          Case{"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME groups: 32 } }",
               {32, 6, 6}},
          Case{"layer { conv2d { filters: 8 kernel_size: 1 strides: 2 } }", {3, 7, 7}},
          Case{"layer { conv2d { filters: 24 kernel_size: 1 } }", {40, 4, 4}},
          Case{"layer { conv2d { filters: 20 kernel_size: 5 dilation: 2 padding: SAME strides: 2 } "
               "}",
               {17, 9, 9}}),
      {1, 3});
}

TEST_CASE("conv2d by Winograd: gradients", "[layers][conv2d]") {
  check_rows(
      GENERATE(
          Case{"layer { conv2d { filters: 16 kernel_size: 3 padding: SAME algorithm: WINOGRAD } }",
               {16, 5, 6}},
          Case{
              "layer { conv2d { filters: 32 kernel_size: 3 algorithm: WINOGRAD use_bias: false } }",
              {16, 6, 9}},
          Case{"layer { conv2d { filters: 16 kernel_size: 3 pad: [2, 0] algorithm: WINOGRAD } }",
               {32, 3, 4}},
          Case{"layer { conv2d { filters: 16 kernel_size: 1 } } layer { conv2d { filters: 16 "
               "kernel_size: 3 activation: TANH algorithm: WINOGRAD } }",
               {3, 5, 5}},
          Case{"layer { conv2d { filters: 16 kernel_size: 3 activation: GELU algorithm: WINOGRAD } "
               "} layer { average_pooling { kernel_size: 2 } }",
               {16, 4, 4}}),
      {1, 3});
}

TEST_CASE("pooling: gradients", "[layers][pooling]") {
  check_rows(
      GENERATE(
          Case{"layer { max_pooling { kernel_size: 2 } }", {3, 6, 6}, true},
          Case{
              "layer { max_pooling { kernel_size: 3 strides: 2 padding: SAME } }", {2, 7, 5}, true},
          Case{"layer { max_pooling { kernel_size: [2, 3] strides: [1, 2] } }", {16, 5, 6}, true},
          Case{"layer { average_pooling { kernel_size: 2 } }", {3, 6, 6}},
          Case{"layer { average_pooling { kernel_size: 3 strides: 2 padding: SAME } }", {18, 7, 5}},
          Case{"layer { global_average_pooling {} }", {5, 4, 3}},
          Case{
              "layer { conv2d { filters: 20 kernel_size: 3 } } layer { global_average_pooling {} }",
              {2, 5, 6}},
          Case{"layer { conv2d { filters: 20 kernel_size: 3 } } layer { average_pooling { "
               "kernel_size: 3 "
               "strides: 2 padding: SAME } }",
               {2, 7, 7}}),
      {1, 3});
}

TEST_CASE("activations: gradients, fused and apart", "[layers][activation]") {
  const auto activation = GENERATE(proto::RELU, proto::LEAKY_RELU, proto::ELU, proto::GELU,
                                   proto::SIGMOID, proto::TANH);
  const bool kinks = activation == proto::RELU || activation == proto::LEAKY_RELU;
  const auto with = [&](const char* layers) {
    return fmt::format(fmt::runtime(layers), proto::Activation_Name(activation));
  };
  check_rows({with("layer {{ dense {{ units: 12 activation: {} }} }}"), {9}, kinks}, {1, 4});
  check_rows({with("layer {{ conv2d {{ filters: 18 kernel_size: 3 activation: {} }} }}"),
              {3, 5, 5},
              kinks},
             {2});
  check_rows({with("layer {{ activation {{ kind: {} }} }}"), {11}, kinks}, {1, 4});
  // Behind a convolution: padded channels, where f(0) may not be 0.
  check_rows({with("layer {{ conv2d {{ filters: 18 kernel_size: 3 }} }} layer {{ activation {{ "
                   "kind: {} }} }} "
                   "layer {{ conv2d {{ filters: 3 kernel_size: 2 }} }}"),
              {3, 5, 5},
              kinks},
             {2});
}

TEST_CASE("activations with a slope of their own: gradients", "[layers][activation]") {
  check_rows(GENERATE(Case{"layer { activation { kind: LEAKY_RELU alpha: 0.3 } }", {11}, true},
                      Case{"layer { activation { kind: LEAKY_RELU alpha: -0.5 } }", {11}, true},
                      Case{"layer { activation { kind: ELU alpha: 0.5 } }", {11}, true},
                      Case{"layer { activation { kind: NONE } }", {11}}),
             {1, 4});
}

TEST_CASE("softmax inside a network: gradients", "[layers][softmax]") {
  check_rows(
      GENERATE(
          Case{"layer { dense { units: 6 activation: SOFTMAX } }", {5}},
          Case{"layer { dense { units: 6 activation: LOG_SOFTMAX } } layer { dense { units: 2 } }",
               {5}},
          Case{"layer { activation { kind: SOFTMAX } }", {7}},
          Case{"layer { conv2d { filters: 18 kernel_size: 2 } } layer { activation { kind: SOFTMAX "
               "} }",
               {2, 3, 3}},
          Case{"layer { activation { kind: LOG_SOFTMAX } }", {2, 2, 3}}),
      {1, 4});
}

TEST_CASE("normalisations: gradients", "[layers][norm]") {
  const auto c = GENERATE(
      Case{"layer { batch_norm {} }", {6}}, Case{"layer { batch_norm {} }", {32}},
      Case{"layer { batch_norm {} }", {3, 4, 5}}, Case{"layer { batch_norm {} }", {16, 3, 3}},
      Case{"layer { conv2d { filters: 16 kernel_size: 2 } } layer { batch_norm {} }", {3, 4, 4}},
      Case{"layer { conv2d { filters: 20 kernel_size: 2 } } layer { batch_norm {} } "
           "layer { conv2d { filters: 4 kernel_size: 2 } }",
           {3, 4, 4}},
      Case{"layer { layer_norm {} }", {10}}, Case{"layer { layer_norm {} }", {3, 4, 2}},
      Case{"layer { conv2d { filters: 20 kernel_size: 2 } } layer { layer_norm {} }", {3, 4, 4}});
  check_rows(c, {3, 8}, 0.03);
}

TEST_CASE("batch_norm refuses lanes of a single value a channel", "[layers][norm]") {
  CHECK_THROWS_AS(Rig("layer { batch_norm {} }", {5}, 1), ConfigError);
  CHECK_NOTHROW(Rig("layer { batch_norm {} }", {5, 2, 2}, 1));
  CHECK_NOTHROW(Rig("layer { batch_norm {} }", {5}, 2));
}

TEST_CASE("layer_norm on one row: gradients", "[layers][norm]") {
  Rig rig("layer { layer_norm {} }", {9}, 1);
  gradient_check(rig, {.tolerance = 0.03});
}

TEST_CASE("dropout: gradients", "[layers][dropout]") {
  check_rows(
      GENERATE(
          Case{"layer { dropout { rate: 0.4 } }", {13}},
          Case{"layer { conv2d { filters: 20 kernel_size: 2 } } layer { dropout { rate: 0.5 } } "
               "layer { conv2d { filters: 4 kernel_size: 2 } }",
               {3, 4, 4}}),
      {1, 3});
}

TEST_CASE("residual: gradients", "[layers][residual]") {
  check_rows(
      GENERATE(
          Case{"layer { residual { layer { dense { units: 6 activation: TANH } } } }", {6}},
          Case{"layer { residual { layer { dense { units: 6 } } activation: GELU } }", {6}},
          Case{"layer { residual { layer { dense { units: 4 } } shortcut { dense { units: 4 } } "
               "activation: TANH } }",
               {6}},
          Case{"layer { conv2d { filters: 20 kernel_size: 3 padding: SAME } } layer { residual { "
               "layer { conv2d { filters: 20 kernel_size: 3 padding: SAME activation: TANH } } "
               "layer { conv2d { filters: 20 kernel_size: 3 padding: SAME } } activation: ELU } } "
               "layer { global_average_pooling {} }",
               {3, 5, 5}},
          Case{"layer { residual { layer { conv2d { filters: 16 kernel_size: 3 padding: SAME "
               "strides: 2 } } "
               "layer { batch_norm {} } shortcut { conv2d { filters: 16 kernel_size: 1 strides: 2 "
               "} } } }",
               {3, 6, 6}},
          Case{
              "layer { residual { layer { conv2d { filters: 3 kernel_size: 3 padding: SAME } } } }",
              {3, 5, 5}},
          Case{"layer { residual { layer { residual { layer { dense { units: 5 } } } } } }", {5}}),
      {2, 3}, 0.02);
}

TEST_CASE("flatten and chains of blocked layouts: gradients", "[layers][chain]") {
  check_rows(
      GENERATE(
          Case{"layer { flatten {} } layer { dense { units: 3 } }", {2, 3, 4}},
          Case{"layer { conv2d { filters: 20 kernel_size: 3 padding: SAME activation: TANH } } "
               "layer { conv2d { filters: 18 kernel_size: 3 padding: SAME activation: SIGMOID } } "
               "layer { average_pooling { kernel_size: 2 } } layer { dense { units: 6 activation: "
               "TANH } } "
               "layer { dense { units: 3 } }",
               {1, 7, 7}},
          Case{"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME activation: RELU } } "
               "layer { max_pooling { kernel_size: 2 } } layer { flatten {} } "
               "layer { dense { units: 10 } }",
               {1, 8, 8},
               true}),
      {1, 3}, 0.02);
}

}  // namespace lockstep::layers::testing
