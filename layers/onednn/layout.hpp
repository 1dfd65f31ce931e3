#pragma once
/// How a tensor lies in memory. Only sources of layers/ include this; headers name the class alone.

#include <oneapi/dnnl/dnnl.hpp>

#include "layers/layer.hpp"

namespace lockstep::layers::onednn {

using Desc = dnnl::memory::desc;
using Type = dnnl::memory::data_type;

/// A oneDNN memory descriptor behind a name that public headers can use.
class Layout {
 public:
  explicit Layout(Desc desc) : desc_(std::move(desc)) {}
  const Desc& desc() const noexcept { return desc_; }

 private:
  Desc desc_;
};

/// Row-major with these dimensions; up to five of them.
Desc plain(const dnnl::memory::dims& dims, Type type = Type::f32);

/// Dimensions [A, B, C, D] that lie as a row-major [B, A, C, D].
Desc plain_swapped(const dnnl::memory::dims& dims);

/// Images [N, C, H, W] in blocks of 16 channels, C a multiple of 16: they lie as [N, C/16, H, W,
/// 16].
Desc in_blocks_of_16(const dnnl::memory::dims& dims);

/// A convolution's weight [K, C, kh, kw] that lies as a row-major [kh, kw, C, K].
Desc stored_by_taps(const dnnl::memory::dims& dims);

/// Same dimensions, layout left to the primitive.
Desc any(const dnnl::memory::dims& dims, Type type = Type::f32);

/// {rows, shape...}
dnnl::memory::dims dims_of(std::int64_t rows, const Shape& shape);

/// The dimensions of a layout.
dnnl::memory::dims dims_of(const Desc& desc);

/// The layout of a tensor between two layers.
Desc desc_of(const TensorSpec& spec, std::int64_t rows);

/// A tensor between two layers; its layout is null if `desc` is plain.
TensorSpec make_spec(const Shape& shape, const Desc& desc, std::int64_t rows);
TensorSpec plain_spec(const Shape& shape, std::int64_t rows);

std::size_t floats_of(const Desc& desc);

}  // namespace lockstep::layers::onednn
