/// What an autoencoder learns from its errors once it is trained (ml/network/autoencoder.hpp).

#include <vector>

#include "core/values.hpp"
#include "data/jobs/quantiles.hpp"
#include "dist/session.hpp"
#include "ml/network/autoencoder.hpp"
#include "ml/network/network_models.hpp"

namespace lockstep::ml {

data::Dataset errors_of(ThreadPool& threads, const Scorer& scorer, const data::Dataset& rows,
                        const std::string& input_col) {
  data::Dataset errors;
  errors.name = rows.name;
  errors.rows = rows.rows;
  errors.partitions = rows.partitions;
  errors.block = rows.block;
  errors.schema.add(kErrorColumn, data::ColumnType{});
  errors.own.resize(rows.own.size());
  threads.for_each(rows.own.size(), [&](std::size_t, std::size_t p) {
    const auto& from = rows.own[p];
    std::vector<float> values;
    values.reserve(from.rows());
    scorer.score(from, {input_col, input_col},
                 [&](const ScoredRows& scored) { mean_squares(from, scored, values); });
    auto& into = errors.own[p];
    into.index = from.index;
    into.row_ids = from.row_ids;
    into.set(kErrorColumn, data::Numbers{std::vector<double>(values.begin(), values.end())});
    from.release();
  });
  return errors;
}

std::optional<double> error_quantile(const data::TrainingRows& errors, double quantile) {
  const auto found = data::exact_quantiles(errors, kErrorColumn, {quantile}).at(0);
  if (found.count == 0) return std::nullopt;
  return found.values.at(0);
}

void learn_threshold(const Context& context, const Scorer& scorer, const data::Dataset& train,
                     proto::Autoencoder& config) {
  if (!config.has_anomaly_quantile()) return;
  data::Dataset errors;
  dist::all_or_none(context.ranks, [&] {
    errors = errors_of(context.threads, scorer, train, config.input_col());
  });
  const data::TrainingRows fitting(&context.ranks, context.threads, errors, context.seed);
  const auto threshold = error_quantile(fitting, config.anomaly_quantile());
  if (threshold) config.mutable_model()->set_anomaly_threshold(*threshold);
}

}  // namespace lockstep::ml
