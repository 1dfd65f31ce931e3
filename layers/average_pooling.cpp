#include "layers/average_pooling.hpp"

namespace lockstep::layers {

AveragePooling::AveragePooling(const proto::AveragePooling& config, const TensorSpec& input,
                               const Build& build)
    : Pooling(Kind::Average,
              {&config.kernel_size(), &config.strides(), nullptr, nullptr, config.padding(), true},
              input, build) {}

}  // namespace lockstep::layers
