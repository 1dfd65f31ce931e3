#include "ml/pipeline/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/stages.hpp"
#include "core/timeline.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/vectors/image_feature.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/row_check.hpp"

namespace lockstep::ml {
namespace {

std::vector<PlacedEstimator> estimators_of(const data::Pipeline& pipeline) {
  std::vector<PlacedEstimator> found;
  for (std::size_t i = 0; i < pipeline.stages().size(); ++i) {
    auto* stage = dynamic_cast<EstimatorStage*>(pipeline.stages()[i].get());
    if (stage != nullptr) found.push_back({i, stage});
  }
  return found;
}

std::string kind_path(const proto::Stage& stage, const std::string& at) {
  return at + "." + kind_name(stage);
}

/// The last estimator's is the experiment's; the others' are drawn from it: no two share random
/// numbers.
std::uint64_t seed_of(std::uint64_t seed, std::size_t position, bool judged) {
  if (judged) return seed;
  const auto bits = Random(seed, Purpose::Estimator, position).block(0);
  return (static_cast<std::uint64_t>(bits[0]) << 32) | bits[1];
}

/// Columns that estimators can do without when they predict, and that nothing reads but what makes
/// weights of them.
std::vector<std::string> label_columns(const data::Pipeline& pipeline) {
  std::vector<std::string> labels, others;
  for (const auto& stage : pipeline.stages()) {
    if (stage->save().has_weight_by_class()) continue;
    const bool estimator = dynamic_cast<const EstimatorStage*>(stage.get()) != nullptr;
    for (const auto& name : stage->input_columns())
      (estimator && stage->can_do_without(name) ? labels : others).push_back(name);
  }
  std::erase_if(labels, [&](const auto& name) {
    return std::find(others.begin(), others.end(), name) != others.end();
  });
  return labels;
}

void tell_label_columns(const data::Pipeline& pipeline) {
  const auto labels = label_columns(pipeline);
  for (const auto& stage : pipeline.stages()) stage->set_label_columns(labels);
}

void add_unless_there(std::vector<std::string>& names, const std::string& name) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(name);
}

}  // namespace

std::string place_name(std::size_t position) { return fmt::format("stage_{}", position); }

Pipeline::Pipeline(const Stages& stages)
    : stages_({stages.begin(), stages.end()},
              [&](const proto::Stage& stage,
                  const std::string& at) -> std::unique_ptr<data::FeatureStage> {
                if (!is_estimator(stage)) return data::make_feature_stage(stage, at);
                return std::make_unique<EstimatorStage>(
                    StageContext{stage, kind_path(stage, at), stages});
              }),
      estimators_(estimators_of(stages_)) {
  std::vector<std::string> inputs;
  for (const auto& [position, stage] : estimators_) {
    for (const auto& name : stage->input_columns()) inputs.push_back(name);
  }
  if (!estimators_.empty()) data::check_augmentations(stages_.stages(), inputs);
  tell_label_columns(stages_);
}

Pipeline::Pipeline(const Stages& stages, const std::vector<std::vector<NamedTensor>>& tensors,
                   const data::Schema& source, const std::string& path) {
  data::Schema schema = source;
  std::size_t next = 0;
  stages_ = data::Pipeline(
      {stages.begin(), stages.end()},
      [&](const proto::Stage& stage, const std::string& at) -> std::unique_ptr<data::FeatureStage> {
        std::unique_ptr<data::FeatureStage> made;
        if (is_estimator(stage)) {
          const StageContext context{stage, kind_path(stage, at), stages};
          auto placed = std::make_unique<EstimatorStage>(context);
          if (next == tensors.size())
            throw FileError(fmt::format("{} lacks the tensors of {}", path, context.at),
                            {.file = path}, "train the model again");
          placed->take(load_model(context, tensors[next++], schema, path));
          made = std::move(placed);
        } else {
          made = data::make_feature_stage(stage, at);
        }
        schema = made->output_schema(schema);
        return made;
      });
  estimators_ = estimators_of(stages_);
  tell_label_columns(stages_);
}

std::size_t Pipeline::lanes() const {
  std::size_t lanes = 0;
  for (const auto& [position, stage] : estimators_)
    lanes = std::max(lanes, stage->estimator().lanes());
  return lanes;
}

std::vector<std::string> Pipeline::added_columns(const data::Schema& before) const {
  data::Schema schema = before;
  for (std::size_t i = judged().position; i < stages_.stages().size(); ++i)
    schema = stages_.stages()[i]->output_schema(schema);
  std::vector<std::string> added;
  for (const auto& name : schema.names()) {
    if (!before.has(name)) added.push_back(name);
  }
  return added;
}

std::vector<std::string> Pipeline::kept_columns(const data::Schema& before) const {
  const auto columns = judged().stage->columns(before);
  auto kept = added_columns(before);
  for (const auto& name : {columns.label, columns.weight, columns.anomaly})
    add_unless_there(kept, name);
  return kept;
}

PipelineFit::PipelineFit(const Context& context, Pipeline& pipeline, PipelineRows rows,
                         FitOptions options, data::LoadOptions loading, Progress& progress,
                         RunFolder* folder)
    : context_(context),
      pipeline_(pipeline),
      rows_(rows),
      options_(std::move(options)),
      loading_(std::move(loading)),
      progress_(progress),
      folder_(folder) {
  for (const auto& [position, stage] : pipeline.estimators()) {
    const bool judged = position == pipeline.judged().position;
    contexts_.push_back(
        std::make_unique<Context>(Context{{context.ranks, context.threads},
                                          context.options,
                                          seed_of(context.seed, position, judged)}));
  }
}

void PipelineFit::transform_others(const std::vector<std::string>& needed,
                                   data::Pipeline::Part part) {
  for (auto* dataset : {&rows_.validation, &rows_.test}) {
    if (dataset->rows > 0) pipeline_.stages().transform(context_, *dataset, needed, loading_, part);
  }
}

bool PipelineFit::run_to(std::size_t i) {
  const auto& estimators = pipeline_.estimators();
  for (std::size_t k = 0; k <= i; ++k) {
    const auto& [position, stage] = estimators[k];
    if (!std::exchange(started_, true) || reached_ < position) {
      const data::Pipeline::Part part{reached_, position};
      const auto needed = stage->input_columns();
      pipeline_.stages().fit(context_, rows_.train, needed, loading_, part);
      transform_others(needed, part);
      reached_ = position;
    }
    if (k < i && !stage->is_fitted() && !fit_one(k)) return false;
  }
  return true;
}

FitInput PipelineFit::input_of(std::size_t i) {
  const bool judged = i + 1 == pipeline_.estimators().size();
  return {*contexts_.at(i),
          rows_.train,
          rows_.validation.rows > 0 ? &rows_.validation : nullptr,
          pipeline_.stages(),
          options_,
          progress_,
          judged ? folder_ : own_folder_.get()};
}

bool PipelineFit::fit_one(std::size_t i) {
  const double start = clock_seconds();
  const auto& [position, stage] = pipeline_.estimators().at(i);
  const auto columns = stage->columns(rows_.train.schema);
  check_rows(context_, rows_.train, columns, RowUse::Training);
  check_rows(context_, rows_.validation, columns, RowUse::Judging);
  check_rows(context_, rows_.test, columns, RowUse::Judging);
  own_folder_.reset();
  if (position != pipeline_.judged().position && !options_.untrained) {
    dist::all_or_none(context_.ranks, [&, at = position] {
      if (folder_ == nullptr) return;
      own_folder_ = std::make_unique<RunFolder>(folder_->files(), folder_->file(place_name(at)),
                                                options_.resume);
    });
  }
  if (context_.is_driver()) progress_.on_estimator(stage->at());
  auto fitted = stage->estimator().fit(input_of(i));
  steps_ = fitted.steps;
  if (fitted.model == nullptr) return false;
  stage->take(std::move(fitted.model));
  reports_.push_back(
      {position, std::move(fitted.summary), std::move(fitted.seconds), clock_seconds() - start});
  return true;
}

bool PipelineFit::run(const EvaluateConfigs& evaluate) {
  const std::size_t last = pipeline_.estimators().size() - 1;
  if (!run_to(last)) return false;
  const auto& judged = *pipeline_.judged().stage;
  dist::all_or_none(context_.ranks,
                    [&] { make_evaluators(evaluate, judged.columns(rows_.train.schema)); });
  if (!fit_one(last)) return false;
  evaluators_ = make_evaluators(evaluate, judged.model().columns());  // with what was learnt
  return true;
}

void PipelineFit::transform_to_end() {
  auto& judged = *pipeline_.judged().stage;
  columns_ = judged.model().columns();
  dist::all_or_none(context_.ranks, [&] {
    added_ = pipeline_.added_columns(rows_.train.schema);
    judged.model().add_all_columns();
    kept_ = pipeline_.kept_columns(rows_.train.schema);
  });
  const auto& stages = pipeline_.stages().stages();
  const bool learns = std::any_of(stages.begin() + static_cast<std::ptrdiff_t>(reached_),
                                  stages.end(), [](const auto& s) { return !s->is_fitted(); });
  if (learns) pipeline_.stages().fit(context_, rows_.train, kept_, loading_, {reached_});
  transform_others(kept_, {reached_});
  if (learns) reached_ = stages.size();
}

void PipelineFit::transform_training_rows() {
  if (reached_ == pipeline_.stages().stages().size()) return;
  pipeline_.stages().transform(context_, rows_.train, kept_, loading_, {reached_});
}

double PipelineFit::fit_seconds() const {
  double seconds = 0;
  for (const auto& report : reports_) seconds += report.fit_seconds;
  return seconds;
}

}  // namespace lockstep::ml
