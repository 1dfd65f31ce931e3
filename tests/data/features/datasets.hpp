#pragma once
/// Small public datasets for golden numbers. They are no part of the source: a test that finds none
/// says so and passes, but fails in CI.

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace lockstep::data::rig {

/// The file of that name, opened; nothing where it is not there.
inline std::optional<std::ifstream> dataset_file(const std::string& name) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/../shared/datasets/tabular/" + name);
  if (file) return file;
  if (std::getenv("CI") != nullptr) FAIL("there is no " + name + ", which CI has");
  WARN("skipped: there is no " + name);
  return std::nullopt;
}

/// A column of "<name>.csv", numbers only, in the order of the rows; nothing where the file is not
/// there.
inline std::optional<std::vector<double>> dataset_column(const std::string& name,
                                                         const std::string& column) {
  auto opened = dataset_file(name + ".csv");
  if (!opened) return std::nullopt;
  auto& file = *opened;
  std::string line, cell;
  std::getline(file, line);
  std::istringstream header(line);
  std::size_t place = 0;
  while (std::getline(header, cell, ',') && cell != column) ++place;
  REQUIRE(cell == column);
  std::vector<double> values;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    for (std::size_t i = 0; i <= place; ++i) std::getline(cells, cell, ',');
    values.push_back(std::strtod(cell.c_str(), nullptr));
  }
  return values;
}

/// Rows of "<name>.csv" with the label in the last column, which is text or a number.
struct LabelledRows {
  std::size_t width = 0;
  std::vector<double> features;  ///< row-major
  std::vector<double> labels;    ///< NaN of a text
  std::size_t rows() const { return labels.size(); }
};
inline std::optional<LabelledRows> dataset_rows(const std::string& name) {
  auto file = dataset_file(name + ".csv");
  if (!file) return std::nullopt;
  LabelledRows rows;
  std::string line;
  std::getline(*file, line);
  while (std::getline(*file, line)) {
    std::istringstream cells(line);
    std::vector<double> numbers;
    for (std::string cell; std::getline(cells, cell, ',');) {
      char* end = nullptr;
      const double number = std::strtod(cell.c_str(), &end);
      numbers.push_back(end == cell.c_str() ? std::nan("") : number);
    }
    rows.width = numbers.size() - 1;
    rows.labels.push_back(numbers.back());
    rows.features.insert(rows.features.end(), numbers.begin(), numbers.end() - 1);
  }
  return rows;
}

}  // namespace lockstep::data::rig
