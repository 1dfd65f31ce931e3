#include "ml/linear/linear_regression.hpp"

#include <fmt/format.h>

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/timeline.hpp"
#include "data/jobs/vector_job.hpp"
#include "data/stage.hpp"
#include "dist/session.hpp"

namespace lockstep::ml {
namespace {

using Config = proto::LinearRegression;

constexpr std::size_t kMostFeatures = 4096;  // of the normal equations

VectorColumns columns_of(const Config& config) {
  auto columns = VectorColumns::of(config);
  columns.label = config.label_col();
  return columns;
}

data::Schema with_prediction(const Config& config, const data::Schema& input,
                             const std::string& at) {
  data::Schema schema = input;
  data::add_output(schema, config.prediction_col(), {}, child(at, "prediction_col"));
  return schema;
}

/// What is told of the fit, by the errors on the training rows.
void summarize(const SumRows::Result& sums, const SumProducts::Result& centered,
               const SumErrors::Result& errors, const Solution& solution, const Config& config,
               proto::LinearRegressionModel& model) {
  const auto features = static_cast<double>(solution.function.coefficients.size());
  const double intercept = config.fit_intercept() ? 1 : 0;
  const double total =
      centered.label +
      (config.fit_intercept() ? 0 : sums.weight * sums.label_mean * sums.label_mean);
  const double freedom = sums.rows - features - intercept;
  model.set_rows(sums.rows);
  model.set_weight(sums.weight);
  model.set_degrees_of_freedom(freedom);
  model.set_rmse(std::sqrt(errors.squares / sums.weight));
  model.set_mae(errors.absolute / sums.weight);
  model.set_explained_variance(errors.explained / sums.weight);
  if (total > 0) {
    model.set_r2(1 - errors.squares / total);
    if (freedom > 0) model.set_r2adj(1 - (1 - model.r2()) * (sums.rows - intercept) / freedom);
  }
  if (!(freedom > 0)) return;
  for (const double inverse : solution.inverse_diagonal)
    model.add_std_error(std::sqrt(errors.squares / freedom * inverse));
}

/// Two-sided, of Student's t.
double p_value(double t, double freedom) {
  if (!std::isfinite(t)) return t != t ? t : 0;
  const boost::math::students_t_distribution<double> distribution(freedom);
  return 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)));
}

}  // namespace

LinearRegressionEstimator::LinearRegressionEstimator(const StageContext& context)
    : stage_(context.stage), at_(context.at), columns_(columns_of(stage_.linear_regression())) {}

void LinearRegressionEstimator::check(const proto::Experiment&, Problems& problems) const {
  check_handle_invalid(stage_.linear_regression().handle_invalid(), at_, problems);
}

data::Schema LinearRegressionEstimator::output_schema(const data::Schema& input) const {
  const Config& config = stage_.linear_regression();
  const std::size_t d = columns_.width(input, at_);
  if (d > kMostFeatures)
    throw ConfigError(fmt::format("the column '{}' has {} features, the normal equations take {}",
                                  config.input_col(), d, kMostFeatures),
                      {.field = child(at_, "input_col")},
                      "choose or combine features first: stages "
                      "univariate_feature_selector, pca");
  return with_prediction(config, input, at_);
}

PredictionColumns LinearRegressionEstimator::columns(const data::Schema&) const {
  return columns_.predicting(Task::Regression, stage_.linear_regression().prediction_col());
}

Fitted LinearRegressionEstimator::fit(const FitInput& input) {
  const Config& config = stage_.linear_regression();
  const double begin = clock_seconds();
  const auto& ranks = input.context.ranks;
  dist::all_or_none(ranks, [&] { output_schema(input.train.schema); });
  const std::size_t d = columns_.width(input.train.schema, at_);
  const RegressionColumns columns{columns_.features, columns_.label, columns_.weight};
  const auto run = [&](const auto& job) {
    return data::run_vector_job(input.context, job, input.train);
  };
  const auto sums = run(SumRows(columns, d));
  dist::all_or_none(ranks, [&] {
    if (!(sums.weight > 0))
      throw DataError(fmt::format("{} has no rows that count", input.train.name),
                      {.file = input.train.name, .field = at_}, "look at its rows and weights");
  });
  const auto centered = run(SumProducts(columns, sums.mean, sums.label_mean));
  std::optional<SumProducts::Result> raw;
  if (!config.fit_intercept()) raw = run(SumProducts(columns, std::vector<double>(d, 0), 0));
  Solution solution;
  dist::all_or_none(ranks, [&] {
    if (!config.fit_intercept() && config.reg_param() > 0 && !(centered.label > 0))
      throw DataError(
          "all labels are the same, and there is no intercept: a penalty has no measure",
          {.file = input.train.name, .field = child(at_, "reg_param")},
          "leave reg_param out, or fit an intercept");
    solution = solve({config.reg_param(), config.fit_intercept(), config.standardization()}, sums,
                     centered, raw ? &*raw : nullptr);
  });
  if (solution.collinear && input.context.is_driver())
    log::warning(
        "{}: some features are sums of others: of all coefficients that fit as well, the "
        "smallest are taken",
        at_);
  const auto errors = run(SumErrors(columns, solution.function, sums.label_mean));
  proto::Stage stage = stage_;
  auto& model = *stage.mutable_linear_regression()->mutable_model();
  model.Clear();
  summarize(sums, centered, errors, solution, config, model);
  for (const auto& feature :
       data::features_of(config.input_col(), input.train.schema.at(config.input_col(), "")))
    model.add_feature_name(feature.name);
  Fitted fitted;
  add_count(fitted.summary, "rows", input.train.rows);
  add(fitted.summary, "rmse", model.rmse());
  add(fitted.summary, "mae", model.mae());
  add(fitted.summary, "r2", model.r2());
  fitted.seconds = {{"compute_seconds", clock_seconds() - begin}};
  fitted.model =
      std::make_unique<LinearRegressionModel>(std::move(stage), at_, std::move(solution.function));
  return fitted;
}

Description LinearRegressionEstimator::plan(const FitInput& input) {
  const std::uint64_t d = columns_.width(input.train.schema, at_);
  Description description;
  description.fact("training_rows", input.train.rows);
  description.fact("features", d);
  description.fact("moments_bytes_per_thread", (d * (d + 1) + 1) * sizeof(double));
  description.fact("exchange_bytes_per_rank", input.context.ranks.world_size() > 1
                                                  ? 2 * (d * (d + 1) + 1) * sizeof(double)
                                                  : 0);
  return description;
}

LinearRegressionModel::LinearRegressionModel(proto::Stage stage, std::string at,
                                             LinearFunction function)
    : stage_(std::move(stage)),
      at_(std::move(at)),
      function_(std::move(function)),
      reads_(columns_of(stage_.linear_regression())),
      columns_(reads_.predicting(Task::Regression, stage_.linear_regression().prediction_col())) {}

std::unique_ptr<Model> LinearRegressionModel::load(const StageContext& context,
                                                   const std::vector<NamedTensor>& tensors,
                                                   const data::Schema& input,
                                                   const std::string& path) {
  const std::size_t d =
      columns_of(context.stage.linear_regression()).width(input, context.at, /*predicting=*/true);
  LinearFunction function;
  function.coefficients = find_tensor<double>(tensors, "coefficients",
                                              {d == 0 ? -1 : static_cast<std::int64_t>(d)}, path);
  function.intercept = find_tensor<double>(tensors, "intercept", {1}, path).at(0);
  return std::make_unique<LinearRegressionModel>(context.stage, context.at, std::move(function));
}

data::Schema LinearRegressionModel::output_schema(const data::Schema& input) const {
  reads_.require_width(input, at_, function_.coefficients.size());
  return with_prediction(stage_.linear_regression(), input, at_);
}

data::Effect LinearRegressionModel::transform(data::Partition& partition, data::Phase) const {
  const auto& config = stage_.linear_regression();
  const auto& features = partition.column(config.input_col());
  std::vector<double> predictions;
  predictions.reserve(partition.rows());
  for (std::size_t row = 0; row < partition.rows(); ++row)
    predictions.push_back(function_(features, row));
  partition.loss.reset();
  if (partition.columns.count(config.label_col()) > 0) {
    const auto& labels = partition.get<data::Numbers>(config.label_col()).values;
    const auto* weights =
        config.has_weight_col() && partition.columns.count(config.weight_col()) > 0
            ? &partition.get<data::Numbers>(config.weight_col()).values
            : nullptr;
    data::LossSum loss;
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      const double weight = weights == nullptr ? 1 : (*weights)[row];
      const double error = labels[row] - predictions[row];
      loss.loss += weight * error * error / 2;
      loss.weight += weight;
    }
    if (std::isfinite(loss.loss)) partition.loss = loss;
  }
  partition.set(config.prediction_col(), data::Numbers{Values<double>(std::move(predictions))});
  return {};
}

SavedModel LinearRegressionModel::save() const {
  return {stage_,
          {{"coefficients",
            {static_cast<std::int64_t>(function_.coefficients.size())},
            function_.coefficients},
           {"intercept", {1}, std::vector<double>{function_.intercept}}}};
}

Description LinearRegressionModel::describe() const {
  const auto& model = stage_.linear_regression().model();
  Description description;
  for (const auto& [name, value] : {std::pair("rows", model.rows()),
                                    std::pair("degrees_of_freedom", model.degrees_of_freedom()),
                                    std::pair("rmse", model.rmse()), std::pair("mae", model.mae()),
                                    std::pair("r2", model.r2()), std::pair("r2adj", model.r2adj()),
                                    std::pair("explained_variance", model.explained_variance())})
    description.fact(name, value);
  const bool has_errors = model.std_error_size() > 0;
  Description::Table table{"coefficients", {"feature", "coefficient"}, {}};
  if (has_errors)
    for (const char* column : {"std_error", "t", "p"}) table.columns.emplace_back(column);
  const auto add = [&](const std::string& name, double value, int error) {
    std::vector<Description::Cell> row{name, value};
    if (has_errors && error < model.std_error_size()) {
      const double deviation = model.std_error(error), t = value / deviation;
      row.emplace_back(deviation);
      row.emplace_back(t);
      row.emplace_back(p_value(t, model.degrees_of_freedom()));
    }
    table.rows.push_back(std::move(row));
  };
  std::vector<std::size_t> order(function_.coefficients.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(function_.coefficients[a]) > std::abs(function_.coefficients[b]);
  });
  for (const std::size_t j : order) {
    const int i = static_cast<int>(j);
    add(i < model.feature_name_size() ? model.feature_name(i) : fmt::format("feature_{}", j),
        function_.coefficients[j], i);
  }
  if (stage_.linear_regression().fit_intercept())
    add("(intercept)", function_.intercept, static_cast<int>(function_.coefficients.size()));
  description.tables.push_back(std::move(table));
  return description;
}

}  // namespace lockstep::ml
