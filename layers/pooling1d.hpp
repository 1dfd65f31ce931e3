#pragma once
/// What max_pooling1d and average_pooling1d share. N = rows of the lane; windows as in
/// layers/time_window.hpp, of which only steps 0 .. L_n - 1 of row n count (T where the input is
/// not masked).
///   x [N, T, F]   y [N, T', F]
///   max: dx = dy at the first largest of the window;  average: dx = dy / counted steps, summed
///   over the windows

#include "layers/time_window.hpp"

namespace lockstep::layers {

class Pooling1d : public Layer {
 public:
  void output_lengths(const Lane& lane, std::int32_t* lengths) const override;
  void forward(Lane& lane) const override;
  void backward(Lane& lane) const override;

 protected:
  enum class Kind { Max, Average };
  /// @throws ConfigError if the input is no sequence or the window does not fit.
  Pooling1d(Kind kind, const TimeWindow& window, const TensorSpec& input, const Build& build);

 private:
  /// The first and one past the last counted step of the window.
  struct Steps {
    std::size_t begin, end;
  };
  Steps steps_of(std::size_t window, std::size_t length) const;

  Kind kind_;
  TimeWindow window_;
  std::size_t steps_, outputs_, features_;
};

}  // namespace lockstep::layers
