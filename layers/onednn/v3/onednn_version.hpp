#pragma once
/// What has another name in oneDNN 3.

#include <oneapi/dnnl/dnnl.hpp>

namespace lockstep::layers::onednn {

using PoolingForward = dnnl::pooling_forward;
using PoolingBackward = dnnl::pooling_backward;

}  // namespace lockstep::layers::onednn
