#include "ml/pipeline/row_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "core/log.hpp"
#include "dist/session.hpp"

namespace lockstep::ml {
namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

bool is_class(double value, double classes) {
  return value >= 0 && value < classes && value == std::floor(value);
}

/// What a number column must hold.
struct Rule {
  std::string column;
  std::function<bool(double)> fits;
  bool missing_fits = false;
  std::string what;    ///< "label"
  std::string wanted;  ///< "outside 0..2"
  std::string advice;
};

std::vector<Rule> rules_of(const PredictionColumns& columns, const data::Schema& schema,
                           RowUse use) {
  std::vector<Rule> rules;
  const auto has_numbers = [&](const std::string& name) {
    return schema.has(name) && schema.at(name, "").kind == data::ColumnType::Kind::Number;
  };
  const bool classes = columns.task == Task::Multiclass || columns.task == Task::Binary;
  if (classes && columns.classes > 0 && has_numbers(columns.label)) {
    const auto count = static_cast<double>(columns.classes);
    rules.push_back({columns.label, [count](double y) { return is_class(y, count); },
                     use != RowUse::Training, "label", fmt::format("outside 0..{}", count - 1),
                     fmt::format("the model has {} classes; change the last layer's units or the "
                                 "labels",
                                 columns.classes)});
  } else if (columns.task == Task::Regression && has_numbers(columns.label)) {
    rules.push_back({columns.label, [](double y) { return std::isfinite(y); },
                     use != RowUse::Training, "target", "not finite",
                     "fill or drop such rows first: stages fill_nulls, drop_nulls"});
  }
  if (has_numbers(columns.weight))
    rules.push_back({columns.weight, [](double w) { return std::isfinite(w) && w >= 0; }, false,
                     "weight", "negative or not finite", "weights are numbers from 0 on"});
  if (has_numbers(columns.anomaly) && use != RowUse::Training)
    rules.push_back({columns.anomaly, [](double a) { return a == 0 || a == 1; }, true, "label",
                     "outside 0..1", "1 tells a known anomaly, 0 any other row"});
  return rules;
}

/// COLLECTIVE. @throws AgreedError naming the first row that breaks the rule
void check_rule(const Context& context, const data::Dataset& dataset, const Rule& rule) {
  std::int64_t first[] = {kNone};
  double bad = 0;
  for (const auto& partition : dataset.own) {
    const auto& values = partition.get<data::Numbers>(rule.column).values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (rule.fits(values[i]) || (rule.missing_fits && data::is_missing(values[i]))) continue;
      const auto row = static_cast<std::int64_t>(partition.row_ids[i]);
      if (row >= first[0]) continue;
      first[0] = row;
      bad = values[i];
    }
    partition.release();
  }
  const std::int64_t own = first[0];
  context.ranks.allreduce_min(first);
  dist::all_or_none(context.ranks, [&] {
    if (first[0] == kNone || own != first[0]) return;
    const std::string where = fmt::format("in row {} (counted from 1)", own + 1);
    if (data::is_missing(bad))
      throw DataError(fmt::format("the {} is missing {}", rule.what, where),
                      {.file = dataset.name, .field = rule.column},
                      "fill or drop such rows first: stages fill_nulls, drop_nulls");
    throw DataError(fmt::format("{} {} is {}, {}", rule.what, bad, rule.wanted, where),
                    {.file = dataset.name, .field = rule.column}, rule.advice);
  });
}

/// Whether all features of a row are finite, and in the range of a float where that is asked for.
bool has_features(const data::Column& column, std::size_t row, bool floats) {
  if (const auto* images = std::get_if<data::Images>(&column)) {
    const std::size_t width = images->shape.size();
    const auto pixels = images->values.span().subspan(row * width, width);
    return std::all_of(pixels.begin(), pixels.end(), [](float x) { return std::isfinite(x); });
  }
  bool finite = true;
  data::for_each_entry(column, row, [&](std::size_t, double x) {
    finite = finite && std::isfinite(floats ? static_cast<float>(x) : x);
  });
  return finite;
}

/// COLLECTIVE. Rows whose features are not finite are left out, which is said, or an error that
/// names the first.
void check_features(const Context& context, data::Dataset& dataset,
                    const PredictionColumns& columns) {
  std::int64_t counts[] = {0, 0};  // left out, kept
  std::int64_t first[] = {kNone};
  dist::all_or_none(context.ranks, [&] {
    std::vector<std::int64_t> left_out(dataset.own.size()), firsts(dataset.own.size(), kNone);
    context.threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t p) {
      auto& partition = dataset.own[p];
      const auto& features = partition.column(columns.features);
      std::vector<bool> keep(partition.rows(), true);
      for (std::size_t row = 0; row < keep.size(); ++row) {
        keep[row] = has_features(features, row, columns.float_features);
        if (!keep[row])
          firsts[p] = std::min(firsts[p], static_cast<std::int64_t>(partition.row_ids[row]));
      }
      left_out[p] = std::count(keep.begin(), keep.end(), false);
      if (columns.skips_invalid) keep_rows(partition, keep);
      partition.release();
    });
    for (std::size_t p = 0; p < left_out.size(); ++p) {
      counts[0] += left_out[p];
      counts[1] += static_cast<std::int64_t>(dataset.own[p].rows());
      first[0] = std::min(first[0], firsts[p]);
    }
  });
  context.ranks.allreduce_sum(counts);
  context.ranks.allreduce_min(first);
  if (counts[0] == 0) return;
  dist::all_or_none(context.ranks, [&] {
    if (columns.skips_invalid) return;
    throw DataError(
        fmt::format("a number of column '{}' is missing, not finite{}, in row {} "
                    "(counted from 1); {} rows have such numbers",
                    columns.features, columns.float_features ? " or beyond what a float holds" : "",
                    first[0] + 1, counts[0]),
        {.file = dataset.name, .field = columns.features},
        "fill or drop such rows first: stages imputer, fill_nulls, drop_nulls; or set "
        "handle_invalid: SKIP");
  });
  dataset.rows = static_cast<std::uint64_t>(counts[1]);
  if (context.is_driver())
    log::info(
        "{}: {} rows whose features are not finite are left out, the first is row {} (counted "
        "from 1)",
        dataset.name, counts[0], first[0] + 1);
}

/// Which rows of the partition have a label: no number of it is missing.
std::vector<bool> labelled(const data::Partition& partition, const std::string& label) {
  const data::Column& labels = partition.column(label);
  std::vector<bool> keep(partition.rows(), true);
  // An image or a text is there or the row is not.
  if (std::holds_alternative<data::Images>(labels) ||
      std::holds_alternative<data::Tokens>(labels) || std::holds_alternative<data::Strings>(labels))
    return keep;
  for (std::size_t row = 0; row < keep.size(); ++row) {
    data::for_each_entry(labels, row, [&](std::size_t, double value) {
      if (data::is_missing(value)) keep[row] = false;
    });
  }
  return keep;
}

/// COLLECTIVE. Leaves out the rows whose label is missing, and says how many they are.
void drop_unlabelled(const Context& context, data::Dataset& dataset, const std::string& label) {
  std::int64_t rows[] = {0, 0};  // dropped, kept
  std::int64_t first[] = {kNone};
  dist::all_or_none(context.ranks, [&] {
    for (data::Partition& partition : dataset.own) {
      const auto keep = labelled(partition, label);
      for (std::size_t i = 0; i < keep.size(); ++i) {
        if (!keep[i])
          first[0] = std::min(first[0], static_cast<std::int64_t>(partition.row_ids[i]));
      }
      rows[0] += static_cast<std::int64_t>(keep_rows(partition, keep));
      rows[1] += static_cast<std::int64_t>(partition.rows());
    }
  });
  context.ranks.allreduce_sum(rows);
  context.ranks.allreduce_min(first);
  if (rows[0] == 0) return;
  dataset.rows = static_cast<std::uint64_t>(rows[1]);
  dist::all_or_none(context.ranks, [&] {
    if (rows[1] == 0)
      throw DataError(fmt::format("{} has no labels to compare with", dataset.name),
                      {.file = dataset.name, .field = label}, "use lockstep predict");
  });
  if (context.is_driver())
    log::info("{}: {} rows have no label and are left out, the first is row {} (counted from 1)",
              dataset.name, rows[0], first[0] + 1);
}

}  // namespace

void check_rows(const Context& context, data::Dataset& dataset, const PredictionColumns& columns,
                RowUse use) {
  if (dataset.rows == 0) return;
  if (dataset.schema.has(columns.features)) check_features(context, dataset, columns);
  if (use == RowUse::Judging) {
    for (const auto& name : {columns.label, columns.anomaly}) {
      if (dataset.schema.has(name)) drop_unlabelled(context, dataset, name);
    }
  }
  for (const auto& rule : rules_of(columns, dataset.schema, use))
    check_rule(context, dataset, rule);
}

}  // namespace lockstep::ml
