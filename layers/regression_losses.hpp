#pragma once
/// Losses of regressions, outputs y [N, K] against targets t [N, K]; a row's loss is the mean over
/// its K outputs. d = y - t:
///   Squared   d^2                                                  dy = 2 d / K
///   Absolute  |d|                                                  dy = sign(d) / K
///   Huber     |d| <= delta ? d^2 / 2 : delta (|d| - delta / 2)     dy = clamp(d, -delta, delta) /
///   K

#include "layers/losses.hpp"

namespace lockstep::layers {

class RegressionLoss final : public Loss {
 public:
  enum class Kind { Squared, Absolute, Huber };

  /// `delta` is Huber's.
  RegressionLoss(Kind kind, std::size_t outputs, double delta)
      : kind_(kind), outputs_(outputs), delta_(delta) {}

  Task task() const override { return Task::Regression; }
  std::string name() const override;
  std::size_t labels_per_row() const override { return outputs_; }
  LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                      float* dlogits) const override;
  void present(std::span<const float> logits, float* outputs) const override;

 private:
  struct Term {
    double loss, slope;
  };
  Term term(double d) const;

  Kind kind_;
  std::size_t outputs_;
  double delta_;
};

}  // namespace lockstep::layers
