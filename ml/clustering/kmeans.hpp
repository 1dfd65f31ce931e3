#pragma once
/// k-means as an estimator (clustering.proto has the parameters): Lloyd's iterations from a start
/// of k-means||, random rows, or given centres.

#include <memory>
#include <string>
#include <vector>

#include "ml/clustering/kmeans_steps.hpp"
#include "ml/pipeline/estimator.hpp"
#include "ml/pipeline/vector_columns.hpp"

namespace lockstep::ml {

class KMeansEstimator final : public Estimator {
 public:
  explicit KMeansEstimator(const StageContext& context);

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
  /// One run from one start.
  struct Run {
    Centers centers;
    double cost = 0;                ///< of the final centres
    std::vector<double> weights{};  ///< of the rows nearest to each
    std::uint32_t iterations = 0;
  };
  Centers start(const FitInput& input, std::uint32_t run) const;
  Run run_from(const FitInput& input, std::uint32_t number, Centers centers) const;

  proto::Stage stage_;
  std::string at_;
  VectorColumns columns_;
};

/// Adds the nearest centre's number. The loss of rows is weight * squared distance (COSINE:
/// distance) from it.
class KMeansModel final : public Model {
 public:
  KMeansModel(proto::Stage stage, std::string at, Centers centers,
              std::vector<std::string> feature_names);
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
  Centers centers_;
  std::vector<std::string> feature_names_;
  VectorColumns reads_;
  PredictionColumns columns_;
};

}  // namespace lockstep::ml
