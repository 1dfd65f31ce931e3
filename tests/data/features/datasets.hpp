#pragma once
/// Small public datasets for golden numbers. They are no part of the source: a test that finds none
/// says so and passes.

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace lockstep::data::rig {

/// A column of "<name>.csv", numbers only, in the order of the rows; nothing where the file is not
/// there.
inline std::optional<std::vector<double>> dataset_column(const std::string& name,
                                                         const std::string& column) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/../shared/datasets/tabular/" + name + ".csv");
  if (!file) {
    WARN("skipped: there is no " + name + ".csv");
    return std::nullopt;
  }
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

}  // namespace lockstep::data::rig
