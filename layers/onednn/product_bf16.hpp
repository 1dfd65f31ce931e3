#pragma once
/// The BF16 half of layers/onednn/product.hpp.

#include "layers/onednn/product.hpp"

namespace lockstep::layers::onednn {

/// As multiply(); m, n, k > 0.
void multiply_bf16(const ProductSize& size, const Factor& a, const Factor& b, const Target& c);

}  // namespace lockstep::layers::onednn
