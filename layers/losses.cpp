#include "layers/losses.hpp"

#include "core/error.hpp"
#include "layers/binary_cross_entropy.hpp"
#include "layers/cross_entropy.hpp"
#include "layers/regression_losses.hpp"
#include "layers/token_cross_entropy.hpp"

namespace lockstep::layers {

std::unique_ptr<const Loss> make_loss(const proto::Loss& config, std::size_t outputs,
                                      const std::string& at) {
  switch (config.kind_case()) {
    case proto::Loss::kCrossEntropy:
      return std::make_unique<CrossEntropy>(config.cross_entropy(), outputs, at + ".cross_entropy");
    case proto::Loss::kBinaryCrossEntropy:
      return std::make_unique<BinaryCrossEntropy>(config.binary_cross_entropy(), outputs,
                                                  at + ".binary_cross_entropy");
    case proto::Loss::kMeanSquaredError:
      return std::make_unique<RegressionLoss>(RegressionLoss::Kind::Squared, outputs, 0);
    case proto::Loss::kMeanAbsoluteError:
      return std::make_unique<RegressionLoss>(RegressionLoss::Kind::Absolute, outputs, 0);
    case proto::Loss::kHuber:
      return std::make_unique<RegressionLoss>(RegressionLoss::Kind::Huber, outputs,
                                              config.huber().delta());
    case proto::Loss::kTokenCrossEntropy:
      return std::make_unique<TokenCrossEntropy>(config.token_cross_entropy(), outputs,
                                                 at + ".token_cross_entropy");
    case proto::Loss::KIND_NOT_SET:
      break;
  }
  Where where;
  where.field = at;
  throw ConfigError("a loss without a kind", where, "write for example: loss { cross_entropy {} }");
}

}  // namespace lockstep::layers
