#include "data/features/columns/imputer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.hpp"
#include "data/jobs/quantiles.hpp"

namespace lockstep::data {
namespace {

/// What counts as missing.
struct Gap {
  double value;  // NaN: every NaN

  bool operator()(double number) const {
    return is_missing(number) || number == value || (std::isnan(value) && std::isnan(number));
  }
};

/// Calls use(column, number) for all numbers to learn from.
template <typename Use>
void for_each_number(const Partition& partition, const std::vector<ColumnPair>& columns,
                     const Gap& gap, const Use& use) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const double number : partition.get<Numbers>(columns[i].input).values) {
      if (!std::isnan(number) && !gap(number)) use(i, number);
    }
  }
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // no number to learn from

struct Means {
  const std::vector<ColumnPair>& columns;
  Gap gap;

  struct Partial {
    std::vector<double> sums, counts;
    static constexpr auto kFields = std::make_tuple(&Partial::sums, &Partial::counts);
  };

  Partial map(const Partition& partition) const {
    Partial partial{std::vector<double>(columns.size()), std::vector<double>(columns.size())};
    for_each_number(partition, columns, gap, [&](std::size_t i, double number) {
      partial.sums[i] += number;
      partial.counts[i] += 1;
    });
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      left.sums[i] += right.sums[i];
      left.counts[i] += right.counts[i];
    }
    return left;
  }
  std::vector<double> finish(const Partial& total) const {
    std::vector<double> means(columns.size(), kNone);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (total.counts[i] == 0) continue;
      means[i] = total.sums[i] / total.counts[i];
      if (std::isfinite(means[i])) continue;
      throw DataError(fmt::format("the mean of column '{}' is {}", columns[i].input, means[i]),
                      {.field = columns[i].input_field},
                      "take strategy: MEDIAN, or clip the column first");
    }
    return means;
  }
};

struct Modes {
  const std::vector<ColumnPair>& columns;
  Gap gap;

  struct Partial {
    std::vector<std::map<double, std::uint64_t>> counts;
    static constexpr auto kFields = std::make_tuple(&Partial::counts);
  };

  Partial map(const Partition& partition) const {
    Partial partial{std::vector<std::map<double, std::uint64_t>>(columns.size())};
    for_each_number(partition, columns, gap, [&](std::size_t i, double number) {
      ++partial.counts[i][number + 0.0];  // -0.0 becomes 0.0
    });
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      for (const auto& [number, n] : right.counts[i]) left.counts[i][number] += n;
    }
    return left;
  }
  std::vector<double> finish(const Partial& total) const {
    std::vector<double> modes;
    for (const auto& counts : total.counts) {
      const auto most = std::max_element(  // the first, so the smallest, of equals
          counts.begin(), counts.end(),
          [](const auto& a, const auto& b) { return a.second < b.second; });
      modes.push_back(most == counts.end() ? kNone : most->first);
    }
    return modes;
  }
};

Gap gap_of(const proto::Imputer& config) {
  return {config.has_missing_value() ? config.missing_value() : std::nan("")};
}

}  // namespace

Imputer::Imputer(const proto::Imputer& config, std::string at)
    : config_(config), at_(std::move(at)), pairs_(column_pairs(config_, at_)) {
  if (is_fitted() && static_cast<std::size_t>(config_.surrogate_size()) != pairs_.size()) {
    throw ConfigError(
        fmt::format("{} columns, but a model of {}", pairs_.size(), config_.surrogate_size()),
        {.field = at_ + ".surrogate"}, "leave it out to fit it anew");
  }
}

std::vector<std::string> Imputer::input_columns() const {
  std::vector<std::string> names;
  for (const ColumnPair& pair : pairs_) names.push_back(pair.input);
  return names;
}

const ColumnType& Imputer::input_type(const Schema& schema, std::size_t pair) const {
  return input_column(schema, pairs_[pair].input, {ColumnType::Kind::Number},
                      pairs_[pair].input_field);
}

Schema Imputer::output_schema(const Schema& input) const {
  Schema output = input;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const ColumnPair& pair = pairs_[i];
    ColumnType type = input_type(input, i);
    if (type.format == ColumnType::Format::Boolean && config_.strategy() == proto::Imputer::MEAN) {
      throw ConfigError(fmt::format("column '{}' is true or false: it has no mean", pair.input),
                        {.field = at_ + ".strategy"}, "take strategy: MODE");
    }
    if (pair.output == pair.input) continue;  // fills in place
    Feature feature = features_of(pair.input, type).front();
    feature.name = pair.output;
    type.features = std::make_shared<const std::vector<Feature>>(1, std::move(feature));
    add_output(output, pair.output, std::move(type), pair.output_field);
  }
  return output;
}

std::vector<double> Imputer::learn(const TrainingRows& fitting) const {
  const Gap gap = gap_of(config_);
  if (config_.strategy() == proto::Imputer::MODE) return fitting.run(Modes{pairs_, gap});
  if (config_.strategy() == proto::Imputer::MEDIAN) {
    std::vector<QuantileRequest> requests;
    for (const ColumnPair& pair : pairs_) requests.push_back({pair.input, {0.5}, gap.value});
    std::vector<double> medians;
    for (const auto& column : exact_quantiles(fitting, requests))
      medians.push_back(column.front().values.front());
    return medians;
  }
  std::vector<double> means = fitting.run(Means{pairs_, gap});
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (input_type(fitting.schema(), i).format == ColumnType::Format::Integer)
      means[i] = std::trunc(means[i]);
  }
  return means;
}

void Imputer::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  const std::vector<double> surrogates = learn(fitting);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (!std::isnan(surrogates[i])) continue;
    throw DataError(fmt::format("column '{}' has no values to learn from", pairs_[i].input),
                    {.field = pairs_[i].input_field},
                    "drop the column, or fill it with fill_nulls");
  }
  config_.mutable_surrogate()->Add(surrogates.begin(), surrogates.end());
}

Effect Imputer::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  const Gap gap = gap_of(config_);
  std::vector<bool> filled(partition.rows(), false);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto& given = partition.get<Numbers>(pairs_[i].input).values;
    std::vector<double> numbers(given.begin(), given.end());
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      if (!gap(numbers[row])) continue;
      numbers[row] = config_.surrogate(static_cast<int>(i));
      filled[row] = true;
    }
    partition.set(pairs_[i].output, Numbers{std::move(numbers)});
  }
  return {static_cast<std::uint64_t>(std::count(filled.begin(), filled.end(), true)), "filled"};
}

proto::Stage Imputer::save() const {
  proto::Stage stage;
  *stage.mutable_imputer() = config_;
  return stage;
}

}  // namespace lockstep::data
