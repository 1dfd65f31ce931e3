#include "layers/onednn/product_bf16.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <vector>

#include "core/buffer.hpp"
#include "core/simd.hpp"
#include "layers/onednn/engine.hpp"
#include "layers/onednn/factory.hpp"
#include "layers/onednn/primitive.hpp"

namespace lockstep::layers::onednn {
namespace {

constexpr std::size_t kWholeRows = 16;  // of A in memory: what a size is rounded down to

// What a primitive is compiled for; strides in numbers.
struct Shape {
  std::size_t m, n, k, a_stride, b_stride, c_stride;
  bool a_transposed, b_transposed, add;
  auto operator<=>(const Shape&) const = default;
};

Desc matrix(std::size_t rows, std::size_t columns, std::size_t stride, bool transposed, Type type) {
  const auto dim = [](std::size_t n) { return static_cast<dnnl::memory::dim>(n); };
  return Desc({dim(rows), dim(columns)}, type,
              dnnl::memory::dims{transposed ? 1 : dim(stride), transposed ? dim(stride) : 1});
}

Primitive compile(const Shape& s) {
  auto attr = user_scratchpad();
  if (s.add) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attr.set_post_ops(sum);
  }
  return Primitive(matmul(matrix(s.m, s.k, s.a_stride, s.a_transposed, Type::bf16),
                          matrix(s.k, s.n, s.b_stride, s.b_transposed, Type::bf16),
                          matrix(s.m, s.n, s.c_stride, false, Type::f32), attr));
}

// Memory of a thread that grows to what is asked for.
template <class T>
T* at_least(Buffer<T>& buffer, std::size_t count) {
  if (buffer.size() < count) buffer = Buffer<T>(count);
  return buffer.data();
}

// A thread's primitives and its memory for rounded factors.
class Products {
 public:
  void run(const ProductSize& size, const Factor& a, const Factor& b, const Target& c) {
    const Shape shape{size.m,   size.n,       size.k,       a.stride, b.stride,
                      c.stride, a.transposed, b.transposed, c.add};
    auto found = primitives_.find(shape);
    if (found == primitives_.end()) found = primitives_.emplace(shape, compile(shape)).first;
    const auto& primitive = found->second;
    primitive.run({{DNNL_ARG_SRC, a.data}, {DNNL_ARG_WEIGHTS, b.data}, {DNNL_ARG_DST, c.data}},
                  at_least(scratch_, primitive.scratch_floats()));
  }

  // `rows`, `columns`: of the factor in memory. Without gaps, if it has to be copied.
  Factor rounded(const Factor& factor, std::size_t rows, std::size_t columns, std::size_t which) {
    if (factor.rounded) return factor;
    Bf16* to = at_least(factors_[which], rows * columns);
    const auto* from = static_cast<const float*>(factor.data);
    if (factor.stride == columns) {
      round_to_bf16(from, rows * columns, to);
    } else {
      for (std::size_t i = 0; i < rows; ++i)
        round_to_bf16(from + i * factor.stride, columns, to + i * columns);
    }
    return {to, columns, factor.transposed};
  }

 private:
  std::map<Shape, Primitive> primitives_;
  Buffer<float> scratch_;
  Buffer<Bf16> factors_[2];
};

Products& products() {
  thread_local Products own;
  return own;
}

}  // namespace

LOCKSTEP_SIMD void round_to_bf16(const float* from, std::size_t count, Bf16* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    const std::uint32_t nearest = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const std::uint32_t quiet_nan = (bits >> 16) | 0x40u;
    to[i].bits =
        static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet_nan : nearest);
  }
}

// A's rows in memory are what varies from pass to pass: the rows of C, or, of a transposed A, what
// the sum runs over.
void multiply_bf16(const ProductSize& size, const Factor& a, const Factor& b, const Target& c) {
  const PrimitiveScope scope;
  auto& own = products();
  const std::size_t rows = a.transposed ? size.k : size.m;
  const std::size_t whole = rows - rows % kWholeRows;
  const Factor left = own.rounded(a, rows, a.transposed ? size.m : size.k, 0);
  const Factor right =
      own.rounded(b, b.transposed ? size.n : size.k, b.transposed ? size.k : size.n, 1);
  bool add = c.add;
  for (const auto& [first, end] : {std::pair{std::size_t{0}, whole}, std::pair{whole, rows}}) {
    if (first == end) continue;
    ProductSize part = size;
    (a.transposed ? part.k : part.m) = end - first;
    if (a.transposed) {
      own.run(part, left.from(first, 0), b.transposed ? right.from(0, first) : right.from(first, 0),
              {c.data, c.stride, add});
      add = true;
    } else {
      own.run(part, left.from(first, 0), right, {c.data + first * c.stride, c.stride, add});
    }
  }
}

}  // namespace lockstep::layers::onednn
