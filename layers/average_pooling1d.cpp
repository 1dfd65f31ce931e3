#include "layers/average_pooling1d.hpp"

namespace lockstep::layers {

AveragePooling1d::AveragePooling1d(const proto::AveragePooling1d& config, const TensorSpec& input,
                                   const Build& build)
    : Pooling1d(Kind::Average,
                pooling_window(config.kernel_size(),
                               config.has_strides() ? config.strides() : config.kernel_size(),
                               config.padding()),
                input, build) {}

}  // namespace lockstep::layers
