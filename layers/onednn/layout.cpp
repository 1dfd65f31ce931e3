#include "layers/onednn/layout.hpp"

#include "core/error.hpp"

namespace lockstep::layers::onednn {

Desc plain(const dnnl::memory::dims& dims, Type type) {
  using Tag = dnnl::memory::format_tag;
  constexpr Tag kTags[] = {Tag::a, Tag::ab, Tag::abc, Tag::abcd, Tag::abcde};
  expects(!dims.empty() && dims.size() <= std::size(kTags), "a tensor has one to five dimensions");
  return Desc(dims, type, kTags[dims.size() - 1]);
}

Desc plain_swapped(const dnnl::memory::dims& dims) {
  return Desc(dims, Type::f32, dnnl::memory::format_tag::bacd);
}

Desc in_blocks_of_16(const dnnl::memory::dims& dims) {
  return Desc(dims, Type::f32, dnnl::memory::format_tag::nChw16c);
}

Desc stored_by_taps(const dnnl::memory::dims& dims) {
  return Desc(dims, Type::f32, dnnl::memory::format_tag::hwio);
}

Desc any(const dnnl::memory::dims& dims, Type type) {
  return Desc(dims, type, dnnl::memory::format_tag::any);
}

dnnl::memory::dims dims_of(std::int64_t rows, const Shape& shape) {
  dnnl::memory::dims dims{rows};
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return dims;
}

Desc desc_of(const TensorSpec& spec, std::int64_t rows) {
  return spec.layout ? spec.layout->desc() : plain(dims_of(rows, spec.shape));
}

TensorSpec make_spec(const Shape& shape, const Desc& desc, std::int64_t rows) {
  TensorSpec spec{shape, nullptr, floats_of(desc)};
  if (desc != plain(dims_of(rows, shape))) spec.layout = std::make_shared<const Layout>(desc);
  return spec;
}

TensorSpec plain_spec(const Shape& shape, std::int64_t rows) {
  return {shape, nullptr, static_cast<std::size_t>(rows) * shape.size()};
}

std::size_t floats_of(const Desc& desc) {
  return (desc.get_size() + sizeof(float) - 1) / sizeof(float);
}

}  // namespace lockstep::layers::onednn
