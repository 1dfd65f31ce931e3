#include "core/products.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "core/product_tile.hpp"
#include "core/random.hpp"
#include "tests/catch.hpp"

namespace lockstep {
namespace {

using Numbers = std::vector<double>;

// n numbers; `filled` of them, at random places, are not 0. All are floats, so that they can be
// kept as such.
Numbers numbers(std::uint64_t stream, std::size_t n, double filled = 1) {
  const Random random(7, Purpose::Test, stream);
  Numbers all(n);
  for (std::size_t i = 0; i < n; ++i)
    if (random.uniform(2 * i) < filled)
      all[i] = static_cast<double>(static_cast<float>(random.normal(2 * i + 1)));
  return all;
}

std::vector<float> as_floats(const Numbers& all) { return {all.begin(), all.end()}; }

struct Sparse {
  std::vector<std::size_t> begin{0};
  std::vector<std::uint32_t> indices;
  Numbers values;
  SparseRows rows(std::size_t width) const { return {width, begin, indices, values}; }
};

Sparse as_sparse(const Numbers& x, std::size_t n, std::size_t d) {
  Sparse sparse;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      if (x[i * d + j] == 0) continue;
      sparse.indices.push_back(static_cast<std::uint32_t>(j));
      sparse.values.push_back(x[i * d + j]);
    }
    sparse.begin.push_back(sparse.indices.size());
  }
  return sparse;
}

// The plain loops whose bits are promised.
Numbers plain_multiply(const Numbers& x, const Numbers& w, const Numbers& bias, std::size_t n,
                       std::size_t d, std::size_t k) {
  Numbers z(n * k);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c) {
      for (std::size_t j = 0; j < d; ++j) z[i * k + c] += x[i * d + j] * w[c * d + j];
      if (!bias.empty()) z[i * k + c] += bias[c];
    }
  return z;
}

Numbers plain_transposed(Numbers s, const Numbers& x, const Numbers& r, std::size_t n,
                         std::size_t d, std::size_t k) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < k; ++c)
      for (std::size_t j = 0; j < d; ++j) s[c * d + j] += r[i * k + c] * x[i * d + j];
  return s;
}

Numbers plain_gram(Numbers gram, const Numbers& x, const Numbers& weights, std::size_t n,
                   std::size_t d) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = a; b < d; ++b)
        gram[a * d + b] += (weights.empty() ? 1 : weights[i]) * x[i * d + a] * x[i * d + b];
  return gram;
}

template <typename Rows>
Numbers multiplied(const Rows& x, const Numbers& w, const Numbers& bias, std::size_t n,
                   std::size_t k) {
  Numbers z(n * k, -99);  // what was there does not count
  multiply(x, w, bias, k, z);
  return z;
}

template <typename Rows>
Numbers transposed(Numbers s, const Rows& x, const Numbers& r, std::size_t k) {
  add_transposed(x, r, k, s);
  return s;
}

template <typename Rows>
Numbers gram_of(Numbers gram, const Rows& x, const Numbers& weights) {
  add_gram(x, weights, gram);
  return gram;
}

}  // namespace

TEST_CASE("multiply is X W' + b", "[core][products]") {
  const Numbers x{1, 2, 3,  //
                  4, 5, 6};
  const DenseRows<double> rows{2, 3, x};
  CHECK(multiplied(rows, {1, 0, -1}, {}, 2, 1) == Numbers{-2, -2});
  CHECK(multiplied(rows, {1, 0, -1, 1, 1, 1}, {10, 20}, 2, 2) == Numbers{8, 26, 8, 35});
}

TEST_CASE("add_transposed adds R'X", "[core][products]") {
  const Numbers x{1, 2,  //
                  3, 4};
  const DenseRows<double> rows{2, 2, x};
  CHECK(transposed({100, 200}, rows, {1, -1}, 1) == Numbers{98, 198});
  CHECK(transposed({0, 0, 0, 0}, rows, {1, 10, 2, 20}, 2) == Numbers{7, 10, 70, 100});
}

TEST_CASE("add_gram adds to the upper triangle alone", "[core][products]") {
  const Numbers x{1, 2,  //
                  3, 4};
  const DenseRows<double> rows{2, 2, x};
  CHECK(gram_of({0, 0, -7, 0}, rows, {}) == Numbers{10, 14, -7, 20});
  CHECK(gram_of({1, 1, -7, 1}, rows, {1, 0.5}) == Numbers{1 + 5.5, 1 + 8, -7, 1 + 12});
}

TEST_CASE("Products of dense rows have the bits of the plain loops", "[core][products][property]") {
  const auto n = GENERATE(as<std::size_t>(), 0, 1, 7, 8, 63, 64, 65, 130, 300);
  const auto d = GENERATE(as<std::size_t>(), 0, 1, 7, 16, 24, 63, 64, 65, 257);
  const Numbers x = numbers(1, n * d);
  const std::vector<float> floats = as_floats(x);
  const DenseRows<double> rows{n, d, x};
  const DenseRows<float> float_rows{n, d, floats};
  for (const std::size_t k : {0, 1, 2, 7, 8, 9, 10, 33}) {
    INFO("n = " << n << ", d = " << d << ", k = " << k);
    const Numbers w = numbers(2, k * d), bias = numbers(3, k), r = numbers(4, n * k);
    const Numbers z = plain_multiply(x, w, bias, n, d, k), s = plain_transposed(w, x, r, n, d, k);
    CHECK(multiplied(rows, w, bias, n, k) == z);
    CHECK(multiplied(float_rows, w, bias, n, k) == z);
    CHECK(transposed(w, rows, r, k) == s);
    CHECK(transposed(w, float_rows, r, k) == s);
  }
  const Numbers start = numbers(5, d * d), weights = numbers(6, n);
  CHECK(gram_of(start, rows, {}) == plain_gram(start, x, {}, n, d));
  CHECK(gram_of(start, rows, weights) == plain_gram(start, x, weights, n, d));
  CHECK(gram_of(start, float_rows, weights) == plain_gram(start, x, weights, n, d));
}

TEST_CASE("Products of sparse rows have the bits of the same rows stored densely",
          "[core][products][property]") {
  const auto n = GENERATE(as<std::size_t>(), 0, 1, 7, 64, 65);
  const auto d = GENERATE(as<std::size_t>(), 0, 1, 7, 63, 64, 300);
  const auto filled = GENERATE(0.0, 0.02, 0.3);
  const Numbers x = numbers(1, n * d, filled);
  const Sparse sparse = as_sparse(x, n, d);
  for (const std::size_t k : {0, 1, 2, 10}) {
    INFO("n = " << n << ", d = " << d << ", k = " << k);
    const Numbers w = numbers(2, k * d), bias = numbers(3, k), r = numbers(4, n * k);
    CHECK(multiplied(sparse.rows(d), w, bias, n, k) == plain_multiply(x, w, bias, n, d, k));
    CHECK(transposed(w, sparse.rows(d), r, k) == plain_transposed(w, x, r, n, d, k));
  }
  const Numbers start = numbers(5, d * d), weights = numbers(6, n);
  CHECK(gram_of(start, sparse.rows(d), {}) == plain_gram(start, x, {}, n, d));
  CHECK(gram_of(start, sparse.rows(d), weights) == plain_gram(start, x, weights, n, d));
}

TEST_CASE("Rows given in two calls have the bits of one call", "[core][products][property]") {
  const std::size_t n = 200, d = 35, k = 5;
  const auto cut = GENERATE(as<std::size_t>(), 0, 1, 77, 128, 200);
  const Numbers x = numbers(1, n * d, 0.5), r = numbers(2, n * k);
  const Sparse sparse = as_sparse(x, n, d);
  const SparseRows all = sparse.rows(d);
  const Numbers r1(r.begin(), r.begin() + static_cast<std::ptrdiff_t>(cut * k)),
      r2(r.begin() + static_cast<std::ptrdiff_t>(cut * k), r.end());
  const std::span<const double> values(x);
  const DenseRows<double> whole{n, d, x}, first{cut, d, values.first(cut * d)},
      second{n - cut, d, values.subspan(cut * d)};
  SparseRows first_part = all, second_part = all;
  first_part.begin = all.begin.first(cut + 1);
  second_part.begin = all.begin.subspan(cut);
  const Numbers s(k * d), gram(d * d);
  const Numbers wanted = transposed(s, whole, r, k), wanted_gram = gram_of(gram, whole, {});
  CHECK(transposed(transposed(s, first, r1, k), second, r2, k) == wanted);
  CHECK(transposed(transposed(s, first_part, r1, k), second_part, r2, k) == wanted);
  CHECK(gram_of(gram_of(gram, first, {}), second, {}) == wanted_gram);
  CHECK(gram_of(gram_of(gram, first_part, {}), second_part, {}) == wanted_gram);
}

TEST_CASE("A tile has the same bits with every instruction set", "[core][products][property]") {
  const std::size_t depth = 37;
  const auto rows = GENERATE(range(std::size_t{1}, detail::kTileRows + 1));
  const auto columns = GENERATE(as<std::size_t>(), 8, 16);
  const Numbers a = numbers(1, rows * depth), b = numbers(2, depth * 16);
  const Numbers start = numbers(3, rows * 16);
  Numbers wanted = start;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t p = 0; p < depth; ++p)
        wanted[r * 16 + j] += a[r * depth + p] * b[p * 16 + j];
  for (const auto& add : detail::tile_codes()) {
    Numbers c = start;
    add({.a = a.data(),
         .a_row = depth,
         .a_step = 1,
         .b = b.data(),
         .c = c.data(),
         .c_row = 16,
         .rows = rows,
         .columns = columns,
         .depth = depth});
    CHECK(c == wanted);
  }
}

TEST_CASE("Products carry infinities and NaN to their row or column alone", "[core][products]") {
  const double infinity = std::numeric_limits<double>::infinity();
  Numbers x = numbers(1, 9 * 20);
  x[3 * 20 + 4] = infinity;
  const DenseRows<double> rows{9, 20, x};
  const Numbers z = multiplied(rows, numbers(2, 3 * 20), {}, 9, 3);
  for (std::size_t i = 0; i < z.size(); ++i) CHECK(std::isfinite(z[i]) == (i / 3 != 3));
  const Numbers s = transposed(Numbers(60), rows, numbers(3, 27), 3);
  for (std::size_t i = 0; i < s.size(); ++i) CHECK(std::isfinite(s[i]) == (i % 20 != 4));
}

}  // namespace lockstep
