#include "layers/initializers.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/random.hpp"

namespace lockstep::layers {
namespace {

// How values are drawn: uniform in +- width, or normal with this deviation.
struct Spread {
  bool normal;
  double width;
};

Spread spread_of(const ParameterInfo& info) {
  const auto in = static_cast<double>(info.fan_in), out = static_cast<double>(info.fan_out);
  switch (info.initializer) {
    case proto::GLOROT_UNIFORM:
      return {false, std::sqrt(6 / (in + out))};
    case proto::GLOROT_NORMAL:
      return {true, std::sqrt(2 / (in + out))};
    case proto::HE_UNIFORM:
      return {false, std::sqrt(6 / in)};
    case proto::HE_NORMAL:
      return {true, std::sqrt(2 / in)};
    case proto::UNIFORM:
      return {false, info.scale};
    case proto::NORMAL:
      return {true, info.scale};
    case proto::ZEROS:
      return {false, 0};
    case proto::DEFAULT:
      break;
  }
  throw InternalError("a layer left its initializer unresolved");
}

bool is_rectifier(proto::Activation kind) {
  return kind == proto::RELU || kind == proto::LEAKY_RELU || kind == proto::ELU ||
         kind == proto::GELU;
}

}  // namespace

proto::Initializer resolve(proto::Initializer initializer, proto::Activation own,
                           proto::Activation following) {
  if (initializer != proto::DEFAULT) return initializer;
  return is_rectifier(own == proto::NONE ? following : own) ? proto::HE_UNIFORM
                                                            : proto::GLOROT_UNIFORM;
}

void initialize(const ParameterInfo& info, std::uint64_t seed, std::uint64_t stream,
                std::span<float> plain) {
  const Spread spread = spread_of(info);
  const Random random(seed, Purpose::InitialWeights, stream);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    double value = 0;
    if (spread.width != 0) {
      value = spread.normal ? random.normal(i) : 2.0 * static_cast<double>(random.uniform(i)) - 1.0;
    }
    const bool constant = i >= info.constant_begin && i < info.constant_end;
    plain[i] = static_cast<float>((constant ? info.constant : 0) + spread.width * value);
  }
}

}  // namespace lockstep::layers
