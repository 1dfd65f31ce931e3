#include "layers/max_pooling.hpp"

namespace lockstep::layers {

MaxPooling::MaxPooling(const proto::MaxPooling& config, const TensorSpec& input, const Build& build)
    : Pooling(Kind::Max,
              {&config.kernel_size(), &config.strides(), nullptr, nullptr, config.padding(), true},
              input, build) {}

}  // namespace lockstep::layers
