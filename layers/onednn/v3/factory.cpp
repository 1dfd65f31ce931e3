// oneDNN 3: primitive descriptors are made at once; source and destination are named apart
// everywhere.
#include "layers/onednn/factory.hpp"

#include "layers/onednn/engine.hpp"

namespace lockstep::layers::onednn {
namespace {

using dnnl::prop_kind;
const auto kFlags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

}  // namespace

dnnl::memory::dims dims_of(const Desc& desc) { return desc.get_dims(); }

dnnl::primitive_attr fused(const Eltwise& eltwise) {
  dnnl::post_ops operations;
  operations.append_eltwise(eltwise.algorithm, eltwise.alpha, 0.0f);
  auto attr = user_scratchpad();
  attr.set_post_ops(operations);
  return attr;
}

dnnl::convolution_forward::primitive_desc convolution_forward(const Desc& src, const Desc& weights,
                                                              const Desc& bias, const Desc& dst,
                                                              const Geometry& geometry,
                                                              const dnnl::primitive_attr& attr) {
  return {engine(),
          prop_kind::forward_training,
          dnnl::algorithm::convolution_direct,
          src,
          weights,
          bias,
          dst,
          geometry.strides,
          geometry.dilates,
          geometry.pad_begin,
          geometry.pad_end,
          attr};
}

dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst, const Geometry& geometry,
    const dnnl::convolution_forward::primitive_desc& hint) {
  return {engine(),         dnnl::algorithm::convolution_direct,
          diff_src,         weights,
          diff_dst,         geometry.strides,
          geometry.dilates, geometry.pad_begin,
          geometry.pad_end, hint,
          user_scratchpad()};
}

dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const Geometry& geometry, const dnnl::convolution_forward::primitive_desc& hint) {
  return {engine(),
          dnnl::algorithm::convolution_direct,
          src,
          diff_weights,
          diff_bias,
          diff_dst,
          geometry.strides,
          geometry.dilates,
          geometry.pad_begin,
          geometry.pad_end,
          hint,
          user_scratchpad()};
}

dnnl::deconvolution_forward::primitive_desc deconvolution_forward(const Desc& src,
                                                                  const Desc& weights,
                                                                  const Desc& bias, const Desc& dst,
                                                                  const Geometry& geometry) {
  return {engine(),
          prop_kind::forward_training,
          dnnl::algorithm::deconvolution_direct,
          src,
          weights,
          bias,
          dst,
          geometry.strides,
          geometry.dilates,
          geometry.pad_begin,
          geometry.pad_end,
          user_scratchpad()};
}

dnnl::deconvolution_backward_data::primitive_desc deconvolution_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst, const Geometry& geometry,
    const dnnl::deconvolution_forward::primitive_desc& hint) {
  return {engine(),         dnnl::algorithm::deconvolution_direct,
          diff_src,         weights,
          diff_dst,         geometry.strides,
          geometry.dilates, geometry.pad_begin,
          geometry.pad_end, hint,
          user_scratchpad()};
}

dnnl::deconvolution_backward_weights::primitive_desc deconvolution_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const Geometry& geometry, const dnnl::deconvolution_forward::primitive_desc& hint) {
  return {engine(),
          dnnl::algorithm::deconvolution_direct,
          src,
          diff_weights,
          diff_bias,
          diff_dst,
          geometry.strides,
          geometry.dilates,
          geometry.pad_begin,
          geometry.pad_end,
          hint,
          user_scratchpad()};
}

dnnl::inner_product_forward::primitive_desc inner_product_forward(
    const Desc& src, const Desc& weights, const Desc& bias, const Desc& dst,
    const dnnl::primitive_attr& attr) {
  return {engine(), prop_kind::forward_training, src, weights, bias, dst, attr};
}

dnnl::inner_product_backward_data::primitive_desc inner_product_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& hint) {
  return {engine(), diff_src, weights, diff_dst, hint, user_scratchpad()};
}

dnnl::inner_product_backward_weights::primitive_desc inner_product_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& hint) {
  return {engine(), src, diff_weights, diff_bias, diff_dst, hint, user_scratchpad()};
}

dnnl::matmul::primitive_desc matmul(const Desc& src, const Desc& weights, const Desc& dst,
                                    const dnnl::primitive_attr& attr) {
  return {engine(), src, weights, dst, attr};
}

dnnl::eltwise_forward::primitive_desc eltwise_forward(dnnl::algorithm algorithm, const Desc& data,
                                                      float alpha) {
  return {engine(),         prop_kind::forward_training, algorithm, data, data, alpha, 0.0f,
          user_scratchpad()};
}

dnnl::eltwise_backward::primitive_desc eltwise_backward(
    dnnl::algorithm algorithm, const Desc& data, float alpha,
    const dnnl::eltwise_forward::primitive_desc& hint) {
  return {engine(), algorithm, data, data, data, alpha, 0.0f, hint, user_scratchpad()};
}

PoolingForward::primitive_desc pooling_forward(dnnl::algorithm algorithm, const Desc& src,
                                               const Desc& dst, const dnnl::memory::dims& kernel,
                                               const Geometry& geometry) {
  return {engine(),
          prop_kind::forward_training,
          algorithm,
          src,
          dst,
          geometry.strides,
          kernel,
          geometry.dilates,
          geometry.pad_begin,
          geometry.pad_end,
          user_scratchpad()};
}

PoolingBackward::primitive_desc pooling_backward(dnnl::algorithm algorithm, const Desc& diff_src,
                                                 const Desc& diff_dst,
                                                 const dnnl::memory::dims& kernel,
                                                 const Geometry& geometry,
                                                 const PoolingForward::primitive_desc& hint) {
  return {engine(),         algorithm, diff_src,         diff_dst,
          geometry.strides, kernel,    geometry.dilates, geometry.pad_begin,
          geometry.pad_end, hint,      user_scratchpad()};
}

dnnl::batch_normalization_forward::primitive_desc batch_norm_forward(bool inference,
                                                                     const Desc& data,
                                                                     float epsilon) {
  const auto prop = inference ? prop_kind::forward_inference : prop_kind::forward_training;
  const auto flags = inference ? kFlags | dnnl::normalization_flags::use_global_stats : kFlags;
  return {engine(), prop, data, data, epsilon, flags, user_scratchpad()};
}

dnnl::batch_normalization_backward::primitive_desc batch_norm_backward(
    const Desc& data, float epsilon,
    const dnnl::batch_normalization_forward::primitive_desc& hint) {
  return {engine(), prop_kind::backward, data, data, data, epsilon, kFlags,
          hint,     user_scratchpad()};
}

dnnl::layer_normalization_forward::primitive_desc layer_norm_forward(const Desc& data,
                                                                     float epsilon) {
  return {engine(), prop_kind::forward_training, data, data, epsilon, kFlags, user_scratchpad()};
}

dnnl::layer_normalization_backward::primitive_desc layer_norm_backward(
    const Desc& data, float epsilon,
    const dnnl::layer_normalization_forward::primitive_desc& hint) {
  return {engine(), prop_kind::backward, data, data, data, epsilon, kFlags,
          hint,     user_scratchpad()};
}

}  // namespace lockstep::layers::onednn
