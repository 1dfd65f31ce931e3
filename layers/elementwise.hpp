#pragma once
/// The few loops over floats that are our own; same bits on every instruction set.

#include <cstddef>

namespace lockstep::layers {

void add(const float* a, const float* b, float* sum, std::size_t n);           ///< sum = a + b
void multiply(const float* a, const float* b, float* product, std::size_t n);  ///< product = a b

/// [rows, columns] -> [columns, rows]
template <class T>
void transpose(const T* from, std::size_t rows, std::size_t columns, T* to) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
}

/// sums[j] += the sum of column j of [count, width], from the first row to the last.
void add_column_sums(const float* rows, std::size_t count, std::size_t width, double* sums);

}  // namespace lockstep::layers
