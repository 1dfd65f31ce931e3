#pragma once
/// Whole datasets and the ways to look at a vector stage that the tests of vector stages share.

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data::rig {

using Rows = std::vector<std::vector<double>>;

/// The rows of "<name>.csv", all columns; what is no number becomes 0, 1, ... in order of its
/// coming. Nothing, and a warning, where the file is not there.
inline std::optional<Rows> read_numeric_csv(const std::string& name) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/../shared/datasets/tabular/" + name + ".csv");
  if (!file) {
    WARN("skipped: there is no " + name + ".csv");
    return std::nullopt;
  }
  std::string line, cell;
  std::getline(file, line);
  std::vector<std::string> words;
  Rows rows;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    rows.emplace_back();
    while (std::getline(cells, cell, ',')) {
      char* end = nullptr;
      double value = std::strtod(cell.c_str(), &end);
      if (end == cell.c_str()) {
        const auto known = std::find(words.begin(), words.end(), cell);
        value = static_cast<double>(known - words.begin());
        if (known == words.end()) words.push_back(cell);
      }
      rows.back().push_back(value);
    }
  }
  return rows;
}

/// A dataset's rows, the last column apart.
struct Labelled {
  Rows features;
  std::vector<double> labels;
};
inline std::optional<Labelled> read_labelled_csv(const std::string& name) {
  const auto rows = read_numeric_csv(name);
  if (!rows) return std::nullopt;
  Labelled result;
  for (const auto& row : *rows) {
    result.features.emplace_back(row.begin(), row.end() - 1);
    result.labels.push_back(row.back());
  }
  return result;
}

/// The stage after fitting, as its message.
inline proto::Stage fitted(const std::string& config, const Dataset& dataset) {
  static ThreadPool threads(2);
  const auto made = make_feature_stage(stage(config), "stage[0]");
  made->fit(TrainingRows(nullptr, threads, dataset, /*seed=*/1));
  return made->save();
}

/// What a fitted stage makes of other rows.
inline Rows transformed(const proto::Stage& message, Dataset dataset, const std::string& output) {
  const auto made = make_feature_stage(message, "stage[0]");
  REQUIRE(made->is_fitted());
  for (auto& partition : dataset.own) made->transform(partition, Phase::Scoring);
  return vectors(dataset, output);
}

/// The config `head { input_col: 'x' output_col: 'y' rest }`.
inline std::string xy(const std::string& head, const std::string& rest = "") {
  return head + " { input_col: 'x' output_col: 'y' " + rest + " }";
}

/// What the stage makes of column x, sparse and dense alike: dense and sparse input, in one and in
/// three partitions, must give the same numbers up to rounding.
inline Rows apply_to(const std::string& config, const Rows& rows, double tolerance = 1e-12) {
  const Rows result = vectors(apply(config, table({dense("x", rows)})), "y");
  for (const auto& other :
       {apply(config, table({sparse("x", rows)})), apply(config, table({dense("x", rows)}, 3)),
        apply(config, table({sparse("x", rows)}, 3))}) {
    const Rows values = vectors(other, "y");
    REQUIRE(values.size() == result.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      REQUIRE(values[i].size() == result[i].size());
      for (std::size_t j = 0; j < values[i].size(); ++j)
        if (values[i][j] == values[i][j] || result[i][j] == result[i][j])
          CHECK(values[i][j] == Approx(result[i][j]).margin(tolerance));
    }
  }
  return result;
}

inline bool stays_sparse(const std::string& config, const Rows& rows) {
  const auto out = apply(config, table({sparse("x", rows)}));
  return std::holds_alternative<SparseVectors>(out.own[0].column("y"));
}

inline void check_close(std::span<const double> values, std::span<const double> expected,
                        double relative = 1e-9, double margin = 1e-12) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO("number " << i);
    CHECK(values[i] == Approx(expected[i]).epsilon(relative).margin(margin));
  }
}
inline void check_close(const Rows& values, const Rows& expected, double relative = 1e-9) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) check_close(values[i], expected[i], relative);
}
inline void check_close(const std::vector<double>& values,
                        const std::initializer_list<double> expected, double relative = 1e-9,
                        double margin = 1e-12) {
  check_close(std::span<const double>(values), std::span(expected.begin(), expected.size()),
              relative, margin);
}

}  // namespace lockstep::data::rig
