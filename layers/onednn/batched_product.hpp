#pragma once
/// Many matrix products of one size at once, whose factors lie one after the other.

#include <cstddef>

#include "layers/onednn/primitive.hpp"
#include "layers/onednn/product.hpp"

namespace lockstep::layers::onednn {

/// C[i] = A[i] B[i] for i < count, row-major; a transposed factor lies as its transpose. `add`: the
/// products are added to what is there. Strides are floats from one matrix to the next.
struct BatchedSize {
  std::size_t count;
  ProductSize size;
  std::size_t a_stride, b_stride, c_stride;
  bool a_transposed = false, b_transposed = false, add = false;
};

class BatchedProduct {
 public:
  BatchedProduct() = default;  ///< must not be run

  /// `compiled`: by a primitive made for this size, which for matrices of some ten thousand numbers
  /// without gaps between them is faster than a product after the other that need not be made.
  BatchedProduct(const BatchedSize& size, bool compiled);

  std::size_t scratch_floats() const { return primitive_ ? primitive_.scratch_floats() : 0; }
  void run(const float* a, const float* b, float* c, float* scratch) const;

 private:
  BatchedSize size_{};
  Primitive primitive_;  // empty: one after the other
};

}  // namespace lockstep::layers::onednn
