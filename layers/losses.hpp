#pragma once
/// What is minimised: a function of one row's outputs and its label or target.

#include <memory>
#include <span>
#include <string>

#include "core/proto/layers.pb.h"
#include "layers/network.hpp"

namespace lockstep::layers {

class Loss {
 public:
  virtual ~Loss() = default;

  virtual Task task() const = 0;
  virtual std::string name() const = 0;

  /// Labels a row: 1 for classes, the words of a text, else the number of outputs.
  virtual std::size_t labels_per_row() const = 0;

  /// Sums over the rows. logits [N, K]; dlogits [N, K], the gradient of the loss sum, or null if
  /// not wanted.
  /// @throws DataError if a label does not fit.
  virtual LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                              float* dlogits) const = 0;

  /// What people see: probabilities of logits, or the values as they are. [N, K] both.
  virtual void present(std::span<const float> logits, float* outputs) const = 0;
};

/// `outputs` numbers a row; `at` is the config path of the loss.
/// @throws ConfigError if the loss does not fit the number of outputs.
std::unique_ptr<const Loss> make_loss(const proto::Loss& config, std::size_t outputs,
                                      const std::string& at);

}  // namespace lockstep::layers
