#pragma once
/// What jobs and stages ask of a vector column before they compute with it.

#include <cstddef>
#include <string>

#include "data/table.hpp"

namespace lockstep::data {

/// The advice to who gives vectors of another width.
inline constexpr const char* kGiveWidth = "give vectors as wide as those it was made for";

/// Every row of the vector column has `width` numbers; sparse ones may lack trailing zeros. `field`
/// is the config path for messages. @throws DataError naming the row that does not fit
void check_widths(const Partition& partition, const std::string& column, std::size_t width,
                  const std::string& field);

/// Every stored number of the column is finite. @throws DataError naming row, index and value
void check_finite(const Partition& partition, const std::string& column, const std::string& field);

/// The name of one feature of a column, as features_of() gives it.
std::string feature_name(const std::string& column, const ColumnType& type, std::size_t feature);

}  // namespace lockstep::data
