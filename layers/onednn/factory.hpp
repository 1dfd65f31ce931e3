#pragma once
/// Makes primitive descriptors. The one place where oneDNN 2 and 3 differ: v2/factory.cpp or
/// v3/factory.cpp is built, whichever fits the installed library. All descriptors have
/// scratchpad_mode::user and are for training where the name does not say otherwise; `hint` is the
/// forward descriptor that a backward one belongs to.

#include <oneapi/dnnl/dnnl.hpp>

#include "core/proto/layers.pb.h"
#include "layers/onednn/layout.hpp"
#include "onednn_version.hpp"  // of v2/ or v3/: PoolingForward, PoolingBackward

namespace lockstep::layers::onednn {

dnnl::primitive_attr user_scratchpad();

/// An element-wise function in oneDNN's words.
struct Eltwise {
  dnnl::algorithm algorithm;             ///< whose backward reads the input
  dnnl::algorithm backward_from_output;  ///< whose backward reads the output; equal to `algorithm`
                                         ///< if there is none
  float alpha;
};

/// @throws InternalError for NONE, SOFTMAX and LOG_SOFTMAX.
Eltwise eltwise_of(proto::Activation activation, double alpha);

/// user_scratchpad() and y = f(y) at the end.
dnnl::primitive_attr fused(const Eltwise& eltwise);

/// Strides, dilates (distance of taps - 1) and padding, each {height, width}.
struct Geometry {
  dnnl::memory::dims strides, dilates, pad_begin, pad_end;
};

/// A zero `bias` means none.
dnnl::convolution_forward::primitive_desc convolution_forward(const Desc& src, const Desc& weights,
                                                              const Desc& bias, const Desc& dst,
                                                              const Geometry& geometry,
                                                              const dnnl::primitive_attr& attr);
dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst, const Geometry& geometry,
    const dnnl::convolution_forward::primitive_desc& hint);
dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const Geometry& geometry, const dnnl::convolution_forward::primitive_desc& hint);

/// Weights are {outputs, inputs, height, width}. A zero `bias` means none.
dnnl::deconvolution_forward::primitive_desc deconvolution_forward(const Desc& src,
                                                                  const Desc& weights,
                                                                  const Desc& bias, const Desc& dst,
                                                                  const Geometry& geometry);
dnnl::deconvolution_backward_data::primitive_desc deconvolution_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst, const Geometry& geometry,
    const dnnl::deconvolution_forward::primitive_desc& hint);
dnnl::deconvolution_backward_weights::primitive_desc deconvolution_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const Geometry& geometry, const dnnl::deconvolution_forward::primitive_desc& hint);

dnnl::inner_product_forward::primitive_desc inner_product_forward(const Desc& src,
                                                                  const Desc& weights,
                                                                  const Desc& bias, const Desc& dst,
                                                                  const dnnl::primitive_attr& attr);
dnnl::inner_product_backward_data::primitive_desc inner_product_backward_data(
    const Desc& diff_src, const Desc& weights, const Desc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& hint);
dnnl::inner_product_backward_weights::primitive_desc inner_product_backward_weights(
    const Desc& src, const Desc& diff_weights, const Desc& diff_bias, const Desc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& hint);

/// dst = src weights, of matrices or of as many matrices in each.
dnnl::matmul::primitive_desc matmul(const Desc& src, const Desc& weights, const Desc& dst,
                                    const dnnl::primitive_attr& attr);

dnnl::eltwise_forward::primitive_desc eltwise_forward(dnnl::algorithm algorithm, const Desc& data,
                                                      float alpha);
dnnl::eltwise_backward::primitive_desc eltwise_backward(
    dnnl::algorithm algorithm, const Desc& data, float alpha,
    const dnnl::eltwise_forward::primitive_desc& hint);

/// In oneDNN 3's words.
PoolingForward::primitive_desc pooling_forward(dnnl::algorithm algorithm, const Desc& src,
                                               const Desc& dst, const dnnl::memory::dims& kernel,
                                               const Geometry& geometry);
PoolingBackward::primitive_desc pooling_backward(dnnl::algorithm algorithm, const Desc& diff_src,
                                                 const Desc& diff_dst,
                                                 const dnnl::memory::dims& kernel,
                                                 const Geometry& geometry,
                                                 const PoolingForward::primitive_desc& hint);

/// With scale and shift. `inference`: by given statistics.
dnnl::batch_normalization_forward::primitive_desc batch_norm_forward(bool inference,
                                                                     const Desc& data,
                                                                     float epsilon);
dnnl::batch_normalization_backward::primitive_desc batch_norm_backward(
    const Desc& data, float epsilon, const dnnl::batch_normalization_forward::primitive_desc& hint);

/// With scale and shift, over the last dimension.
dnnl::layer_normalization_forward::primitive_desc layer_norm_forward(const Desc& data,
                                                                     float epsilon);
dnnl::layer_normalization_backward::primitive_desc layer_norm_backward(
    const Desc& data, float epsilon, const dnnl::layer_normalization_forward::primitive_desc& hint);

}  // namespace lockstep::layers::onednn
