#include "layers/initializers.hpp"

#include <algorithm>

#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

Numbers drawn(proto::Initializer initializer, std::uint64_t seed = 1, std::uint64_t stream = 0) {
  ParameterInfo info;
  info.initializer = initializer;
  info.fan_in = 24, info.fan_out = 12;
  Numbers values(20000);
  initialize(info, seed, stream, values);
  return values;
}

double largest(const Numbers& values) {
  return std::abs(*std::max_element(values.begin(), values.end(),
                                    [](float a, float b) { return std::abs(a) < std::abs(b); }));
}

double deviation(const Numbers& values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

TEST_CASE("uniform initializers fill their range, normal ones have their deviation",
          "[layers][initializers]") {
  CHECK(largest(drawn(proto::GLOROT_UNIFORM)) == Approx(std::sqrt(6.0 / 36)).epsilon(0.01));
  CHECK(largest(drawn(proto::HE_UNIFORM)) == Approx(std::sqrt(6.0 / 24)).epsilon(0.01));
  CHECK(largest(drawn(proto::UNIFORM)) == Approx(0.05).epsilon(0.01));
  CHECK(deviation(drawn(proto::HE_UNIFORM)) == Approx(std::sqrt(2.0 / 24)).epsilon(0.02));
  CHECK(deviation(drawn(proto::GLOROT_NORMAL)) == Approx(std::sqrt(2.0 / 36)).epsilon(0.02));
  CHECK(deviation(drawn(proto::HE_NORMAL)) == Approx(std::sqrt(2.0 / 24)).epsilon(0.02));
  CHECK(deviation(drawn(proto::NORMAL)) == Approx(0.05).epsilon(0.02));
  CHECK(largest(drawn(proto::ZEROS)) == 0);
}

TEST_CASE("start values are a function of seed and stream", "[layers][initializers]") {
  CHECK(drawn(proto::HE_NORMAL) == drawn(proto::HE_NORMAL));
  CHECK(drawn(proto::HE_NORMAL, 1) != drawn(proto::HE_NORMAL, 2));
  CHECK(drawn(proto::HE_NORMAL, 1, 0) != drawn(proto::HE_NORMAL, 1, 1));
}

TEST_CASE("DEFAULT is HE_UNIFORM before relu and its kin, else GLOROT_UNIFORM",
          "[layers][initializers]") {
  const auto of = [](const std::string& layers) {
    Rig rig(layers, {4}, 2);
    return rig.layers().parameters().at(rig.layers().parameters().size() - 2).initializer;
  };
  CHECK(of("layer { dense { units: 3 } }") == proto::GLOROT_UNIFORM);
  CHECK(of("layer { dense { units: 3 activation: TANH } }") == proto::GLOROT_UNIFORM);
  CHECK(of("layer { dense { units: 3 activation: GELU } }") == proto::HE_UNIFORM);
  CHECK(of("layer { dense { units: 3 } } layer { batch_norm {} } layer { activation { kind: RELU } "
           "}") == proto::HE_UNIFORM);
  CHECK(of("layer { dense { units: 3 } } layer { dense { units: 3 activation: RELU } }") ==
        proto::GLOROT_UNIFORM);
  CHECK(of("layer { dense { units: 3 activation: RELU kernel_initializer: NORMAL } }") ==
        proto::NORMAL);
}

}  // namespace lockstep::layers::testing
