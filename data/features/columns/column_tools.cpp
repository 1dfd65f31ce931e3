#include "data/features/columns/column_tools.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"

namespace lockstep::data {
ColumnType category_type(const std::string& name, std::size_t arity,
                         std::vector<std::string> labels) {
  ColumnType type{ColumnType::Kind::Number};
  type.features = std::make_shared<const std::vector<Feature>>(
      1, Feature{name, Feature::Kind::Nominal, arity, std::move(labels)});
  return type;
}

const Feature* feature_of(const ColumnType& type) {
  return type.features && type.features->size() == 1 ? &type.features->front() : nullptr;
}

std::string quoted(double value) {
  if (is_missing(value)) return "a missing value";
  return fmt::format("'{}'", to_string(value, ColumnType::Format::Double));
}

void throw_bad_number(const Partition& partition, std::size_t row, double value,
                      const ColumnPair& columns, const std::string& what,
                      const std::string& advice) {
  throw DataError(fmt::format("{} in column '{}' {}: {}", quoted(value), columns.input, what,
                              row_name(partition, row)),
                  {.field = columns.input_field}, advice);
}

std::size_t row_width(const ColumnType& type) {
  return type.kind == ColumnType::Kind::Vector ? type.shape.size() : 1;
}

void check_width(const ColumnType& type, const std::string& column, std::size_t width,
                 const std::string& field) {
  if (type.open_width || row_width(type) == width) return;
  throw ConfigError(fmt::format("column '{}' has {} numbers a row, but the training rows have {}",
                                column, row_width(type), width),
                    {.field = field}, "give rows like those that were trained on");
}

}  // namespace lockstep::data
