#include "data/features/vectors/feature_tests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.hpp"
#include "data/features/vectors/distributions.hpp"
#include "data/features/vectors/vector_stage.hpp"
#include "data/jobs/moments.hpp"

namespace lockstep::data {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The labels of a partition whose columns are checked. @throws DataError
const Values<double>& checked_labels(const Partition& partition, const TestedColumns& columns) {
  check_widths(partition, columns.features, columns.width, columns.features_field);
  check_finite(partition, columns.features, columns.features_field);
  const Values<double>& labels = partition.get<Numbers>(columns.label).values;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (std::isfinite(labels[row])) continue;
    throw DataError(is_missing(labels[row])
                        ? fmt::format("{} has no label", row_name(partition, row))
                        : fmt::format("{} has the label {}", row_name(partition, row), labels[row]),
                    {.field = columns.label_field}, "drop such rows before");
  }
  return labels;
}

void check_categories(std::size_t count, const std::string& what, const std::string& field) {
  if (count <= kMostCategories) return;
  throw DataError(fmt::format("{} has more than {} different values", what, kMostCategories),
                  {.field = field}, "is it continuous?");
}

// ---- chi-squared

/// Rows of each label, and of each pair of a feature's value and a label. Zeros are not counted:
/// they are what is left of the rows.
struct ContingencyJob {
  const TestedColumns& columns;

  using Pairs = std::map<std::pair<double, double>, std::uint64_t>;
  struct Partial {
    std::map<double, std::uint64_t> labels;
    std::vector<Pairs> pairs;  // of each feature
    static constexpr auto kFields = std::make_tuple(&Partial::labels, &Partial::pairs);
  };

  Partial map(const Partition& partition) const {
    const Values<double>& labels = checked_labels(partition, columns);
    Partial partial{{}, std::vector<Pairs>(columns.width)};
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      ++partial.labels[labels[row]];
      for_each_entry(partition.column(columns.features), row, [&](std::size_t j, double x) {
        if (x != 0) ++partial.pairs[j][{x, labels[row]}];
      });
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (const auto& [label, rows] : right.labels) left.labels[label] += rows;
    check_categories(left.labels.size(), "the label", columns.label_field);
    for (std::size_t j = 0; j < left.pairs.size(); ++j)
      for (const auto& [pair, rows] : right.pairs[j]) left.pairs[j][pair] += rows;
    return left;
  }
  std::vector<FeatureTest> finish(const Partial& total) const {
    check_categories(total.labels.size(), "the label", columns.label_field);
    std::vector<FeatureTest> tests;
    for (std::size_t j = 0; j < total.pairs.size(); ++j)
      tests.push_back(test(total.labels, total.pairs[j], j));
    return tests;
  }

 private:
  FeatureTest test(const std::map<double, std::uint64_t>& labels, const Pairs& pairs,
                   std::size_t feature) const;
};

FeatureTest ContingencyJob::test(const std::map<double, std::uint64_t>& labels, const Pairs& pairs,
                                 std::size_t feature) const {
  std::map<double, std::map<double, std::uint64_t>> table;  // value, label -> rows
  std::map<double, std::uint64_t> zeros = labels;
  for (const auto& [pair, rows] : pairs) {
    table[pair.first][pair.second] = rows;
    zeros[pair.second] -= rows;
  }
  if (std::any_of(zeros.begin(), zeros.end(), [](const auto& zero) { return zero.second > 0; }))
    table[0] = zeros;
  check_categories(table.size(), fmt::format("feature {} (from 0)", feature),
                   columns.features_field);
  double n = 0;
  for (const auto& [label, rows] : labels) n += static_cast<double>(rows);
  FeatureTest result;
  for (const auto& [value, by_label] : table) {
    double with_value = 0;
    for (const auto& [label, rows] : by_label) with_value += static_cast<double>(rows);
    for (const auto& [label, rows] : labels) {
      const auto found = by_label.find(label);
      const double observed = found == by_label.end() ? 0 : static_cast<double>(found->second);
      const double expected = with_value * static_cast<double>(rows) / n;
      result.statistic += (observed - expected) * (observed - expected) / expected;
    }
  }
  result.dof = static_cast<double>(table.size() - 1) * static_cast<double>(labels.size() - 1);
  if (result.dof == 0) return {};
  result.p_value = chi_squared_survival(result.statistic, result.dof);
  return result;
}

// ---- analysis of variance

/// The moments of the rows of each label.
struct GroupsJob {
  const TestedColumns& columns;
  using Partial = std::map<double, Moments>;

  Partial map(const Partition& partition) const {
    const Values<double>& labels = checked_labels(partition, columns);
    std::map<double, std::vector<std::size_t>> rows;
    for (std::size_t row = 0; row < partition.rows(); ++row) rows[labels[row]].push_back(row);
    check_categories(rows.size(), "the label", columns.label_field);
    Partial groups;
    for (const auto& [label, its_rows] : rows)
      groups[label] = moments_of(partition.column(columns.features), its_rows, columns.width);
    return groups;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (const auto& [label, moments] : right) {
      Moments& into = left[label];
      into = data::merge(std::move(into), moments);
    }
    check_categories(left.size(), "the label", columns.label_field);
    return left;
  }
  std::vector<FeatureTest> finish(Partial groups) const {
    Moments all;
    for (auto& [label, moments] : groups) {
      all = data::merge(std::move(all), moments);
      moments = without_rounding(std::move(moments));
    }
    all = without_rounding(std::move(all));
    std::vector<FeatureTest> tests;
    for (std::size_t j = 0; j < columns.width; ++j) tests.push_back(test(groups, all, j));
    return tests;
  }

 private:
  static FeatureTest test(const Partial& groups, const Moments& all, std::size_t j) {
    double between = 0, within = 0;
    for (const auto& [label, moments] : groups) {
      const double distance = moments.mean[j] - all.mean[j];
      between += static_cast<double>(moments.rows) * distance * distance;
      within += moments.m2[j];
    }
    const auto n = static_cast<double>(all.rows), k = static_cast<double>(groups.size());
    if (k < 2 || n <= k || all.m2[j] == 0) return {0, 1, n - k};
    const double f = within == 0 ? kInfinity : (between / (k - 1)) / (within / (n - k));
    return {f, f_survival(f, k - 1, n - k), n - k};
  }
};

// ---- regression

/// Moments of features and label, and how they vary together.
struct CorrelationJob {
  const TestedColumns& columns;

  struct Partial {
    Moments x, y;
    std::vector<double> products;  // sum of (x - mean of x) (y - mean of y)
    static constexpr auto kFields = std::make_tuple(&Partial::x, &Partial::y, &Partial::products);
  };

  Partial map(const Partition& partition) const {
    const Values<double>& labels = checked_labels(partition, columns);
    const std::vector<std::size_t> rows = all_rows(partition);
    const Column& features = partition.column(columns.features);
    Partial partial{moments_of(features, rows, columns.width),
                    moments_of(partition.column(columns.label), rows, 1),
                    std::vector<double>(columns.width)};
    std::vector<double> rest(columns.width);  // (y - mean of y) of the rows without an entry
    double all = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const double y = labels[row] - partial.y.mean[0];
      all += y;
      for_each_entry(features, row, [&](std::size_t j, double x) {
        partial.products[j] += (x - partial.x.mean[j]) * y;
        rest[j] -= y;
      });
    }
    for (std::size_t j = 0; j < columns.width; ++j)
      partial.products[j] -= partial.x.mean[j] * (rest[j] + all);
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    if (right.x.rows == 0) return left;
    if (left.x.rows == 0) return right;
    const auto a = static_cast<double>(left.x.rows), b = static_cast<double>(right.x.rows);
    const double weight = a * (b / (a + b)), y = right.y.mean[0] - left.y.mean[0];
    for (std::size_t j = 0; j < left.products.size(); ++j)
      left.products[j] += right.products[j] + (right.x.mean[j] - left.x.mean[j]) * y * weight;
    left.x = data::merge(std::move(left.x), right.x);
    left.y = data::merge(std::move(left.y), right.y);
    return left;
  }
  std::vector<FeatureTest> finish(Partial total) const {
    total.x = without_rounding(std::move(total.x));
    total.y = without_rounding(std::move(total.y));
    std::vector<FeatureTest> tests;
    const double dof = static_cast<double>(total.x.rows) - 2;
    for (std::size_t j = 0; j < columns.width; ++j) {
      const double squares = total.x.m2[j] * total.y.m2[0];
      const double r2 = squares == 0 ? 0 : total.products[j] * total.products[j] / squares;
      const double f = dof <= 0 || squares == 0 ? 0 : r2 < 1 ? r2 / (1 - r2) * dof : kInfinity;
      tests.push_back({f, f_survival(f, 1, dof), dof});
    }
    return tests;
  }
};

}  // namespace

std::vector<FeatureTest> chi_squared_tests(const TrainingRows& fitting,
                                           const TestedColumns& columns) {
  return fitting.run(ContingencyJob{columns});
}

std::vector<FeatureTest> anova_tests(const TrainingRows& fitting, const TestedColumns& columns) {
  return fitting.run(GroupsJob{columns});
}

std::vector<FeatureTest> regression_tests(const TrainingRows& fitting,
                                          const TestedColumns& columns) {
  return fitting.run(CorrelationJob{columns});
}

}  // namespace lockstep::data
