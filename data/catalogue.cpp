/// The list of feature stages: a stage is its file pair, its config message and one line in each
/// switch here.
#include "core/error.hpp"
#include "data/features/image_feature.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

bool is_feature_stage(const proto::Stage& stage) {
  switch (stage.kind_case()) {
    case proto::Stage::kImageFeature:
      return true;
    case proto::Stage::kNetwork:
    case proto::Stage::KIND_NOT_SET:
      break;
  }
  return false;
}

std::unique_ptr<Transformer> make_transformer(const proto::Stage& stage, const std::string& at) {
  switch (stage.kind_case()) {
    case proto::Stage::kImageFeature:
      return std::make_unique<ImageFeature>(stage.image_feature(), at + ".image_feature");
    case proto::Stage::kNetwork:
      throw ConfigError("an estimator stands where a feature stage is expected", {.field = at},
                        "feature stages come first, the estimator last");
    case proto::Stage::KIND_NOT_SET:
      break;
  }
  throw ConfigError("a stage without a kind", {.field = at},
                    "write for example: stage { image_feature { height: 28 width: 28 } }");
}

}  // namespace lockstep::data
