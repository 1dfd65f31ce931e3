#include "ml/network/network_tensors.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

using Vector = std::vector<float>;

const char* const kDense =
    "layer { dense { units: 3 activation: RELU } } layer { dense { units: 2 activation: SOFTMAX } "
    "} lane_size: 4";
const char* const kConvolution =
    "layer { conv2d { filters: 5 kernel_size: 3 } } layer { batch_norm {} } layer { dense { units: "
    "3 activation: SOFTMAX } } lane_size: 4";

layers::Network network_of(const std::string& text, const Shape& input) {
  layers::prepare_thread();
  proto::Network config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return layers::Network(config, input, "stage[0].network");
}

Vector initial(const layers::Network& network, std::uint64_t seed) {
  Vector flat(network.parameter_floats());
  network.initialize(seed, flat);
  return flat;
}

std::vector<std::string> described(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> lines;
  for (const auto& tensor : tensors)
    lines.push_back(tensor.name + " " + to_string(Shape(tensor.shape)));
  return lines;
}

TEST_CASE("to_tensors gives the first layer first, in PyTorch's shapes", "[ml][model]") {
  const auto dense = network_of(kDense, {4});
  CHECK(described(to_tensors(dense, initial(dense, 1))) ==
        std::vector<std::string>{"dense_0.weight 3x4", "dense_0.bias 3", "dense_1.weight 2x3",
                                 "dense_1.bias 2"});
  const auto convolution = network_of(kConvolution, {1, 6, 6});
  const auto flat = initial(convolution, 1);
  CHECK(described(to_tensors(convolution, flat)) ==
        std::vector<std::string>{"conv2d_0.weight 5x1x3x3", "conv2d_0.bias 5",
                                 "batch_norm_1.weight 5", "batch_norm_1.bias 5",
                                 "batch_norm_1.running_mean 5", "batch_norm_1.running_var 5",
                                 "dense_2.weight 3x80", "dense_2.bias 3"});
  const auto weights = described(to_tensors(convolution, flat, "exp_avg.", true));
  CHECK(weights.size() == 6);
  CHECK(weights.front() == "exp_avg.conv2d_0.weight 5x1x3x3");
}

TEST_CASE("from_tensors brings every parameter back, through safetensors", "[ml][model]") {
  for (const auto& [text, input] :
       std::vector<std::pair<const char*, Shape>>{{kDense, {4}}, {kConvolution, {1, 6, 6}}}) {
    const auto network = network_of(text, input);
    const auto flat = initial(network, 3);
    Vector back(flat.size(), 0.0f);
    from_tensors(network, from_safetensors(to_safetensors(to_tensors(network, flat)), "x"), back,
                 "x");
    CHECK(back == flat);
    auto other_order = to_tensors(network, flat);
    std::reverse(other_order.begin(), other_order.end());
    other_order.push_back(
        {"more", {1}, Vector{5}});  // what the network does not know is left alone
    std::fill(back.begin(), back.end(), 0.0f);
    from_tensors(network, other_order, back, "x");
    CHECK(back == flat);
  }
}

TEST_CASE("from_tensors names the tensor that is missing or has another shape", "[ml][model]") {
  const auto network = network_of(kDense, {4});
  const auto tensors = to_tensors(network, initial(network, 1));
  Vector flat(network.parameter_floats());
  auto missing = tensors;
  missing.erase(missing.begin() + 2);
  CHECK_THROWS_WITH(from_tensors(network, missing, flat, "the/path"),
                    "the/path has no tensor 'dense_1.weight'");
  auto turned = tensors;
  turned[0].shape = {4, 3};
  CHECK_THROWS_WITH(from_tensors(network, turned, flat, "the/path"),
                    "tensor 'dense_0.weight' of the/path is 4x3, the network needs 3x4");
  CHECK_THROWS_AS(from_tensors(network, tensors, flat, "the/path", "exp_avg."), FileError);
}

}  // namespace
}  // namespace lockstep::ml
