/// The list of estimators: one is its file pair, its config message, one line above and one in the
/// switch here.
#include "core/error.hpp"
#include "ml/clustering/kmeans.hpp"
#include "ml/linear/linear_regression.hpp"
#include "ml/network/network_estimator.hpp"
#include "ml/network/network_models.hpp"
#include "ml/pipeline/estimator.hpp"

namespace lockstep::ml {
namespace {

struct Kind {
  std::unique_ptr<Estimator> (*make)(const StageContext&);
  std::unique_ptr<Model> (*load)(const StageContext&, const std::vector<NamedTensor>&,
                                 const data::Schema&, const std::string& path);
};

/// `TheModel` has a static function load() of that shape.
template <typename TheEstimator, typename TheModel>
constexpr Kind kind() {
  return {[](const StageContext& context) -> std::unique_ptr<Estimator> {
            return std::make_unique<TheEstimator>(context);
          },
          [](const StageContext& context, const std::vector<NamedTensor>& tensors,
             const data::Schema& input, const std::string& path) -> std::unique_ptr<Model> {
            return TheModel::load(context, tensors, input, path);
          }};
}

Kind kind_of(const StageContext& context) {
  switch (context.stage.kind_case()) {
    case proto::Stage::kNetwork:
      return kind<NetworkEstimator, NetworkModel>();
    case proto::Stage::kAutoencoder:
      return kind<NetworkEstimator, AutoencoderModel>();
    case proto::Stage::kSequenceToSequence:
      return kind<NetworkEstimator, TranslationModel>();
    case proto::Stage::kKmeans:
      return kind<KMeansEstimator, KMeansModel>();
    case proto::Stage::kLinearRegression:
      return kind<LinearRegressionEstimator, LinearRegressionModel>();
    default:
      break;
  }
  throw InternalError("a stage that is no estimator is made as one: " + context.at);
}

}  // namespace

std::unique_ptr<Estimator> make_estimator(const StageContext& context) {
  return kind_of(context).make(context);
}

std::unique_ptr<Model> load_model(const StageContext& context,
                                  const std::vector<NamedTensor>& tensors,
                                  const data::Schema& input, const std::string& path) {
  return kind_of(context).load(context, tensors, input, path);
}

}  // namespace lockstep::ml
