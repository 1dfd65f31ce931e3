#pragma once
/// What has another name in oneDNN 2.

#include <oneapi/dnnl/dnnl.hpp>

namespace lockstep::layers::onednn {

using PoolingForward = dnnl::pooling_v2_forward;
using PoolingBackward = dnnl::pooling_v2_backward;

}  // namespace lockstep::layers::onednn
