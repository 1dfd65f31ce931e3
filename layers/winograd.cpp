#include "layers/winograd.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/simd.hpp"
#include "layers/build.hpp"
#include "layers/onednn/batched_product.hpp"

namespace lockstep::layers {
namespace {

constexpr std::size_t kLanes = 16;  // channels of a block, and numbers of a vector
constexpr std::size_t kKernel = 3, kOut = 4, kIn = 6;
constexpr std::size_t kPlaces = kWinogradPlaces;

// V and M of a block of tiles fill so many floats, if that makes at least kFewestTiles.
constexpr std::size_t kBlockFloats = std::size_t{4} << 16;
constexpr std::size_t kFewestTiles = 64;

// Weights of up to so many numbers a place: primitives made for the products are faster.
constexpr std::size_t kCompiledWeight = 64 * 128;

// Sixteen channels. Every operation is element-wise, so that any instruction set has the same bits.
using Vector [[gnu::vector_size(kLanes * sizeof(float))]] = float;

LOCKSTEP_INLINE inline const Vector& at(const float* x) {
  return *reinterpret_cast<const Vector*>(x);
}
LOCKSTEP_INLINE inline Vector& at(float* x) { return *reinterpret_cast<Vector*>(x); }

// The one-dimensional transforms, along rows or columns: `from` and `to` are six, four or three
// vectors, `step` vectors apart.

// to = B' from
LOCKSTEP_INLINE inline void input_line(const Vector* from, std::size_t step, Vector* to,
                                       std::size_t to_step) {
  const Vector &d0 = from[0], &d1 = from[step], &d2 = from[2 * step], &d3 = from[3 * step],
               &d4 = from[4 * step], &d5 = from[5 * step];
  const Vector a = d4 - 4.0f * d2, b = d3 - 4.0f * d1, c = d4 - d2, d = 2.0f * (d3 - d1);
  to[0] = 4.0f * d0 - 5.0f * d2 + d4;
  to[to_step] = a + b;
  to[2 * to_step] = a - b;
  to[3 * to_step] = c + d;
  to[4 * to_step] = c - d;
  to[5 * to_step] = 4.0f * d1 - 5.0f * d3 + d5;
}

// to = B from
LOCKSTEP_INLINE inline void input_gradient_line(const Vector* from, std::size_t step, Vector* to,
                                                std::size_t to_step) {
  const Vector &v0 = from[0], &v1 = from[step], &v2 = from[2 * step], &v3 = from[3 * step],
               &v4 = from[4 * step], &v5 = from[5 * step];
  const Vector a = v1 + v2, b = v1 - v2, c = v3 + v4, d = 2.0f * (v3 - v4);
  to[0] = 4.0f * v0;
  to[to_step] = 4.0f * v5 - 4.0f * b - d;
  to[2 * to_step] = -5.0f * v0 - 4.0f * a - c;
  to[3 * to_step] = b + d - 5.0f * v5;
  to[4 * to_step] = v0 + a + c;
  to[5 * to_step] = v5;
}

// to = A' from
LOCKSTEP_INLINE inline void output_line(const Vector* from, std::size_t step, Vector* to,
                                        std::size_t to_step) {
  const Vector &m0 = from[0], &m1 = from[step], &m2 = from[2 * step], &m3 = from[3 * step],
               &m4 = from[4 * step], &m5 = from[5 * step];
  const Vector a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4;
  to[0] = m0 + a + c;
  to[to_step] = b + 2.0f * d;
  to[2 * to_step] = a + 4.0f * c;
  to[3 * to_step] = b + 8.0f * d + m5;
}

// to = A from
LOCKSTEP_INLINE inline void gradient_line(const Vector* from, std::size_t step, Vector* to,
                                          std::size_t to_step) {
  const Vector &y0 = from[0], &y1 = from[step], &y2 = from[2 * step], &y3 = from[3 * step];
  const Vector a = y0 + y2, b = y1 + y3, c = y0 + 4.0f * y2, d = 2.0f * y1 + 8.0f * y3;
  to[0] = y0;
  to[to_step] = a + b;
  to[2 * to_step] = a - b;
  to[3 * to_step] = c + d;
  to[4 * to_step] = c - d;
  to[5 * to_step] = y3;
}

// to = G from
LOCKSTEP_INLINE inline void weight_line(const Vector* from, std::size_t step, Vector* to,
                                        std::size_t to_step) {
  const Vector &w0 = from[0], &w1 = from[step], &w2 = from[2 * step];
  const Vector a = (w0 + w2) * (-1.0f / 6), b = w1 * (1.0f / 6);
  const Vector c = w0 * (1.0f / 24) + w2 * (1.0f / 6), d = w1 * (1.0f / 12);
  to[0] = w0 * 0.25f;
  to[to_step] = a - b;
  to[2 * to_step] = a + b;
  to[3 * to_step] = c + d;
  to[4 * to_step] = c - d;
  to[5 * to_step] = w2;
}

// to = G' from
LOCKSTEP_INLINE inline void weight_gradient_line(const Vector* from, std::size_t step, Vector* to,
                                                 std::size_t to_step) {
  const Vector &u0 = from[0], &u1 = from[step], &u2 = from[2 * step], &u3 = from[3 * step],
               &u4 = from[4 * step], &u5 = from[5 * step];
  const Vector a = (u1 + u2) * (1.0f / 6), b = u3 + u4;
  to[0] = u0 * 0.25f - a + b * (1.0f / 24);
  to[to_step] = (u2 - u1) * (1.0f / 6) + (u3 - u4) * (1.0f / 12);
  to[2 * to_step] = b * (1.0f / 6) - a + u5;
}

// Sixteen columns of U from a kernel's nine taps.
LOCKSTEP_INLINE inline void transform_taps(const Vector (&taps)[kKernel * kKernel], float* to,
                                           std::size_t stride) {
  Vector half[kIn * kKernel], whole[kIn];
  for (std::size_t j = 0; j < kKernel; ++j) weight_line(taps + j, kKernel, half + j, kKernel);
  for (std::size_t i = 0; i < kIn; ++i) {
    weight_line(half + i * kKernel, 1, whole, 1);
    for (std::size_t j = 0; j < kIn; ++j) at(to + (i * kIn + j) * stride) = whole[j];
  }
}

LOCKSTEP_SIMD void transform_weights(const float* weight, std::size_t channels, std::size_t filters,
                                     float* to) {
  const std::size_t plane = channels * filters;
  Vector taps[kKernel * kKernel];
  for (std::size_t i = 0; i < plane; i += kLanes) {
    for (std::size_t tap = 0; tap < kKernel * kKernel; ++tap)
      taps[tap] = at(weight + tap * plane + i);
    transform_taps(taps, to + i, plane);
  }
}

LOCKSTEP_SIMD void return_weights(const float* transformed, std::size_t plane, float* weight) {
  Vector half[kKernel * kIn], whole[kKernel], line[kIn];
  for (std::size_t at_number = 0; at_number < plane; at_number += kLanes) {
    for (std::size_t j = 0; j < kIn; ++j) {
      for (std::size_t i = 0; i < kIn; ++i)
        line[i] = at(transformed + (i * kIn + j) * plane + at_number);
      weight_gradient_line(line, 1, half + j, kIn);
    }
    for (std::size_t i = 0; i < kKernel; ++i) {
      weight_gradient_line(half + i * kIn, 1, whole, 1);
      for (std::size_t j = 0; j < kKernel; ++j)
        at(weight + (i * kKernel + j) * plane + at_number) = whole[j];
    }
  }
}

// A window into sixteen channels of an image [H, W, 16], which it may hang over.
struct WindowOf {
  const float* image;
  std::int64_t height, width, top, left;
};

// Where a window's values begin and how many vectors there are from row to row.
struct Values {
  const Vector* first;
  std::size_t step;
};

// The window's values: in the image if it lies inside, else copied to `edge`, zero outside.
template <std::size_t Size>
LOCKSTEP_INLINE inline Values values_of(const WindowOf& w, Vector (&edge)[Size * Size]) {
  constexpr auto size = static_cast<std::int64_t>(Size);
  const auto* image = reinterpret_cast<const Vector*>(w.image);
  if (w.top >= 0 && w.left >= 0 && w.top + size <= w.height && w.left + size <= w.width)
    return {image + w.top * w.width + w.left, static_cast<std::size_t>(w.width)};
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j < size; ++j) {
      const auto y = w.top + i, x = w.left + j;
      const bool inside = y >= 0 && x >= 0 && y < w.height && x < w.width;
      edge[i * size + j] = inside ? image[y * w.width + x] : Vector{};
    }
  }
  return {edge, Size};
}

LOCKSTEP_SIMD void input_tile(const WindowOf& window, float* to, std::size_t stride) {
  Vector edge[kIn * kIn], half[kIn * kIn], whole[kIn];
  const Values x = values_of<kIn>(window, edge);
  for (std::size_t j = 0; j < kIn; ++j) input_line(x.first + j, x.step, half + j, kIn);
  for (std::size_t i = 0; i < kIn; ++i) {
    input_line(half + i * kIn, 1, whole, 1);
    for (std::size_t j = 0; j < kIn; ++j) at(to + (i * kIn + j) * stride) = whole[j];
  }
}

LOCKSTEP_SIMD void gradient_tile(const WindowOf& window, float* to, std::size_t stride,
                                 float* sums) {
  Vector edge[kOut * kOut], half[kIn * kOut], whole[kIn];
  const Values y = values_of<kOut>(window, edge);
  Vector sum = at(sums);
  for (std::size_t i = 0; i < kOut; ++i) {
    for (std::size_t j = 0; j < kOut; ++j) sum += y.first[i * y.step + j];
  }
  at(sums) = sum;
  for (std::size_t j = 0; j < kOut; ++j) gradient_line(y.first + j, y.step, half + j, kOut);
  for (std::size_t i = 0; i < kIn; ++i) {
    gradient_line(half + i * kOut, 1, whole, 1);
    for (std::size_t j = 0; j < kIn; ++j) at(to + (i * kIn + j) * stride) = whole[j];
  }
}

// Adds what dV brings to the window of dx, as far as it lies in the image.
LOCKSTEP_SIMD void return_tile(const float* v, std::size_t stride, const WindowOf& window,
                               float* dx) {
  Vector half[kIn * kIn], whole[kIn], line[kIn];
  for (std::size_t j = 0; j < kIn; ++j) {
    for (std::size_t i = 0; i < kIn; ++i) line[i] = at(v + (i * kIn + j) * stride);
    input_gradient_line(line, 1, half + j, kIn);
  }
  constexpr auto size = static_cast<std::int64_t>(kIn);
  const auto first = std::max<std::int64_t>(0, -window.left),
             last = std::min(size, window.width - window.left);
  for (std::int64_t i = 0; i < size; ++i) {
    const auto y = window.top + i;
    if (y < 0 || y >= window.height) continue;
    input_gradient_line(half + static_cast<std::size_t>(i) * kIn, 1, whole, 1);
    float* line_of_image =
        dx + (y * window.width + window.left) * static_cast<std::int64_t>(kLanes);
    for (std::int64_t j = first; j < last; ++j)
      at(line_of_image + j * static_cast<std::int64_t>(kLanes)) += whole[j];
  }
}

// Where a tile of sixteen channels of y goes: at most 4 x 4 of an image [.., width, 16].
struct TileOf {
  float* y;
  std::size_t width, rows, columns;
};

LOCKSTEP_SIMD void output_tile(const float* m, std::size_t stride, const float* bias, bool relu,
                               const TileOf& tile) {
  Vector half[kOut * kIn], whole[kOut], line[kIn];
  const Vector offset = bias != nullptr ? at(bias) : Vector{};
  for (std::size_t j = 0; j < kIn; ++j) {
    for (std::size_t i = 0; i < kIn; ++i) line[i] = at(m + (i * kIn + j) * stride);
    output_line(line, 1, half + j, kIn);
  }
  for (std::size_t i = 0; i < tile.rows; ++i) {
    output_line(half + i * kIn, 1, whole, 1);
    for (std::size_t j = 0; j < tile.columns; ++j) {
      Vector y = whole[j] + offset;
      if (relu) y = y > 0.0f ? y : Vector{};
      at(tile.y + (i * tile.width + j) * kLanes) = y;
    }
  }
}

std::int64_t tiles_along(std::int64_t size) {
  constexpr auto out = static_cast<std::int64_t>(kOut);
  return (size + out - 1) / out;
}

}  // namespace

struct Winograd::Products {
  std::size_t v_stride, m_stride;  // from place to place
  onednn::BatchedProduct forward, weight, further_weight, input;

  std::size_t scratch_floats() const {
    return std::max({forward.scratch_floats(), weight.scratch_floats(),
                     further_weight.scratch_floats(), input.scratch_floats()});
  }
};

Winograd::Winograd(const WinogradShape& shape, std::size_t rows, bool input_gradient)
    : shape_(shape),
      tiles_high_(tiles_along(shape.out_height)),
      tiles_wide_(tiles_along(shape.out_width)),
      channels_(static_cast<std::size_t>(shape.channels)),
      filters_(static_cast<std::size_t>(shape.filters)),
      tiles_(rows * static_cast<std::size_t>(tiles_high_ * tiles_wide_)) {
  expects(channels_ % kLanes == 0 && filters_ % kLanes == 0,
          "Winograd takes channels in blocks of 16");
  // Odd: strides that are multiples of large powers of two fall into few sets of a cache.
  const auto most = kBlockFloats / (kPlaces * (channels_ + filters_));
  block_tiles_ = std::min(tiles_, std::max(most, kFewestTiles) | 1);
  compile(block_tiles_, input_gradient);
  if (const auto last = tiles_ % block_tiles_; last > 0) compile(last, input_gradient);

  Regions scratch;
  scratch.take(kPlaces * products_[0]->v_stride);
  m_at_ = scratch.take(kPlaces * products_[0]->m_stride);
  gradient_at_ = scratch.take(transformed_floats());
  sums_at_ = scratch.take(3 * filters_);
  std::size_t most_scratch = 0;
  for (const auto& products : products_)
    most_scratch = std::max(most_scratch, products->scratch_floats());
  products_at_ = scratch.take(most_scratch);
  scratch_floats_ = scratch.size();
}

Winograd::~Winograd() = default;

void Winograd::compile(std::size_t tiles, bool input_gradient) {
  const std::size_t weight = channels_ * filters_;
  const bool compiled = weight <= kCompiledWeight;
  const std::size_t gap = compiled ? 0 : kLanes;
  auto made = std::make_unique<Products>();
  const std::size_t v = made->v_stride = tiles * channels_ + gap;
  const std::size_t m = made->m_stride = tiles * filters_ + gap;
  made->forward = {{kPlaces, {tiles, filters_, channels_}, v, weight, m}, compiled};
  onednn::BatchedSize of_weight{kPlaces, {channels_, filters_, tiles}, v, m, weight, true};
  made->weight = {of_weight, compiled};
  of_weight.add = true;
  made->further_weight = {of_weight, compiled};
  if (input_gradient) {
    made->input = {{kPlaces, {tiles, channels_, filters_}, m, weight, v, false, true}, compiled};
  }
  products_.push_back(std::move(made));
}

std::size_t Winograd::transformed_floats() const noexcept { return kPlaces * channels_ * filters_; }

Winograd::Block Winograd::block_from(std::size_t tile, float* scratch) const noexcept {
  const std::size_t end = std::min(tile + block_tiles_, tiles_);
  const auto& products = end - tile == block_tiles_ ? products_.front() : products_.back();
  return {tile, end, *products, scratch, scratch + m_at_};
}

Winograd::Tile Winograd::tile_of(std::size_t number) const noexcept {
  const auto image = static_cast<std::size_t>(tiles_high_ * tiles_wide_);
  const auto wide = static_cast<std::size_t>(tiles_wide_), place = number % image;
  return {number / image, static_cast<std::int64_t>(place / wide * kOut),
          static_cast<std::int64_t>(place % wide * kOut)};
}

void Winograd::transform_weight(const float* weight, float* transformed) const {
  transform_weights(weight, channels_, filters_, transformed);
}

void Winograd::transform_input(const float* x, const Block& block) const {
  const auto image = static_cast<std::size_t>(shape_.height * shape_.width) * kLanes;
  for (std::size_t t = block.begin; t < block.end; ++t) {
    const Tile tile = tile_of(t);
    const float* row = x + tile.row * image * (channels_ / kLanes);
    float* v = block.v + (t - block.begin) * channels_;
    for (std::size_t c = 0; c < channels_; c += kLanes) {
      input_tile({row + c / kLanes * image, shape_.height, shape_.width, tile.top - shape_.pad_top,
                  tile.left - shape_.pad_left},
                 v + c, block.products.v_stride);
    }
  }
}

void Winograd::transform_gradient(const float* dy, const Block& block, float* bias_sums) const {
  const auto image = static_cast<std::size_t>(shape_.out_height * shape_.out_width) * kLanes;
  for (std::size_t t = block.begin; t < block.end; ++t) {
    const Tile tile = tile_of(t);
    const float* row = dy + tile.row * image * (filters_ / kLanes);
    float* m = block.m + (t - block.begin) * filters_;
    for (std::size_t k = 0; k < filters_; k += kLanes) {
      gradient_tile(
          {row + k / kLanes * image, shape_.out_height, shape_.out_width, tile.top, tile.left},
          m + k, block.products.m_stride, bias_sums + k);
    }
  }
}

// Tiles overlap: the first one of an image clears it.
void Winograd::return_input(const Block& block, float* dx) const {
  const auto image = static_cast<std::size_t>(shape_.height * shape_.width) * kLanes;
  for (std::size_t t = block.begin; t < block.end; ++t) {
    const Tile tile = tile_of(t);
    float* row = dx + tile.row * image * (channels_ / kLanes);
    if (tile.top == 0 && tile.left == 0) std::fill_n(row, image * (channels_ / kLanes), 0.0f);
    const float* v = block.v + (t - block.begin) * channels_;
    for (std::size_t c = 0; c < channels_; c += kLanes) {
      float* plane = row + c / kLanes * image;
      return_tile(v + c, block.products.v_stride,
                  {plane, shape_.height, shape_.width, tile.top - shape_.pad_top,
                   tile.left - shape_.pad_left},
                  plane);
    }
  }
}

void Winograd::transform_output(const Block& block, const Output& output) const {
  const auto width = static_cast<std::size_t>(shape_.out_width);
  const auto image = static_cast<std::size_t>(shape_.out_height) * width * kLanes;
  constexpr auto out = static_cast<std::int64_t>(kOut);
  for (std::size_t t = block.begin; t < block.end; ++t) {
    const Tile tile = tile_of(t);
    const float* m = block.m + (t - block.begin) * filters_;
    float* y =
        output.y + tile.row * image * (filters_ / kLanes) +
        (static_cast<std::size_t>(tile.top) * width + static_cast<std::size_t>(tile.left)) * kLanes;
    const auto rows = static_cast<std::size_t>(std::min(out, shape_.out_height - tile.top));
    const auto columns = static_cast<std::size_t>(std::min(out, shape_.out_width - tile.left));
    for (std::size_t k = 0; k < filters_; k += kLanes) {
      output_tile(m + k, block.products.m_stride,
                  output.bias != nullptr ? output.bias + k : nullptr, output.relu,
                  {y + k / kLanes * image, width, rows, columns});
    }
  }
}

void Winograd::forward(const float* x, const float* transformed, const Output& output,
                       float* scratch) const {
  for (std::size_t tile = 0; tile < tiles_; tile += block_tiles_) {
    const Block block = block_from(tile, scratch);
    transform_input(x, block);
    block.products.forward.run(block.v, transformed, block.m, scratch + products_at_);
    transform_output(block, output);
  }
}

void Winograd::backward(const float* x, const float* dy, const float* transformed,
                        const Gradients& gradients, float* scratch) const {
  float* weight_gradient = scratch + gradient_at_;
  float* block_sums = scratch + sums_at_;
  auto* sums = reinterpret_cast<double*>(block_sums + filters_);
  std::fill_n(sums, filters_, 0.0);
  for (std::size_t tile = 0; tile < tiles_; tile += block_tiles_) {
    const Block block = block_from(tile, scratch);
    transform_input(x, block);
    std::fill_n(block_sums, filters_, 0.0f);
    transform_gradient(dy, block, block_sums);
    for (std::size_t k = 0; k < filters_; ++k) sums[k] += static_cast<double>(block_sums[k]);
    const auto& products = block.products;
    (tile == 0 ? products.weight : products.further_weight)
        .run(block.v, block.m, weight_gradient, scratch + products_at_);
    if (gradients.dx == nullptr) continue;
    products.input.run(block.m, transformed, block.v, scratch + products_at_);
    return_input(block, gradients.dx);
  }
  return_weights(weight_gradient, channels_ * filters_, gradients.weight);
  if (gradients.bias == nullptr) return;
  for (std::size_t k = 0; k < filters_; ++k) gradients.bias[k] = static_cast<float>(sums[k]);
}

}  // namespace lockstep::layers
