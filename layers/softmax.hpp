#pragma once
/// Softmax and its logarithm over the K numbers of each row, in double precision inside, so that
/// the bits do not depend on the machine's libm.
///   softmax      y_i = e^(x_i - m) / sum_j e^(x_j - m),  m = max x     dx_i = y_i (dy_i - sum_j
///   dy_j y_j) log softmax  y_i = x_i - m - log sum_j e^(x_j - m)                 dx_i = dy_i -
///   e^(y_i) sum_j dy_j
/// x, y, dx, dy: [N, K] row-major; in place is allowed.

#include <cstddef>

#include "core/proto/layers.pb.h"

namespace lockstep::layers {

inline bool is_softmax(proto::Activation kind) {
  return kind == proto::SOFTMAX || kind == proto::LOG_SOFTMAX;
}

/// log sum_k e^x_k, of many numbers: e^x in single precision, the sum in double.
double log_sum_exp(const float* x, std::size_t n);

void softmax(const float* x, float* y, std::size_t rows, std::size_t columns);
void log_softmax(const float* x, float* y, std::size_t rows, std::size_t columns);
void softmax_backward(const float* y, const float* dy, float* dx, std::size_t rows,
                      std::size_t columns);
void log_softmax_backward(const float* y, const float* dy, float* dx, std::size_t rows,
                          std::size_t columns);

}  // namespace lockstep::layers
