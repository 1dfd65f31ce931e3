#pragma once
/// An estimator's place among the stages: an estimator until it is fitted, then its model.

#include <memory>
#include <string>
#include <vector>

#include "data/stage.hpp"
#include "ml/pipeline/estimator.hpp"

namespace lockstep::ml {

class EstimatorStage final : public data::FeatureStage {
 public:
  /// @throws ConfigError
  explicit EstimatorStage(const StageContext& context)
      : at_(context.at), stage_(context.stage), estimator_(make_estimator(context)) {}

  std::vector<std::string> input_columns() const override {
    return model_ ? model_->input_columns() : estimator_->input_columns();
  }
  bool can_do_without(const std::string& column) const override {
    return estimator_->can_do_without(column);
  }
  data::Schema output_schema(const data::Schema& input) const override {
    return model_ ? model_->output_schema(input) : estimator_->output_schema(input);
  }
  bool is_fitted() const override { return model_ != nullptr; }
  data::Effect transform(data::Partition& partition, data::Phase phase) const override {
    return model_->transform(partition, phase);
  }
  proto::Stage save() const override { return model_ ? model_->save().stage : stage_; }

  const std::string& at() const noexcept { return at_; }  ///< "stage[1].autoencoder"
  Estimator& estimator() noexcept { return *estimator_; }
  const Estimator& estimator() const noexcept { return *estimator_; }

  /// It is fitted from now on.
  void take(std::unique_ptr<Model> model) { model_ = std::move(model); }
  Model& model() noexcept { return *model_; }
  const Model& model() const noexcept { return *model_; }  ///< expects is_fitted()

  /// What it reads and adds. @throws ConfigError as output_schema does
  PredictionColumns columns(const data::Schema& input) const {
    return model_ ? model_->columns() : estimator_->columns(input);
  }

 private:
  std::string at_;
  proto::Stage stage_;
  std::unique_ptr<Estimator> estimator_;
  std::unique_ptr<Model> model_;
};

}  // namespace lockstep::ml
