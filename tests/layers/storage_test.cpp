// Storage order: round trips, padding, variants for other row counts, instruction-set layouts.
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

const char* const kNet =
    "layer { conv2d { filters: 20 kernel_size: 3 padding: SAME activation: RELU } } "
    "layer { conv2d { filters: 18 kernel_size: 3 groups: 2 } } layer { batch_norm {} } "
    "layer { conv2d { filters: 5 kernel_size: 1 strides: 2 } } "
    "layer { max_pooling { kernel_size: 2 } } layer { dense { units: 37 activation: GELU } } layer "
    "{ layer_norm {} } "
    "layer { residual { layer { dense { units: 37 } } } } layer { dense { units: 3 } }";

// Tied weights, a transposed convolution whose weight is blocked, branches of both.
const char* const kDecoder =
    "layer { name: \"in\" dense { units: 5 activation: TANH } } "
    "layer { dense { units: 9 tied_to: \"in\" activation: GELU } } layer { dense { units: 72 } } "
    "layer { reshape { shape: [18, 2, 2] } } "
    "layer { conv2d_transpose { filters: 17 kernel_size: 3 strides: 2 padding: SAME } } "
    "layer { concatenate { branch {} branch { layer { conv2d { filters: 3 kernel_size: 3 padding: "
    "SAME } } } branch { layer { conv2d_transpose { filters: 2 kernel_size: 1 } } } } } "
    "layer { up_sampling2d {} } layer { conv2d { filters: 2 kernel_size: 3 } }";

const char* const kSteps =
    "layer { attention { heads: 2 key_size: 3 } } "
    "layer { conv1d { filters: 18 kernel_size: 3 groups: 3 strides: 2 padding: SAME } } "
    "layer { concatenate { branch { layer { dense { units: 3 } } } branch {} } } "
    "layer { average_pooling1d { kernel_size: 2 } } layer { mean_over_time {} }";

struct Stack {
  std::string layers;
  Shape input;
};

// The sum over storage of what is not in the plain values: padding.
void check_padding_is_zero(const Rig& rig, const float* flat) {
  std::size_t offset = 0;
  for (std::size_t i = 0; i < rig.layers().parameters().size(); ++i) {
    const auto& info = rig.layers().parameters()[i];
    Numbers plain(size_of(info));
    rig.layers().to_plain(i, flat + offset, plain.data());
    double stored = 0, meant = 0;
    for (std::size_t j = 0; j < info.storage; ++j)
      stored += std::abs(static_cast<double>(flat[offset + j]));
    for (const float v : plain) meant += std::abs(static_cast<double>(v));
    INFO(info.name);
    CHECK(stored == Approx(meant).epsilon(1e-9));
    CHECK(info.storage % 16 == 0);
    offset += info.storage;
  }
  CHECK(offset == rig.layers().parameter_floats());
}

}  // namespace

TEST_CASE("storage and plain layout hold the same numbers", "[layers][storage]") {
  const auto net = GENERATE(Stack{kNet, {3, 9, 8}}, Stack{kDecoder, {9}}, Stack{kSteps, {9, 6}});
  Rig rig(net.layers, net.input, 4);
  rig.forward();
  std::size_t offset = 0;
  for (std::size_t i = 0; i < rig.plain.size(); ++i) {
    Numbers back(rig.plain[i].size());
    rig.layers().to_plain(i, rig.flat_parameters.data() + offset, back.data());
    CHECK(back == rig.plain[i]);
    offset += rig.layers().parameters()[i].storage;
  }
}

TEST_CASE("padding is zero in parameters and stays zero in gradients", "[layers][storage]") {
  const auto net = GENERATE(Stack{kNet, {3, 9, 8}}, Stack{kDecoder, {9}}, Stack{kSteps, {9, 6}});
  Rig rig(net.layers, net.input, 4);
  rig.backward(random_numbers(rig.outputs(), 3));
  check_padding_is_zero(rig, rig.flat_parameters.data());
  check_padding_is_zero(rig, rig.flat_gradients.data());
}

TEST_CASE("variants for other numbers of rows share storage and give the same rows",
          "[layers][storage]") {
  const Shape image{3, 9, 8};
  const auto [net, input] = GENERATE_REF(
      Stack{kNet, image},
      Stack{"layer { dense { units: 128 activation: RELU } } layer { dense { units: 10 } }", image},
      Stack{"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME } } "
            "layer { conv2d { filters: 64 kernel_size: 3 } } layer { dense { units: 16 } }",
            image},
      Stack{kDecoder, {9}}, Stack{kSteps, {9, 6}});
  const bool has_batch_norm = net.find("batch_norm") != std::string::npos;
  Rig whole(net, input, 16);
  const Numbers y = whole.forward(/*training=*/false);
  const std::size_t each = y.size() / 16;
  for (const std::size_t rows : {1u, 2u, 5u, 15u, 17u}) {
    Rig part(net, input, rows, true, &whole);
    REQUIRE(part.layers().packed_floats() == whole.layers().packed_floats());
    REQUIRE(part.layers().parameter_floats() == whole.layers().parameter_floats());
    const std::size_t shared = std::min<std::size_t>(rows, 16);
    std::copy_n(whole.x.begin(), shared * input.size(), part.x.begin());
    const Numbers z = part.forward(/*training=*/false);
    for (std::size_t i = 0; i < shared * each; ++i) CHECK(z[i] == Approx(y[i]).margin(1e-4));
    if (!has_batch_norm) gradient_check(part, {.tolerance = 0.02, .kinks = true, .samples = 5});
  }
}

TEST_CASE("without an input gradient the parameters' gradients are the same", "[layers][storage]") {
  const auto net = GENERATE(Stack{kNet, {3, 9, 8}}, Stack{kDecoder, {9}}, Stack{kSteps, {9, 6}});
  Rig with(net.layers, net.input, 3), without(net.layers, net.input, 3, /*input_gradient=*/false);
  const auto dy = random_numbers(with.outputs(), 3);
  with.backward(dy);
  without.backward(dy, /*wants_dx=*/false);
  CHECK(with.gradients == without.gradients);
}

TEST_CASE("strided 1x1 convolutions on few channels stay inside their memory", "[layers][conv2d]") {
  // oneDNN #6035: backward-weights of this shape wrote past its workspace with a forced nhwc
  // source.
  for (const int channels : {1, 3, 5, 8, 12}) {
    Rig rig(
        "layer { conv2d { filters: 16 kernel_size: 1 strides: 2 } } layer { global_average_pooling "
        "{} }",
        {channels, 13, 13}, 2);
    gradient_check(rig, {.samples = 10});
  }
}

}  // namespace lockstep::layers::testing
