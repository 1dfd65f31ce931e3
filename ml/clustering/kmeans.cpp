#include "ml/clustering/kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/config.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "core/timeline.hpp"
#include "data/jobs/dataset_job.hpp"
#include "data/jobs/vector_job.hpp"
#include "data/stage.hpp"
#include "dist/session.hpp"

namespace lockstep::ml {
namespace {

using Config = proto::KMeans;

PointColumns point_columns(const Config& config) {
  return {config.input_col(), config.weight_col()};
}

data::Schema with_prediction(const Config& config, const data::Schema& input, std::size_t clusters,
                             const std::string& at) {
  data::Schema schema = input;
  data::ColumnType type;
  type.format = data::ColumnType::Format::Integer;
  type.features = std::make_shared<std::vector<data::Feature>>(
      1, data::Feature{config.prediction_col(), data::Feature::Kind::Nominal, clusters, {}});
  data::add_output(schema, config.prediction_col(), std::move(type), child(at, "prediction_col"));
  return schema;
}

LloydStep::Result step(const FitInput& input, const Centers& centers, const Config& config) {
  return data::run_vector_job(input.context, LloydStep(centers, point_columns(config)),
                              input.train);
}

/// The furthest that a centre has moved, as tol counts it.
double furthest_move(const Centers& from, const Centers& to) {
  double furthest = 0;
  for (std::size_t c = 0; c < from.k; ++c) {
    const double moved = distance(from[c], to[c], from.cosine);
    furthest = std::max(furthest, from.cosine ? moved : std::sqrt(moved));
  }
  return furthest;
}

void write_line(RunFolder* folder, std::uint32_t run, std::uint32_t iteration, double cost) {
  if (folder != nullptr)
    folder->append_metrics(
        nlohmann::ordered_json{{"run", run}, {"iteration", iteration}, {"cost", cost}}.dump());
}

}  // namespace

KMeansEstimator::KMeansEstimator(const StageContext& context)
    : stage_(context.stage), at_(context.at), columns_(VectorColumns::of(stage_.kmeans())) {}

void KMeansEstimator::check(const proto::Experiment&, Problems& problems) const {
  const Config& config = stage_.kmeans();
  const int given = config.initial_centers_size();
  problems.require(given == 0 || given == static_cast<int>(config.k()),
                   child(at_, "initial_centers"),
                   fmt::format("{} centres are given for {} clusters", given, config.k()),
                   "give k centres, or none");
  problems.require(given == 0 || config.n_init() == 1, child(at_, "n_init"),
                   "runs from the same centres end alike", "leave n_init out");
  check_handle_invalid(config.handle_invalid(), at_, problems);
}

data::Schema KMeansEstimator::output_schema(const data::Schema& input) const {
  const Config& config = stage_.kmeans();
  const std::size_t d = columns_.width(input, at_);
  for (int c = 0; d > 0 && c < config.initial_centers_size(); ++c) {
    const auto numbers = static_cast<std::size_t>(config.initial_centers(c).value_size());
    if (numbers != d)
      throw ConfigError(fmt::format("a centre of {} numbers, the column '{}' has {}", numbers,
                                    config.input_col(), d),
                        {.field = child(child(at_, "initial_centers"), std::size_t(c))},
                        "give one number a feature");
  }
  return with_prediction(config, input, config.k(), at_);
}

PredictionColumns KMeansEstimator::columns(const data::Schema&) const {
  auto columns = columns_.predicting(Task::Clustering, stage_.kmeans().prediction_col());
  columns.classes = stage_.kmeans().k();
  return columns;
}

Centers KMeansEstimator::start(const FitInput& input, std::uint32_t run) const {
  const Config& config = stage_.kmeans();
  const std::size_t d = columns_.width(input.train.schema, at_);
  const bool cosine = config.distance_measure() == Config::COSINE;
  const std::uint64_t seed = input.context.seed;
  const auto draw = [&](const auto& job) { return data::run_job(input.context, job, input.train); };
  if (config.initial_centers_size() > 0) {
    Centers given{0, d, {}, cosine};
    for (const auto& center : config.initial_centers())
      given.add({center.value().data(), static_cast<std::size_t>(center.value_size())});
    return given;
  }
  const auto any = [&](std::size_t count) {
    return draw(DrawAnyRows(count, d, point_columns(config), cosine, seed, stream_of(run, 0)));
  };
  if (config.init_mode() == Config::RANDOM) return without_repetitions(any(config.k()));
  Centers candidates = any(1);
  for (std::uint32_t round = 1; round <= config.init_steps() && candidates.k > 0; ++round) {
    const double cost = step(input, candidates, config).cost;
    if (!(cost > 0)) break;
    const double factor = 2 * static_cast<double>(config.k()) / cost;
    const auto drawn =
        draw(DrawFarRows(candidates, point_columns(config), factor, seed, stream_of(run, round)));
    for (std::size_t at = 0; at < drawn.values.size(); at += d)
      candidates.add(std::span(drawn.values).subspan(at, d));
  }
  candidates = without_repetitions(candidates);
  if (candidates.k <= config.k()) return candidates;
  const auto weights = step(input, candidates, config).weights;
  return choose_centers(candidates, weights, config.k(), seed,
                        stream_of(run, config.init_steps() + 1));
}

KMeansEstimator::Run KMeansEstimator::run_from(const FitInput& input, std::uint32_t number,
                                               Centers centers) const {
  const Config& config = stage_.kmeans();
  Run run{std::move(centers)};
  const double start = clock_seconds();
  const std::uint32_t most = input.options.untrained ? 0 : config.max_iter();
  for (bool moving = true; moving && run.iterations < most;) {
    auto next = step(input, run.centers, config);
    moving = furthest_move(run.centers, next.centers) > config.tol();
    run.centers = std::move(next.centers);
    ++run.iterations;
    write_line(input.folder, number, run.iterations, next.cost);
    const double each = (clock_seconds() - start) / run.iterations;
    if (input.context.is_driver())
      input.progress.on_iteration(
          {run.iterations, most, "cost", next.cost, each * (most - run.iterations)});
  }
  const auto end = step(input, run.centers, config);
  run.cost = end.cost;
  run.weights = end.weights;
  return run;
}

Fitted KMeansEstimator::fit(const FitInput& input) {
  const Config& config = stage_.kmeans();
  const double begin = clock_seconds();
  dist::all_or_none(input.context.ranks, [&] { output_schema(input.train.schema); });
  Run best;
  for (std::uint32_t i = 0; i < config.n_init(); ++i) {
    Centers centers = start(input, i);
    dist::all_or_none(input.context.ranks, [&] {
      if (centers.k == 0)
        throw DataError(fmt::format("{} has no rows to cluster", input.train.name),
                        {.file = input.train.name, .field = at_}, "look at its rows and weights");
    });
    Run run = run_from(input, i + 1, std::move(centers));
    if (i == 0 || run.cost < best.cost) best = std::move(run);
  }
  if (best.centers.k < config.k() && input.context.is_driver())
    log::warning("{}: {} clusters instead of {}: the start found no more different rows", at_,
                 best.centers.k, config.k());
  proto::Stage stage = stage_;
  auto& model = *stage.mutable_kmeans()->mutable_model();
  model.set_training_cost(best.cost);
  model.set_iterations(best.iterations);
  model.clear_cluster_weight();
  for (const double weight : best.weights) model.add_cluster_weight(weight);
  Fitted fitted;
  fitted.steps = best.iterations;
  add_count(fitted.summary, "rows", input.train.rows);
  add_count(fitted.summary, "clusters", best.centers.k);
  add(fitted.summary, "cost", best.cost);
  add_count(fitted.summary, "iterations", best.iterations);
  fitted.seconds = {{"compute_seconds", clock_seconds() - begin}};
  dist::all_or_none(input.context.ranks, [&] {
    if (input.folder != nullptr) input.folder->flush();
  });
  fitted.model = std::make_unique<KMeansModel>(std::move(stage), at_, std::move(best.centers),
                                               columns_.feature_names(input.train.schema));
  return fitted;
}

Description KMeansEstimator::plan(const FitInput& input) {
  const Config& config = stage_.kmeans();
  const std::size_t d = columns_.width(input.train.schema, at_);
  const std::uint64_t sums = config.k() * (d + 1) + 1;
  Description description;
  description.fact("training_rows", input.train.rows);
  description.fact("clusters", std::uint64_t{config.k()});
  description.fact("features", std::uint64_t{d});
  description.fact("iterations_at_most", std::uint64_t{config.max_iter()});
  description.fact("exchange_bytes_per_iteration_and_rank",
                   input.context.ranks.world_size() > 1 ? 2 * sums * sizeof(double) : 0);
  return description;
}

KMeansModel::KMeansModel(proto::Stage stage, std::string at, Centers centers,
                         std::vector<std::string> feature_names)
    : stage_(std::move(stage)),
      at_(std::move(at)),
      centers_(std::move(centers)),
      feature_names_(std::move(feature_names)),
      reads_(VectorColumns::of(stage_.kmeans())),
      columns_(reads_.predicting(Task::Clustering, stage_.kmeans().prediction_col())) {
  columns_.classes = centers_.k;
}

std::unique_ptr<Model> KMeansModel::load(const StageContext& context,
                                         const std::vector<NamedTensor>& tensors,
                                         const data::Schema& input, const std::string& path) {
  const auto& config = context.stage.kmeans();
  const auto columns = VectorColumns::of(config);
  const std::size_t d = columns.width(input, context.at, /*predicting=*/true);
  const auto& values = find_tensor<double>(tensors, "centers",
                                           {-1, d == 0 ? -1 : static_cast<std::int64_t>(d)}, path);
  const auto k = static_cast<std::size_t>(config.model().cluster_weight_size());
  if (k == 0 || values.size() % k != 0 || values.empty())
    throw FileError(
        fmt::format("the centres of {} in {} are not of {} clusters", context.at, path, k),
        {.file = path}, "train the model again");
  return std::make_unique<KMeansModel>(
      context.stage, context.at,
      Centers{k, values.size() / k, values, config.distance_measure() == Config::COSINE},
      columns.feature_names(input));
}

data::Schema KMeansModel::output_schema(const data::Schema& input) const {
  reads_.require_width(input, at_, centers_.d);
  return with_prediction(stage_.kmeans(), input, centers_.k, at_);
}

data::Effect KMeansModel::transform(data::Partition& partition, data::Phase) const {
  const auto& config = stage_.kmeans();
  Points points(partition, config.input_col(), config.weight_col(), centers_.cosine);
  std::vector<double> predictions;
  predictions.reserve(points.rows());
  data::LossSum loss;
  for (std::size_t row = 0; row < points.rows(); ++row) {
    const auto [center, far] = nearest(centers_, points[row]);
    predictions.push_back(static_cast<double>(center));
    loss.loss += points.weight(row) * std::max(0.0, far);
    loss.weight += points.weight(row);
  }
  partition.loss = loss;
  partition.set(config.prediction_col(), data::Numbers{Values<double>(std::move(predictions))});
  return {};
}

SavedModel KMeansModel::save() const {
  return {stage_,
          {{"centers",
            {static_cast<std::int64_t>(centers_.k), static_cast<std::int64_t>(centers_.d)},
            centers_.values}}};
}

Description KMeansModel::describe() const {
  constexpr std::size_t kMostFeatures = 12;
  const auto& model = stage_.kmeans().model();
  Description description;
  description.fact("clusters", std::uint64_t{centers_.k});
  description.fact("features", std::uint64_t{centers_.d});
  description.fact("distance", Config::DistanceMeasure_Name(stage_.kmeans().distance_measure()));
  description.fact("cost", model.training_cost());
  description.fact("iterations", std::uint64_t{model.iterations()});
  Description::Table table{"centers", {"cluster", "weight"}, {}};
  const std::size_t shown = std::min(centers_.d, kMostFeatures);
  for (std::size_t j = 0; j < shown; ++j)
    table.columns.push_back(j < feature_names_.size() ? feature_names_[j]
                                                      : fmt::format("feature_{}", j));
  for (std::size_t c = 0; c < centers_.k; ++c) {
    std::vector<Description::Cell> row{std::uint64_t{c}, model.cluster_weight(static_cast<int>(c))};
    for (std::size_t j = 0; j < shown; ++j) row.push_back(centers_[c][j]);
    table.rows.push_back(std::move(row));
  }
  description.tables.push_back(std::move(table));
  return description;
}

}  // namespace lockstep::ml
