// Forward passes against loops that anybody can read.
#include "layers/winograd_conv2d.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

struct Image {
  std::int64_t channels, height, width;
};

struct Convolution {
  std::int64_t filters, kernel, stride = 1, pad_begin = 0, dilation = 1, groups = 1, out_height = 0,
                                out_width = 0;
};

Numbers convolve(const Numbers& x, std::int64_t rows, Image in, const Numbers& w, const Numbers& b,
                 const Convolution& c) {
  Numbers y;
  const auto per_group = in.channels / c.groups, filters_per_group = c.filters / c.groups;
  for (std::int64_t n = 0; n < rows; ++n)
    for (std::int64_t o = 0; o < c.filters; ++o)
      for (std::int64_t i = 0; i < c.out_height; ++i)
        for (std::int64_t j = 0; j < c.out_width; ++j) {
          double sum = b[static_cast<std::size_t>(o)];
          for (std::int64_t g = 0; g < per_group; ++g)
            for (std::int64_t u = 0; u < c.kernel; ++u)
              for (std::int64_t v = 0; v < c.kernel; ++v) {
                const auto h = i * c.stride - c.pad_begin + u * c.dilation;
                const auto k = j * c.stride - c.pad_begin + v * c.dilation;
                if (h < 0 || k < 0 || h >= in.height || k >= in.width) continue;
                const auto channel = o / filters_per_group * per_group + g;
                const auto at = ((n * in.channels + channel) * in.height + h) * in.width + k;
                const auto tap = ((o * per_group + g) * c.kernel + u) * c.kernel + v;
                sum += static_cast<double>(x[static_cast<std::size_t>(at)]) *
                       w[static_cast<std::size_t>(tap)];
              }
          y.push_back(static_cast<float>(sum));
        }
  return y;
}

void check_close(const Numbers& got, const Numbers& wanted, double margin = 2e-5) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(wanted[i]).margin(margin));
}

}  // namespace

TEST_CASE("conv2d computes a cross-correlation", "[layers][conv2d]") {
  struct Case {
    std::string fields;
    Image input;
    Convolution expected;
  };
  const auto c = GENERATE(
      Case{"filters: 4 kernel_size: 3", {3, 6, 5}, {4, 3, 1, 0, 1, 1, 4, 3}},
      Case{"filters: 20 kernel_size: 3 padding: SAME", {17, 5, 4}, {20, 3, 1, 1, 1, 1, 5, 4}},
      // SAME with stride 2 on 6 rows: one row of padding, and that at the end
      Case{"filters: 2 kernel_size: 3 strides: 2 padding: SAME",
           {1, 6, 6},
           {2, 3, 2, 0, 1, 1, 3, 3}},
      Case{"filters: 2 kernel_size: 3 strides: 2 padding: SAME",
           {1, 7, 7},
           {2, 3, 2, 1, 1, 1, 4, 4}},
      Case{"filters: 2 kernel_size: 2 padding: SAME", {2, 5, 5}, {2, 2, 1, 0, 1, 1, 5, 5}},
      Case{"filters: 6 kernel_size: 3 pad: 2 dilation: 2 groups: 3",
           {6, 7, 7},
           {6, 3, 1, 2, 2, 3, 7, 7}},
      Case{"filters: 8 kernel_size: 1 strides: 2", {3, 7, 6}, {8, 1, 2, 0, 1, 1, 4, 3}});
  for (const std::size_t rows : {1u, 3u}) {
    INFO(c.fields << ", rows " << rows);
    Rig rig("layer { conv2d { " + c.fields + " } }",
            {c.input.channels, c.input.height, c.input.width}, rows);
    check_close(rig.forward(), convolve(rig.x, static_cast<std::int64_t>(rows), c.input,
                                        rig.plain[0], rig.plain[1], c.expected));
  }
}

TEST_CASE("conv2d by Winograd computes the same but for rounding", "[layers][conv2d]") {
  struct Case {
    std::string fields;
    Image input;
    Convolution expected;
  };
  const auto c =
      GENERATE(  // tiles that are whole, cut, in several blocks; images that need a reorder
          Case{"filters: 16 kernel_size: 3 padding: SAME", {16, 8, 8}, {16, 3, 1, 1, 1, 1, 8, 8}},
          Case{"filters: 32 kernel_size: 3", {16, 8, 11}, {32, 3, 1, 0, 1, 1, 6, 9}},
          Case{"filters: 16 kernel_size: 3 pad: 2", {32, 3, 1}, {16, 3, 1, 2, 1, 1, 5, 3}},
          Case{"filters: 48 kernel_size: 3 padding: SAME",
               {64, 28, 28},
               {48, 3, 1, 1, 1, 1, 28, 28}});
  for (const std::size_t rows : {1u, 3u}) {
    INFO(c.fields << ", rows " << rows);
    Rig rig("layer { conv2d { " + c.fields + " algorithm: WINOGRAD } }",
            {c.input.channels, c.input.height, c.input.width}, rows);
    check_close(rig.forward(),
                convolve(rig.x, static_cast<std::int64_t>(rows), c.input, rig.plain[0],
                         rig.plain[1], c.expected),
                3e-4);
  }
}

TEST_CASE("conv2d chooses Winograd by shape, lane and instruction set", "[layers][conv2d]") {
  const bool possible = isa_name(detected_isa()).starts_with("AVX-512");
  const auto chosen = [](const std::string& fields, const Shape& input, std::int64_t rows) {
    proto::Conv2d config;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(fields, &config));
    Build build;
    build.rows = rows;
    return WinogradConv2d::chosen(config, input, build);
  };
  const std::string usual = "filters: 64 kernel_size: 3 padding: SAME ";
  CHECK(chosen(usual, {32, 28, 28}, 1) == possible);
  CHECK(chosen(usual, {512, 4, 4}, 64) == possible);
  CHECK(chosen(usual + "algorithm: WINOGRAD", {512, 4, 4}, 1));
  CHECK_FALSE(chosen(usual + "algorithm: DIRECT", {32, 28, 28}, 64));
  CHECK_FALSE(chosen(usual, {512, 4, 4}, 16));  // few tiles
  CHECK_FALSE(chosen(usual, {512, 2, 2}, 64));  // tiles that are mostly empty
  CHECK_FALSE(chosen(usual, {20, 28, 28}, 64));
  CHECK_FALSE(chosen(usual + "strides: 2", {32, 28, 28}, 64));
  CHECK_FALSE(chosen(usual + "dilation: 2", {32, 28, 28}, 64));
  CHECK_FALSE(chosen(usual + "groups: 2", {32, 28, 28}, 64));
  CHECK_FALSE(chosen("filters: 64 kernel_size: 5 padding: SAME", {32, 28, 28}, 64));
}

TEST_CASE("dense computes x W^T + b, of an image in row-major order", "[layers][dense]") {
  const std::string before = GENERATE("", "layer { conv2d { filters: 20 kernel_size: 1 } } ");
  Rig image(before.empty() ? "layer { flatten {} }" : before, {20, 2, 3}, 2);
  Rig rig(before + "layer { dense { units: 3 } }", {20, 2, 3}, 2);
  if (!before.empty()) image.plain = {rig.plain[2], rig.plain[3]};  // last layer first
  const Numbers x = image.forward(), y = rig.forward();
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t u = 0; u < 3; ++u) {
      double sum = rig.plain[1][u];
      for (std::size_t f = 0; f < 120; ++f)
        sum += static_cast<double>(x[n * 120 + f]) * rig.plain[0][u * 120 + f];
      CHECK(y[n * 3 + u] == Approx(sum).margin(1e-5));
    }
  }
}

TEST_CASE("pooling takes the largest value, or the mean without padding", "[layers][pooling]") {
  Rig max("layer { max_pooling { kernel_size: 2 } }", {1, 2, 4}, 1);
  max.x = {1, 5, -3, -2,  //
           2, 0, -4, -9};
  CHECK(max.forward() == Numbers{5, -2});
  Rig mean("layer { average_pooling { kernel_size: 2 strides: 2 padding: SAME } }", {1, 3, 3}, 1);
  mean.x = {1, 2, 3,  //
            3, 2, 5,  //
            7, 9, 8};
  CHECK(mean.forward() == Numbers{2, 4, 8, 8});
  Rig global("layer { global_average_pooling {} }", {2, 1, 2}, 1);
  global.x = {1, 3, 10, 30};
  CHECK(global.forward() == Numbers{2, 20});
}

TEST_CASE("batch_norm uses the lane's statistics in training and the running ones afterwards",
          "[layers][norm]") {
  Rig rig("layer { batch_norm { epsilon: 1e-9 } }", {2}, 4);
  rig.x = {0, 10, 2, 10, 4, 30, 6, 30};  // columns: 0 2 4 6, and 10 10 30 30
  rig.plain = {{1, 2}, {0, 5}, {3, 0}, {4, 1}};
  const Numbers trained = rig.forward();
  CHECK(trained[0] == Approx(-3 / std::sqrt(5.0)));
  CHECK(trained[1] == Approx(-2 + 5));
  const Numbers inferred = rig.forward(/*training=*/false);
  CHECK(inferred[0] == Approx((0 - 3) / 2.0));
  CHECK(inferred[1] == Approx(2 * 10 + 5));
  rig.backward(random_numbers(8, 1));
  CHECK(rig.gradients[2][0] == Approx(4 * 3));  // rows * mean
  CHECK(rig.gradients[2][1] == Approx(4 * 20));
  CHECK(rig.gradients[3][0] == Approx(4 * 20.0 / 3));  // rows * unbiased variance
  CHECK(rig.gradients[3][1] == Approx(4 * 400.0 / 3));
}

TEST_CASE("softmax adds up to one and does not overflow", "[layers][softmax]") {
  Rig rig("layer { activation { kind: SOFTMAX } }", {3}, 2);
  rig.x = {1000, 1000, -1000, 0, 0, 0};
  const Numbers y = rig.forward();
  CHECK(y[0] == 0.5f);
  CHECK(y[2] == 0.0f);
  CHECK(y[3] == Approx(1.0 / 3));
}

TEST_CASE("gelu is the erf form", "[layers][activation]") {
  Rig rig("layer { activation { kind: GELU } }", {3}, 1);
  rig.x = {-1, 0, 2};
  const Numbers y = rig.forward();
  CHECK(y[0] == Approx(-0.158655254).margin(1e-6));
  CHECK(y[1] == 0.0f);
  CHECK(y[2] == Approx(1.954499736).margin(1e-6));
}

}  // namespace lockstep::layers::testing
