#pragma once
/// Least squares as an estimator (linear.proto has the objective and the parameters), by the normal
/// equations. Where features are collinear the coefficients are those of the smallest norm in units
/// of the features' deviations.

#include <memory>
#include <string>
#include <vector>

#include "ml/linear/least_squares.hpp"
#include "ml/pipeline/estimator.hpp"
#include "ml/pipeline/vector_columns.hpp"

namespace lockstep::ml {

class LinearRegressionEstimator final : public Estimator {
 public:
  explicit LinearRegressionEstimator(const StageContext& context);

  void check(const proto::Experiment& experiment, Problems& problems) const override;
  std::vector<std::string> input_columns() const override { return columns_.names(); }
  bool can_do_without(const std::string& column) const override {
    return columns_.can_do_without(column);
  }
  data::Schema output_schema(const data::Schema& input) const override;
  PredictionColumns columns(const data::Schema& input) const override;
  Fitted fit(const FitInput& input) override;
  Description plan(const FitInput& input) override;

 private:
  proto::Stage stage_;
  std::string at_;
  VectorColumns columns_;
};

/// Adds x b + b0. The loss of rows is weight * (y - x b - b0)^2 / 2.
class LinearRegressionModel final : public Model {
 public:
  LinearRegressionModel(proto::Stage stage, std::string at, LinearFunction function);
  static std::unique_ptr<Model> load(const StageContext& context,
                                     const std::vector<NamedTensor>& tensors,
                                     const data::Schema& input, const std::string& path);

  std::vector<std::string> input_columns() const override { return reads_.names(); }
  bool can_do_without(const std::string& column) const override {
    return reads_.can_do_without(column);
  }
  data::Schema output_schema(const data::Schema& input) const override;
  data::Effect transform(data::Partition& partition, data::Phase phase) const override;
  const PredictionColumns& columns() const override { return columns_; }
  SavedModel save() const override;
  Description describe() const override;

 private:
  proto::Stage stage_;
  std::string at_;
  LinearFunction function_;
  VectorColumns reads_;
  PredictionColumns columns_;
};

}  // namespace lockstep::ml
