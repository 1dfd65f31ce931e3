#include "layers/variational_code.hpp"

#include "core/error.hpp"
#include "core/math.hpp"
#include "core/random.hpp"
#include "layers/onednn/layout.hpp"

namespace lockstep::layers {

VariationalCode::VariationalCode(const proto::VariationalCode& config, const TensorSpec& input,
                                 const Build& build)
    : units_(input.shape.size() / 2), weight_(config.kl_weight()), number_((*build.counter)++) {
  if (input.shape.rank() != 1 || input.shape[0] % 2 != 0) {
    throw config_error(build, "",
                       "a variational code needs a mean and a log variance for each number, but "
                       "its input has shape " +
                           to_string(input.shape),
                       "put a dense layer of twice the code's size before it");
  }
  output_ = onednn::plain_spec(Shape{static_cast<std::int64_t>(units_)}, build.rows);
  workspace_floats_ = output_.floats;  // e^(v/2) e, 0 when not training
  flops_ = 10.0 * static_cast<double>(units_);
}

void VariationalCode::forward(Lane& lane) const {
  expects(!lane.training || lane.row_ids.size() == lane.rows,
          "a variational code knows the identity of each row");
  const Random random(lane.seed, Purpose::Noise, stream_of(lane.step, number_));
  double penalty = 0;
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const float* mean = lane.x + n * 2 * units_;
    for (std::size_t j = 0; j < units_; ++j) {
      const double m = mean[j], v = mean[units_ + j];
      penalty += m * m + exp_exact(v) - 1 - v;
      const std::size_t i = n * units_ + j;
      const double drawn = lane.training ? random.normal(lane.row_ids[n] * units_ + j) : 0;
      lane.workspace[i] = static_cast<float>(exp_exact(v / 2) * drawn);
      lane.y[i] = mean[j] + lane.workspace[i];
    }
  }
  if (lane.penalty != nullptr) *lane.penalty += weight_ / 2 * penalty;
}

void VariationalCode::backward(Lane& lane) const {
  if (lane.dx == nullptr) return;
  for (std::size_t n = 0; n < lane.rows; ++n) {
    const float* mean = lane.x + n * 2 * units_;
    float* dmean = lane.dx + n * 2 * units_;
    for (std::size_t j = 0; j < units_; ++j) {
      const double m = mean[j], v = mean[units_ + j];
      const std::size_t i = n * units_ + j;
      const double dy = lane.dy[i];
      dmean[j] = static_cast<float>(dy + weight_ * m);
      dmean[units_ + j] =
          static_cast<float>(dy * lane.workspace[i] / 2 + weight_ / 2 * (exp_exact(v) - 1));
    }
  }
}

}  // namespace lockstep::layers
