#include "ml/pipeline/transformed.hpp"

#include <algorithm>

#include "core/stages.hpp"
#include "data/features/catalogue.hpp"
#include "data/pipeline.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/datasets.hpp"
#include "ml/pipeline/experiment.hpp"

namespace lockstep::ml {
namespace {

/// Up to the first estimator, which is not trained here.
std::vector<proto::Stage> feature_stages(const proto::Experiment& experiment) {
  const auto& stages = experiment.stage();
  return {stages.begin(), std::find_if(stages.begin(), stages.end(), is_estimator)};
}

/// What of the data is loaded to see only some of the rows.
proto::Data data_for(const proto::Data& config, Rows which) {
  proto::Data needed = config;
  if (which != Rows::Validation) needed.clear_validation();
  if (which != Rows::Test) needed.clear_test();
  return needed;
}

/// COLLECTIVE. The longest of the ranks' times, to the microsecond.
double slowest(const Context& context, double seconds) {
  constexpr double kMicroseconds = 1e6;
  std::int64_t longest[] = {static_cast<std::int64_t>(seconds * kMicroseconds)};
  context.ranks.allreduce_max(longest);
  return static_cast<double>(longest[0]) / kMicroseconds;
}

}  // namespace

data::Dataset load_source(const Context& context, const proto::Experiment& experiment) {
  return data::load(context, experiment.data().train(), load_options(context, experiment)).rows;
}

std::uint64_t load_into_cache(const Context& context, proto::Experiment experiment) {
  auto* cache = experiment.mutable_data()->mutable_cache();
  cache->set_enabled(true);
  cache->set_min_megabytes(0);
  const auto options = load_options(context, experiment);
  const auto load = [&] { return load_datasets(context, experiment.data(), options); };
  auto rows = load();
  if (!rows.from_cache) rows = load();  // found again: the proof that they are kept
  dist::all_or_none(context.ranks, [&] {
    if (!rows.from_cache)
      throw FileError("the rows could not be kept in the cache", {.field = "data.cache.dir"},
                      "see the warning above; synthetic rows are never kept");
  });
  return rows.train.rows + rows.validation.rows + rows.test.rows;
}

TimedLoad load_timed(const Context& context, const proto::Experiment& experiment) {
  const auto options = load_options(context, experiment);
  const auto loaded = data::load(context, experiment.data().train(), options);
  TimedLoad timed{loaded.rows.rows, loaded.times};
  for (double* seconds :
       {&timed.times.parse_seconds, &timed.times.move_seconds, &timed.times.cache_seconds})
    *seconds = slowest(context, *seconds);
  return timed;
}

data::Dataset load_transformed(const Context& context, const proto::Experiment& experiment,
                               Rows which, bool raw) {
  const auto& config = experiment.data();
  data::Pipeline pipeline;
  dist::all_or_none(context.ranks, [&] {
    if (!raw) pipeline = data::Pipeline(feature_stages(experiment), data::make_feature_stage);
    if (!raw && context.is_driver()) pipeline.output_schema(data::peek_schema(config.train()));
    if ((which == Rows::Validation && !has_validation_rows(config)) ||
        (which == Rows::Test && !has_test_rows(config)))
      throw ConfigError("the config has no such rows", {.field = "data"},
                        "give data.validation, data.test or data.split");
  });
  const auto options = load_options(context, experiment);
  auto rows = load_datasets(context, data_for(config, which), options);
  pipeline.fit(context, rows.train, {}, options);
  if (which == Rows::Train) return std::move(rows.train);
  auto& others = which == Rows::Validation ? rows.validation : rows.test;
  // As in a training run: a series may go on from the validation rows to the test rows.
  if (which == Rows::Test && rows.validation.rows > 0)
    pipeline.transform(context, rows.validation, {}, options);
  if (others.rows > 0) pipeline.transform(context, others, {}, options);
  return std::move(others);
}

}  // namespace lockstep::ml
