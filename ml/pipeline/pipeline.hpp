#pragma once
/// The stages of an experiment, feature stages and estimators, and how they are fitted: to rows
/// that are there, on the ranks of a group. Nothing here loads rows.

#include <string>
#include <vector>

#include "data/pipeline.hpp"
#include "ml/evaluators/evaluator.hpp"
#include "ml/pipeline/estimator_stage.hpp"

namespace lockstep::ml {

struct PlacedEstimator {
  std::size_t position = 0;         ///< among the stages
  EstimatorStage* stage = nullptr;  ///< of the pipeline
};

class Pipeline {
 public:
  Pipeline() = default;

  /// As configured. @throws ConfigError
  explicit Pipeline(const Stages& stages);

  /// As saved: `tensors` of the estimators in their order, `source`: the schema of the rows,
  /// `path`: of the folder, for messages. @throws ConfigError, FileError
  Pipeline(const Stages& stages, const std::vector<std::vector<NamedTensor>>& tensors,
           const data::Schema& source, const std::string& path);

  data::Pipeline& stages() noexcept { return stages_; }
  const data::Pipeline& stages() const noexcept { return stages_; }
  const std::vector<PlacedEstimator>& estimators() const noexcept { return estimators_; }

  /// The last estimator: evaluators judge it, predict and the report show it. Expects one.
  const PlacedEstimator& judged() const { return estimators_.back(); }

  /// Lanes of the estimators that have any, which are as many in all; 0: none has.
  std::size_t lanes() const;

  /// Columns that the judged estimator and the stages after it add. `before`: the schema of the
  /// judged estimator's rows. @throws ConfigError
  std::vector<std::string> added_columns(const data::Schema& before) const;

  /// Columns that are left after the last stage: those, and label and weight. @throws ConfigError
  std::vector<std::string> kept_columns(const data::Schema& before) const;

 private:
  data::Pipeline stages_;
  std::vector<PlacedEstimator> estimators_;
};

/// "stage_1": what an estimator before the last one is called in files and metrics.
std::string place_name(std::size_t position);

/// The rows that a pipeline is fitted to, and others that go the same way. Those that are not there
/// have no rows.
struct PipelineRows {
  data::Dataset& train;
  data::Dataset& validation;
  data::Dataset& test;
  bool labels_optional = false;
};

/// What came of an estimator.
struct EstimatorReport {
  std::size_t position = 0;
  Metrics summary;
  std::vector<std::pair<std::string, double>> seconds;  ///< by phase
  double fit_seconds = 0;
};

/// Fits the stages in their order. Rows go as far as the next estimator; then all but the training
/// rows go to the end.
class PipelineFit {
 public:
  /// `loading`: how partitions are spilled and rows shared out. `folder`: of the run, on the
  /// driver.
  PipelineFit(const Context& context, Pipeline& pipeline, PipelineRows rows, FitOptions options,
              data::LoadOptions loading, Progress& progress, RunFolder* folder);

  /// COLLECTIVE. Fits the stages up to the last estimator, and that; false: a signal has stopped
  /// it. `evaluate` is held against the judged estimator before that is fitted. @throws AgreedError
  bool run(const EvaluateConfigs& evaluate);

  /// COLLECTIVE. Fits everything before estimator number `i`, in turn, and brings the rows there.
  /// @throws AgreedError
  bool run_to(std::size_t i);

  /// What estimator number `i` is fitted with; after run_to(i).
  FitInput input_of(std::size_t i);

  /// COLLECTIVE, after run(): brings validation and test rows to the end, and fits what stages
  /// after the last estimator have to learn. @throws AgreedError
  void transform_to_end();

  /// COLLECTIVE, after that: brings the training rows, too, to the end.
  void transform_training_rows();

  /// By then: the columns for predictions.csv, without large ones that only evaluators read.
  const std::vector<std::string>& added() const noexcept { return added_; }

  const std::vector<MakeSums>& evaluators() const noexcept { return evaluators_; }
  const PredictionColumns& columns() const noexcept { return columns_; }  ///< of the judged one
  const std::vector<EstimatorReport>& reports() const noexcept { return reports_; }
  std::uint64_t steps() const noexcept { return steps_; }  ///< of the estimator fitted last
  double fit_seconds() const;                              ///< of all estimators

 private:
  bool fit_one(std::size_t i);
  void transform_others(const std::vector<std::string>& needed, data::Pipeline::Part part);

  const Context& context_;
  Pipeline& pipeline_;
  PipelineRows rows_;
  FitOptions options_;
  data::LoadOptions loading_;
  Progress& progress_;
  RunFolder* folder_;
  bool started_ = false;
  std::size_t reached_ = 0;  // the stage that the rows stand before
  std::vector<std::unique_ptr<Context>> contexts_;
  std::unique_ptr<RunFolder> own_folder_;  // of the estimator under way, before the last one
  PredictionColumns columns_;
  std::vector<std::string> kept_, added_;
  std::vector<MakeSums> evaluators_;
  std::vector<EstimatorReport> reports_;
  std::uint64_t steps_ = 0;
};

}  // namespace lockstep::ml
