/// Products in bf16: what is short enough for it comes out as in f32, bit by bit; what is not is
/// rounded.

#include <bit>

#include "layers/onednn/engine.hpp"
#include "layers/onednn/product.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

using onednn::Bf16;
using onednn::Factor;

/// On a CPU without bf16 there is nothing to test but the refusal: tests/faults/bad_input.sh.
bool computes_bf16() {
  if (onednn::has_bf16()) return true;
  WARN("this CPU has no instructions for bf16");
  return false;
}

float rounded(float number) {
  Bf16 to;
  onednn::round_to_bf16(&number, 1, &to);
  return std::bit_cast<float>(std::uint32_t{to.bits} << 16);
}

/// Multiples of 1/8 between -1 and 1: sums of thousands of their products are exact in f32.
Numbers short_numbers(std::size_t n, std::uint64_t seed) {
  auto numbers = random_numbers(n, seed);
  for (float& number : numbers) number = std::round(8 * number) / 8;
  return numbers;
}

struct Passed {
  Numbers y, dx;
  std::vector<Numbers> gradients;
};

Passed pass(const std::string& layers, const Shape& input, std::size_t rows, bool short_values) {
  Rig rig(layers, input, rows);
  if (short_values) {
    rig.x = short_numbers(rig.x.size(), 1);
    for (std::size_t i = 0; i < rig.plain.size(); ++i)
      rig.plain[i] = short_numbers(rig.plain[i].size(), 100 + i);
  }
  Passed passed;
  passed.y = rig.backward(short_values ? short_numbers(rig.outputs(), 7)
                                       : random_numbers(rig.outputs(), 7));
  passed.dx = rig.dx;
  passed.gradients = rig.gradients;
  return passed;
}

/// The largest difference, as a share of the largest number.
double distance(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double most = 0, apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i])));
    apart = std::max(apart, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most > 0 ? apart / most : apart;
}

}  // namespace

TEST_CASE("numbers are rounded to the nearest bf16, of two to the even one", "[layers][bf16]") {
  CHECK(rounded(1.0f) == 1.0f);
  CHECK(rounded(-2.5f) == -2.5f);
  CHECK(rounded(1.0f + 0x1p-9f) == 1.0f);
  CHECK(rounded(1.0f + 0x1p-8f) == 1.0f);              // halfway: 1.0 is even
  CHECK(rounded(1.0f + 0x1.8p-7f) == 1.0f + 0x1p-6f);  // halfway: the one above is even
  CHECK(rounded(1.0f + 0x1.01p-8f) == 1.0f + 0x1p-7f);
  CHECK(rounded(0x1.ffffp127f) == std::numeric_limits<float>::infinity());
  CHECK(rounded(-std::numeric_limits<float>::infinity()) ==
        -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(rounded(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(rounded(std::bit_cast<float>(0x7f800001u))));  // its upper half alone is inf
}

TEST_CASE("a product in bf16 of any size, stride and orientation", "[layers][bf16]") {
  if (!computes_bf16()) return;
  const std::size_t m = GENERATE(1, 7, 16, 37), k = GENERATE(1, 16, 33), n = GENERATE(1, 20);
  const bool a_transposed = GENERATE(false, true), b_transposed = GENERATE(false, true);
  const bool add = GENERATE(false, true), ready = GENERATE(false, true);
  CAPTURE(m, n, k, a_transposed, b_transposed, add, ready);
  constexpr std::size_t kGap = 3;
  const std::size_t a_stride = (a_transposed ? m : k) + kGap;
  const std::size_t b_stride = (b_transposed ? k : n) + kGap, c_stride = n + kGap;
  const auto a = short_numbers((a_transposed ? k : m) * a_stride, 1);
  const auto b = short_numbers((b_transposed ? n : k) * b_stride, 2);
  auto c = short_numbers(m * c_stride, 3);
  auto expected = c;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float sum = add ? c[i * c_stride + j] : 0.0f;
      for (std::size_t l = 0; l < k; ++l)
        sum += (a_transposed ? a[l * a_stride + i] : a[i * a_stride + l]) *
               (b_transposed ? b[j * b_stride + l] : b[l * b_stride + j]);
      expected[i * c_stride + j] = sum;
    }
  }
  std::vector<Bf16> b_rounded(b.size());
  onednn::round_to_bf16(b.data(), b.size(), b_rounded.data());
  const Factor left(a.data(), a_stride, a_transposed);
  const Factor right = ready ? Factor(b_rounded.data(), b_stride, b_transposed)
                             : Factor(b.data(), b_stride, b_transposed);
  onednn::multiply({m, n, k}, left, right, {c.data(), c_stride, add}, proto::BF16);
  CHECK(c == expected);
}

TEST_CASE("bf16: layers give what f32 gives where factors are short", "[layers][bf16]") {
  if (!computes_bf16()) return;
  const auto [layers, input] = GENERATE(table<std::string, Shape>(
      {{"layer { dense { units: 5 } }", {7}},
       {"layer { dense { units: 64 activation: RELU } }", {48}},
       {"layer { dense { units: 9 use_bias: false } }", {3, 5, 4}},
       {"layer { dense { units: 6 } }", {4, 10}},  // each step of a sequence
       {"layer { conv2d { filters: 20 kernel_size: 3 } }", {16, 6, 7}},
       {"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME algorithm: DIRECT } }",
        {32, 8, 8}},
       {"layer { conv2d { filters: 18 kernel_size: [3, 2] strides: [2, 1] padding: SAME } }",
        {20, 7, 6}},
       {"layer { conv2d { filters: 32 kernel_size: 3 padding: SAME groups: 2 } }", {32, 5, 5}},
       {"layer { conv2d { filters: 24 kernel_size: 1 activation: RELU } }", {40, 4, 4}},
       {"layer { conv2d { filters: 6 kernel_size: 3 } }", {2, 5, 5}},
       {"layer { conv2d_transpose { filters: 5 kernel_size: 3 strides: 2 } }", {16, 4, 3}},
       {"layer { conv1d { filters: 6 kernel_size: 3 groups: 2 padding: SAME } }", {9, 4}}}));
  for (const std::size_t rows : {1, 3, 16}) {
    CAPTURE(layers, rows);
    const auto f32 = pass(layers, input, rows, true);
    const auto bf16 = pass("precision: BF16 " + layers, input, rows, true);
    CHECK(bf16.y == f32.y);
    CHECK(bf16.dx == f32.dx);
    CHECK(bf16.gradients == f32.gradients);
  }
}

TEST_CASE("bf16: layers are near f32, and not the same", "[layers][bf16]") {
  if (!computes_bf16()) return;
  const auto [layers, input] = GENERATE(table<std::string, Shape>(
      {{"layer { dense { units: 12 } }", {40}},
       {"layer { conv2d { filters: 20 kernel_size: 3 } }", {16, 6, 7}},
       {"layer { conv2d_transpose { filters: 5 kernel_size: 3 strides: 2 } }", {16, 4, 3}},
       {"layer { conv1d { filters: 6 kernel_size: 3 } }", {9, 4}},
       {"layer { name: \"a\" dense { units: 30 } } layer { dense { units: 20 tied_to: \"a\" } }",
        {20}},
       {"layer { simple_rnn { units: 20 } }", {9, 5}},
       {"layer { lstm { units: 20 num_layers: 2 return_sequences: true } }", {9, 5}},
       {"layer { gru { units: 20 bidirectional: true } }", {9, 5}},
       {"layer { gru { units: 20 reset_after: false } }", {9, 5}}}));
  for (const std::size_t rows : {1, 19}) {
    CAPTURE(layers, rows);
    const auto f32 = pass(layers, input, rows, false);
    const auto bf16 = pass("precision: BF16 " + layers, input, rows, false);
    const auto near = [](const Numbers& a, const Numbers& b) {
      const double apart = distance(a, b);
      CHECK(apart > 0);
      CHECK(apart < 0.03);  // bf16 keeps 1/256 of a factor
    };
    near(bf16.y, f32.y);
    near(bf16.dx, f32.dx);
    for (std::size_t i = 0; i < f32.gradients.size(); ++i) {
      CAPTURE(i);
      CHECK(distance(bf16.gradients[i], f32.gradients[i]) < 0.03);
    }
  }
}

TEST_CASE("bf16: variants for other numbers of rows share the reference's weights",
          "[layers][bf16]") {
  if (!computes_bf16()) return;
  const std::string layers =
      "precision: BF16 layer { conv2d { filters: 32 kernel_size: 3 } } layer { dense { units: 6 } "
      "}";
  const Shape input{16, 6, 6};
  const Rig reference(layers, input, 16);
  for (const std::size_t rows : {1, 5, 15}) {
    CAPTURE(rows);
    Rig alone(layers, input, rows), variant(layers, input, rows, true, &reference);
    const auto dy = random_numbers(alone.outputs(), 7);
    CHECK(distance(variant.backward(dy), alone.backward(dy)) < 1e-5);
    CHECK(distance(variant.dx, alone.dx) < 1e-2);
  }
}

}  // namespace lockstep::layers::testing
