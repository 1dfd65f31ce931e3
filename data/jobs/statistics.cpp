#include "data/jobs/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/jobs/quantiles.hpp"

namespace lockstep::data {
namespace {

/// The figures of one column that are put together over partitions.
struct Sums {
  std::uint64_t rows = 0, missing = 0, nan = 0, numbers = 0, zeros = 0;
  double mean = 0, m2 = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  bool overflow = false;  // more than kMostCountedValues different values
  std::map<std::string, std::uint64_t> values;

  static constexpr auto kFields = std::make_tuple(
      &Sums::rows, &Sums::missing, &Sums::nan, &Sums::numbers, &Sums::zeros, &Sums::mean, &Sums::m2,
      &Sums::min, &Sums::max, &Sums::overflow, &Sums::values);

  void count(const std::string& value, std::uint64_t times = 1) {
    if (overflow) return;
    values[value] += times;
    limit();
  }
  void limit() {
    if (values.size() <= kMostCountedValues) return;
    overflow = true;
    values.clear();
  }
  /// `times` equal numbers (Welford's update for one, Chan's for many).
  void add(double value, std::uint64_t times = 1) {
    if (times == 0) return;
    if (std::isnan(value)) {
      (is_missing(value) ? missing : nan) += times;
      return;
    }
    const double n = static_cast<double>(numbers), k = static_cast<double>(times);
    const double delta = value - mean;
    mean += delta * k / (n + k);
    m2 += delta * delta * n * k / (n + k);
    numbers += times;
    zeros += value == 0 ? times : 0;
    min = std::min(min, value);
    max = std::max(max, value);
  }
};

void merge_into(Sums& left, const Sums& right) {
  left.rows += right.rows;
  left.missing += right.missing;
  left.nan += right.nan;
  left.zeros += right.zeros;
  const double n = static_cast<double>(left.numbers), k = static_cast<double>(right.numbers);
  if (right.numbers > 0) {
    const double delta = right.mean - left.mean;
    left.mean += delta * k / (n + k);
    left.m2 += right.m2 + delta * delta * n * k / (n + k);
  }
  left.numbers += right.numbers;
  left.min = std::min(left.min, right.min);
  left.max = std::max(left.max, right.max);
  left.overflow = left.overflow || right.overflow;
  if (left.overflow) left.values.clear();
  for (const auto& [value, times] : right.values) left.count(value, times);
}

/// Adds the cells of a column.
struct AddColumn {
  Sums& sums;
  ColumnType::Format format;

  void operator()(const Numbers& column) const {
    for (const double value : column.values) {
      sums.add(value);
      if (!is_missing(value) && !sums.overflow) sums.count(to_string(value, format));
    }
  }
  void operator()(const Strings& column) const {
    for (std::size_t row = 0; row < column.rows(); ++row) {
      if (column.is_missing(row)) {
        ++sums.missing;
      } else if (!sums.overflow) {
        sums.count(std::string(column.text(row)));
      }
    }
  }
  void operator()(const Tokens& column) const {
    for (std::size_t i = 0; i < column.ends.size() && !sums.overflow; ++i)
      sums.count(std::string(column.token(i)));
    for (std::size_t row = 0; row < column.rows(); ++row)
      sums.add(static_cast<double>(column.count(row)));
  }
  void operator()(const SparseVectors& column) const {
    for (const double value : column.values) sums.add(value);
    sums.add(0, column.rows() * column.width - column.values.size());
  }
  void operator()(const DenseVectors& column) const {
    for (const double value : column.values) sums.add(value);
  }
  void operator()(const Images& column) const {
    for (const float value : column.values) sums.add(static_cast<double>(value));
  }
};

class SummaryJob {
 public:
  explicit SummaryJob(const Schema& schema) : schema_(schema) {}

  std::vector<Sums> map(const Partition& partition) const {
    std::vector<Sums> all(schema_.columns().size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& [name, type] = schema_.columns()[i];
      all[i].rows = partition.rows();
      std::visit(AddColumn{all[i], type.format}, partition.column(name));
    }
    return all;
  }
  std::vector<Sums> merge(std::vector<Sums> left, const std::vector<Sums>& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) merge_into(left[i], right[i]);
    return left;
  }
  std::vector<Sums> finish(std::vector<Sums> total) const { return total; }

 private:
  const Schema& schema_;
};

}  // namespace

double ColumnSummary::sample_std() const {
  return numbers < 2 ? 0 : std::sqrt(std::max(0.0, m2) / static_cast<double>(numbers - 1));
}

std::vector<ColumnSummary> summarize(const TrainingRows& dataset) {
  const auto sums = dataset.run(SummaryJob(dataset.schema()));
  std::vector<ColumnSummary> summaries;
  std::vector<QuantileRequest> requests;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto& [name, type] = dataset.schema().columns()[i];
    const Sums& s = sums[i];
    ColumnSummary summary{name,
                          type,
                          s.rows,
                          s.missing,
                          s.nan,
                          s.numbers,
                          s.zeros,
                          s.mean,
                          s.m2,
                          s.numbers > 0 ? s.min : 0,
                          s.numbers > 0 ? s.max : 0,
                          {},
                          !s.overflow,
                          s.values};
    summaries.push_back(std::move(summary));
    if (type.kind == ColumnType::Kind::Number)
      requests.push_back(
          {name, {std::begin(kSummaryProbabilities), std::end(kSummaryProbabilities)}});
  }
  if (requests.empty()) return summaries;
  const auto quantiles = exact_quantiles(dataset, requests);
  for (std::size_t i = 0, next = 0; i < summaries.size(); ++i) {
    if (summaries[i].type.kind == ColumnType::Kind::Number)
      summaries[i].quantiles = quantiles[next++].at(0).values;
  }
  return summaries;
}

}  // namespace lockstep::data
