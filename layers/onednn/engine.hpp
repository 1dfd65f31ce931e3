#pragma once
/// The one CPU engine, and a stream per thread. Only sources of layers/ include this.

#include <oneapi/dnnl/dnnl.hpp>

namespace lockstep::layers::onednn {

const dnnl::engine& engine();
dnnl::stream& stream();  ///< of the calling thread

/// Adds to the calling thread's primitive_seconds().
void add_primitive_seconds(double seconds) noexcept;

}  // namespace lockstep::layers::onednn
