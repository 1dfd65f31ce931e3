#pragma once
/// The few loops over floats that are our own; same bits on every instruction set.

#include <cstddef>

namespace lockstep::layers {

void add(const float* a, const float* b, float* sum, std::size_t n);           ///< sum = a + b
void multiply(const float* a, const float* b, float* product, std::size_t n);  ///< product = a b

}  // namespace lockstep::layers
