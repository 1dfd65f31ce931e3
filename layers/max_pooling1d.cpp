#include "layers/max_pooling1d.hpp"

namespace lockstep::layers {

MaxPooling1d::MaxPooling1d(const proto::MaxPooling1d& config, const TensorSpec& input,
                           const Build& build)
    : Pooling1d(Kind::Max,
                pooling_window(config.kernel_size(),
                               config.has_strides() ? config.strides() : config.kernel_size(),
                               config.padding()),
                input, build) {}

}  // namespace lockstep::layers
