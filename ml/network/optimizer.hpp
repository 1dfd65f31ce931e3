#pragma once
/// Optimizers: one vectorised pass over a piece of the flat parameter vector. Local, MPI-free. A
/// rank only ever updates its own segments, so the state of the others is never touched and costs
/// no memory (ZeRO stage 1).

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/proto/training.pb.h"

namespace lockstep::ml {

/// `size` floats that are zero and take no memory until they are touched.
class LazyVector {
 public:
  explicit LazyVector(std::size_t size);
  std::span<float> span() noexcept { return {data_.get(), size_}; }
  std::span<const float> span() const noexcept { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(float* p) const noexcept { std::free(p); }
  };
  std::unique_ptr<float, Free> data_;
  std::size_t size_;
};

/// What an update needs besides the gradient. `gradient_scale` turns the summed gradient into the
/// mean one (and clips its norm).
struct UpdateTerms {
  double learning_rate = 0;
  std::uint64_t step = 0;  ///< from 0
  double gradient_scale = 1;
  double clip_value = 0;  ///< elements are cut to +- this; 0: not at all
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates parameters [begin, end) of the flat vector from the gradient sums there.
  virtual void update(std::span<float> parameters, std::span<const float> gradients,
                      std::size_t begin, std::size_t end, const UpdateTerms& terms) = 0;

  /// Whether a parameter whose gradient is +0 stays exactly as it is, and its state too.
  virtual bool leaves_still() const { return false; }

  double learning_rate() const noexcept {
    return learning_rate_;
  }  ///< as configured, before the schedule
  const std::string& name() const noexcept { return name_; }

  /// State vectors, as long as the flat vector, by name ("momentum", "exp_avg", ...): for
  /// checkpoints.
  const std::vector<std::string>& state_names() const noexcept { return state_names_; }
  std::span<float> state(std::size_t index) { return state_.at(index).span(); }

 protected:
  Optimizer(std::string name, double learning_rate, std::size_t floats,
            std::vector<std::string> state_names);

  std::vector<LazyVector> state_;

 private:
  std::string name_;
  double learning_rate_;
  std::vector<std::string> state_names_;
};

/// The configured optimizer, Adam if none is; for a flat vector of `floats` numbers.
std::unique_ptr<Optimizer> make_optimizer(const proto::Optimizer& config, std::size_t floats);

}  // namespace lockstep::ml
