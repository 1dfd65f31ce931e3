#pragma once
/// Products of many rows in double precision: X'X, X W' and R'X for dense and sparse X. They are
/// the inner loops of models that are fitted in double precision. All is local, one thread, no MPI.
///
/// n rows of X, d numbers a row (`width`), k classes, centres or other outputs.
///
/// The bits are those of the plain loop: each number of the result is one chain of sums in
/// ascending order of the rows (X'X, R'X) or of the columns (X W'), and each product and each sum
/// is rounded to double. So they depend neither on the instruction set nor on how the loops are
/// cut:
/// - X'X and R'X of rows given in two calls, one after the other, have the bits of one call; each
///   row of X W' has the bits that it has alone. (Sums of partitions that are merged are another
///   chain: a partition is a call, and the tree merges, as always.)
/// - A float X has the bits of the same numbers as double.
/// - A sparse X has those of the same rows stored densely, if all numbers are finite and no number
///   that is added to is -0.
///
/// All matrices are row-major, without gaps. Inputs and results must not overlap. Sizes are checked
/// by expects(). @throws std::bad_alloc: there are scratch buffers, at most 208 d + 65536 doubles,
/// for X W' (k + 16) d.

#include <cstddef>
#include <cstdint>
#include <span>

namespace lockstep {

/// X [n, d]; `values` has n d numbers. T is double or float.
template <typename T>
struct DenseRows {
  std::size_t rows = 0, width = 0;
  std::span<const T> values;
};

/// X [n, d] in compressed rows: row i has the entries begin[i] .. begin[i + 1] of `indices` (below
/// `width`, ascending within a row) and `values`. `begin` has n + 1 numbers, at least one; a part
/// of it gives a part of the rows, with the same `indices` and `values`.
struct SparseRows {
  std::size_t width = 0;
  std::span<const std::size_t> begin;
  std::span<const std::uint32_t> indices;
  std::span<const double> values;

  std::size_t rows() const noexcept { return begin.size() - 1; }
};

/// Z = X W' + b for Z [n, k], W [k, d], b [k]; b is added last. Without b: Z = X W'.
template <typename T>
void multiply(const DenseRows<T>& x, std::span<const double> w, std::span<const double> bias,
              std::size_t k, std::span<double> z);
void multiply(const SparseRows& x, std::span<const double> w, std::span<const double> bias,
              std::size_t k, std::span<double> z);

/// S += R'X for S [k, d], R [n, k]: a gradient from the derivatives R of the loss by the outputs.
template <typename T>
void add_transposed(const DenseRows<T>& x, std::span<const double> r, std::size_t k,
                    std::span<double> s);
void add_transposed(const SparseRows& x, std::span<const double> r, std::size_t k,
                    std::span<double> s);

/// G += X' diag(weights) X for G [d, d]: only its upper triangle, G[a, b] with a <= b, is changed
/// (or read). A term is (weight x_a) x_b; no weights mean that each is 1.
template <typename T>
void add_gram(const DenseRows<T>& x, std::span<const double> weights, std::span<double> gram);
void add_gram(const SparseRows& x, std::span<const double> weights, std::span<double> gram);

}  // namespace lockstep
