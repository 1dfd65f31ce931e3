#pragma once
/// Convolution 3 x 3 with stride 1 by Winograd's minimal filtering F(4 x 4, 3 x 3): four times
/// fewer multiplications than the sum itself (Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks", 2015). Local and sequential; layers/winograd_conv2d.hpp makes a layer of it.
///
/// N = rows, C = channels in, K = channels out, both multiples of 16. The output is cut into tiles
/// of 4 x 4, each of which depends on 6 x 6 values of the input:
///   V = B' x B,  U = G w G',  M[p] = V[p] U[p] at each of the 36 places p,  y = A' M A
/// Backward is the same way back:
///   dM = A dy A',  dU[p] = V[p]' dM[p] over all tiles,  dw = G' dU G
///   dV[p] = dM[p] U[p]',  dx = the sum over the tiles of B dV B'
/// The sums over channels are 36 matrix products each. Tiles are taken so many at a time that V and
/// M stay in the core's cache.
///
/// Images lie in blocks of 16 channels, [N, C/16, H, W, 16]. The weight lies as [3, 3, C, K].

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lockstep::layers {

/// Of one convolution: y is [K, out_height, out_width] with out = in + 2 pad - 2.
struct WinogradShape {
  std::int64_t channels = 0, filters = 0;  ///< multiples of 16
  std::int64_t height = 0, width = 0;      ///< of the input
  std::int64_t pad_top = 0, pad_left = 0;  ///< rows and columns of zeros before the input, 0 to 2
  std::int64_t out_height = 0, out_width = 0;
};

inline constexpr std::size_t kWinogradPlaces = 36;  ///< numbers of a 3 x 3 kernel once transformed

/// Compiled for a number of rows.
class Winograd {
 public:
  Winograd(const WinogradShape& shape, std::size_t rows, bool input_gradient);
  ~Winograd();

  const WinogradShape& shape() const noexcept { return shape_; }
  std::size_t transformed_floats() const noexcept;  ///< of the weight: [36, C, K]
  std::size_t scratch_floats() const noexcept { return scratch_floats_; }

  /// U of a weight [3, 3, C, K].
  void transform_weight(const float* weight, float* transformed) const;

  /// y = x * w + bias, and max(y, 0) where `relu`. A null bias is zero.
  struct Output {
    float* y;
    const float* bias;
    bool relu;
  };
  void forward(const float* x, const float* transformed, const Output& output,
               float* scratch) const;

  /// Gradients of the weight [3, 3, C, K], the bias [K] and the input, written. Null: not wanted,
  /// but for the weight's; dx only if there is an input gradient.
  struct Gradients {
    float *weight, *bias, *dx;
  };
  void backward(const float* x, const float* dy, const float* transformed,
                const Gradients& gradients, float* scratch) const;

 private:
  struct Products;  // of so many tiles
  /// Some tiles of a lane and where V and M of them lie, one place after the other.
  struct Block {
    std::size_t begin, end;  ///< tiles, counted over all rows
    const Products& products;
    float *v, *m;  ///< [36][tiles, C], [36][tiles, K]
  };
  struct Tile {
    std::size_t row;
    std::int64_t top, left;  ///< of the output
  };

  void compile(std::size_t tiles, bool input_gradient);
  Block block_from(std::size_t tile, float* scratch) const noexcept;
  Tile tile_of(std::size_t number) const noexcept;

  void transform_input(const float* x, const Block& block) const;
  void transform_output(const Block& block, const Output& output) const;
  void transform_gradient(const float* dy, const Block& block, float* bias_sums) const;
  void return_input(const Block& block, float* dx) const;

  WinogradShape shape_;
  std::int64_t tiles_high_, tiles_wide_;
  std::size_t channels_, filters_;
  std::size_t tiles_ = 0, block_tiles_ = 0;                // of all rows, of a block but the last
  std::size_t m_at_ = 0, gradient_at_ = 0;                 // in the scratch memory, behind V
  std::vector<std::unique_ptr<const Products>> products_;  // of a whole block, of the last one
  std::size_t sums_at_ = 0, products_at_ = 0, scratch_floats_ = 0;
};

}  // namespace lockstep::layers
