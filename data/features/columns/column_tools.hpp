#pragma once
/// What the stages for number, category and vector columns share: types that name categories,
/// checks of widths, and messages about values.

#include <cstddef>
#include <string>
#include <vector>

#include "core/proto/stage.pb.h"
#include "data/stage.hpp"

namespace lockstep::data {

/// A number column of categories 0, 1, ... `arity` - 1; arity 0: not known yet.
ColumnType category_type(const std::string& name, std::size_t arity,
                         std::vector<std::string> labels);

/// What is known of a number column, or null.
const Feature* feature_of(const ColumnType& type);

/// "'3.5'", "'NaN'", "a missing value": for messages.
std::string quoted(double value);

/// Stops at a number that a stage cannot use. `what` goes between value and place: "5.0 <is not a
/// category> in column 'x', row 18".
[[noreturn]] void throw_bad_number(const Partition& partition, std::size_t row, double value,
                                   const ColumnPair& columns, const std::string& what,
                                   const std::string& advice);

/// The width of a vector column, 1 of a number column.
std::size_t row_width(const ColumnType& type);

/// Checks a column's type against the width of the training rows. An open width is checked row by
/// row, later. @throws ConfigError naming `field`
void check_width(const ColumnType& type, const std::string& column, std::size_t width,
                 const std::string& field);

}  // namespace lockstep::data
