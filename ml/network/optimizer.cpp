#include "ml/network/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "core/math.hpp"
#include "core/simd.hpp"

namespace lockstep::ml {
namespace {

/// base^n for whole n by squaring: same bits everywhere.
double power(double base, std::uint64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, base *= base) {
    if (n & 1) result *= base;
  }
  return result;
}

/// The gradient the optimizer sees: averaged, cut, with L2 decay.
struct Gradient {
  float scale, limit, decay;
};

Gradient gradient_of(const UpdateTerms& terms, double weight_decay) {
  return {static_cast<float>(terms.gradient_scale),
          terms.clip_value > 0 ? static_cast<float>(terms.clip_value) : HUGE_VALF,
          static_cast<float>(weight_decay)};
}

inline float apply(const Gradient& gradient, float sum, float parameter) {
  float g = sum * gradient.scale;
  g = g > gradient.limit ? gradient.limit : g;
  g = g < -gradient.limit ? -gradient.limit : g;
  return g + gradient.decay * parameter;
}

LOCKSTEP_SIMD void sgd_plain(float* w, const float* sums, std::size_t n, Gradient gradient,
                             float rate) {
  for (std::size_t i = 0; i < n; ++i) w[i] -= rate * apply(gradient, sums[i], w[i]);
}

LOCKSTEP_SIMD void sgd_momentum(float* w, const float* sums, float* velocity, std::size_t n,
                                Gradient gradient, float rate, float momentum, float nesterov) {
  // velocity = momentum velocity + g; w -= rate (g nesterov + velocity (nesterov ? momentum : 1)),
  // as in PyTorch.
  const float along = nesterov != 0 ? momentum : 1;
  for (std::size_t i = 0; i < n; ++i) {
    const float g = apply(gradient, sums[i], w[i]);
    const float v = momentum * velocity[i] + g;
    velocity[i] = v;
    w[i] -= rate * (nesterov * g + along * v);
  }
}

struct AdamTerms {
  float beta1, beta2, rate, root_correction, epsilon, shrink;
};

LOCKSTEP_SIMD void adam(float* w, const float* sums, float* m, float* v, std::size_t n,
                        Gradient gradient, AdamTerms a) {
  const float rest1 = 1 - a.beta1, rest2 = 1 - a.beta2;
  for (std::size_t i = 0; i < n; ++i) {
    const float g = apply(gradient, sums[i], w[i]);
    m[i] = a.beta1 * m[i] + rest1 * g;
    v[i] = a.beta2 * v[i] + rest2 * g * g;
    w[i] = a.shrink * w[i] - a.rate * m[i] / (std::sqrt(v[i]) * a.root_correction + a.epsilon);
  }
}

LOCKSTEP_SIMD void rmsprop(float* w, const float* sums, float* square, float* velocity,
                           std::size_t n, Gradient gradient, float rate, float alpha, float epsilon,
                           float momentum) {
  for (std::size_t i = 0; i < n; ++i) {
    const float g = apply(gradient, sums[i], w[i]);
    square[i] = alpha * square[i] + (1 - alpha) * g * g;
    const float v = momentum * velocity[i] + g / (std::sqrt(square[i]) + epsilon);
    velocity[i] = v;
    w[i] -= rate * v;
  }
}

class SgdOptimizer final : public Optimizer {
 public:
  SgdOptimizer(const proto::Sgd& config, std::size_t floats)
      : Optimizer("sgd", config.learning_rate(), floats,
                  config.momentum() > 0 ? std::vector<std::string>{"momentum"}
                                        : std::vector<std::string>{}),
        config_(config) {}

  bool leaves_still() const override { return state_.empty() && config_.weight_decay() == 0; }

  void update(std::span<float> parameters, std::span<const float> gradients, std::size_t begin,
              std::size_t end, const UpdateTerms& terms) override {
    const auto gradient = gradient_of(terms, config_.weight_decay());
    const auto rate = static_cast<float>(terms.learning_rate);
    if (state_.empty()) {
      sgd_plain(parameters.data() + begin, gradients.data() + begin, end - begin, gradient, rate);
    } else {
      sgd_momentum(parameters.data() + begin, gradients.data() + begin, state(0).data() + begin,
                   end - begin, gradient, rate, static_cast<float>(config_.momentum()),
                   config_.nesterov() ? 1 : 0);
    }
  }

 private:
  proto::Sgd config_;
};

/// Adam and AdamW differ in where the decay goes: into the gradient, or into the weight itself.
class AdamOptimizer final : public Optimizer {
 public:
  AdamOptimizer(const proto::Adam& config, std::size_t floats)
      : AdamOptimizer("adam", config, floats) {
    l2_ = config.weight_decay();
  }
  AdamOptimizer(const proto::AdamW& config, std::size_t floats)
      : AdamOptimizer("adamw", config, floats) {
    decoupled_ = config.weight_decay();
  }

  void update(std::span<float> parameters, std::span<const float> gradients, std::size_t begin,
              std::size_t end, const UpdateTerms& terms) override {
    const double correction1 = 1 - power(beta1_, terms.step + 1),
                 correction2 = 1 - power(beta2_, terms.step + 1);
    const AdamTerms adam_terms{static_cast<float>(beta1_),
                               static_cast<float>(beta2_),
                               static_cast<float>(terms.learning_rate / correction1),
                               static_cast<float>(1 / std::sqrt(correction2)),
                               static_cast<float>(epsilon_),
                               static_cast<float>(1 - terms.learning_rate * decoupled_)};
    adam(parameters.data() + begin, gradients.data() + begin, state(0).data() + begin,
         state(1).data() + begin, end - begin, gradient_of(terms, l2_), adam_terms);
  }

 private:
  template <typename Config>
  AdamOptimizer(const char* name, const Config& config, std::size_t floats)
      : Optimizer(name, config.learning_rate(), floats, {"exp_avg", "exp_avg_sq"}),
        beta1_(config.beta1()),
        beta2_(config.beta2()),
        epsilon_(config.epsilon()) {}

  double beta1_, beta2_, epsilon_, l2_ = 0, decoupled_ = 0;
};

class RmsPropOptimizer final : public Optimizer {
 public:
  RmsPropOptimizer(const proto::RmsProp& config, std::size_t floats)
      : Optimizer("rmsprop", config.learning_rate(), floats, {"square_avg", "momentum"}),
        config_(config) {}

  void update(std::span<float> parameters, std::span<const float> gradients, std::size_t begin,
              std::size_t end, const UpdateTerms& terms) override {
    rmsprop(parameters.data() + begin, gradients.data() + begin, state(0).data() + begin,
            state(1).data() + begin, end - begin, gradient_of(terms, config_.weight_decay()),
            static_cast<float>(terms.learning_rate), static_cast<float>(config_.alpha()),
            static_cast<float>(config_.epsilon()), static_cast<float>(config_.momentum()));
  }

 private:
  proto::RmsProp config_;
};

}  // namespace

LazyVector::LazyVector(std::size_t size)
    : data_(static_cast<float*>(std::calloc(std::max<std::size_t>(size, 1), sizeof(float)))),
      size_(size) {
  if (!data_) throw std::bad_alloc();
}

Optimizer::Optimizer(std::string name, double learning_rate, std::size_t floats,
                     std::vector<std::string> state_names)
    : name_(std::move(name)), learning_rate_(learning_rate), state_names_(std::move(state_names)) {
  for (std::size_t i = 0; i < state_names_.size(); ++i) state_.emplace_back(floats);
}

std::unique_ptr<Optimizer> make_optimizer(const proto::Optimizer& config, std::size_t floats) {
  switch (config.kind_case()) {
    case proto::Optimizer::kSgd:
      return std::make_unique<SgdOptimizer>(config.sgd(), floats);
    case proto::Optimizer::kAdam:
      return std::make_unique<AdamOptimizer>(config.adam(), floats);
    case proto::Optimizer::kAdamw:
      return std::make_unique<AdamOptimizer>(config.adamw(), floats);
    case proto::Optimizer::kRmsprop:
      return std::make_unique<RmsPropOptimizer>(config.rmsprop(), floats);
    case proto::Optimizer::KIND_NOT_SET:
      break;
  }
  return std::make_unique<AdamOptimizer>(proto::Adam::default_instance(), floats);
}

}  // namespace lockstep::ml
