/// What an autoencoder learns from its errors once it is trained (ml/autoencoder.hpp).

#include <vector>

#include "core/values.hpp"
#include "data/features/quantiles.hpp"
#include "dist/session.hpp"
#include "ml/autoencoder.hpp"

namespace lockstep::ml {

data::Dataset errors_of(ThreadPool& threads, const Scorer& scorer, const data::Dataset& rows,
                        const NetworkColumns& columns) {
  data::Dataset errors;
  errors.name = rows.name;
  errors.rows = rows.rows;
  errors.partitions = rows.partitions;
  errors.block = rows.block;
  errors.schema.add(kErrorColumn, data::ColumnType{});
  errors.own.resize(rows.own.size());
  threads.for_each(rows.own.size(), [&](std::size_t, std::size_t p) {
    const auto& from = rows.own[p];
    std::vector<double> values;
    values.reserve(from.rows());
    scorer.score(from, columns, [&](const Scored& scored, std::size_t, const layers::LaneResult&) {
      values.insert(values.end(), scored.errors.begin(), scored.errors.end());
    });
    auto& into = errors.own[p];
    into.index = from.index;
    into.row_ids = from.row_ids;
    into.set(kErrorColumn, data::Numbers{Values<double>(std::move(values))});
    from.release();
  });
  return errors;
}

std::optional<double> error_quantile(const data::Fitting& errors, double quantile) {
  const auto found = data::exact_quantiles(errors, kErrorColumn, {quantile}).at(0);
  if (found.count == 0) return std::nullopt;
  return found.values.at(0);
}

void learn_threshold(const Context& context, const Scorer& scorer, const data::Dataset& train,
                     const NetworkColumns& columns, proto::Autoencoder& config) {
  if (!config.has_anomaly_quantile()) return;
  data::Dataset errors;
  dist::all_or_none(context.ranks,
                    [&] { errors = errors_of(context.threads, scorer, train, columns); });
  const data::Fitting fitting(&context.ranks, context.threads, errors, context.seed);
  const auto threshold = error_quantile(fitting, config.anomaly_quantile());
  if (threshold) config.mutable_model()->set_anomaly_threshold(*threshold);
}

}  // namespace lockstep::ml
