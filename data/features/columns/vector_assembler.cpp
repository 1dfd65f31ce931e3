#include "data/features/columns/vector_assembler.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kWideInput = 16, kWideOutput = 64;

/// What is known of an input's `width` numbers, named for the output.
void add_features(const std::string& column, const ColumnType& type, std::size_t width,
                  std::vector<Feature>& into) {
  if (type.kind == ColumnType::Kind::Number) {
    Feature feature = features_of(column, type).front();
    feature.name = column;
    into.push_back(std::move(feature));
    return;
  }
  const bool known = type.features && type.features->size() == type.shape.size();
  for (std::size_t i = 0; i < width; ++i) {
    Feature feature;
    if (known && i < type.features->size()) feature = (*type.features)[i];
    feature.name = column + "_" + (feature.name.empty() ? std::to_string(i) : feature.name);
    into.push_back(std::move(feature));
  }
}

}  // namespace

VectorAssembler::VectorAssembler(const proto::VectorAssembler& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.input_cols().empty()) {
    throw ConfigError("no input column is given", {.field = at_ + ".input_cols"},
                      "name the columns to join");
  }
  if (is_fitted() && config_.widths_size() != config_.input_cols_size()) {
    throw ConfigError(fmt::format("{} columns, but a model of {}", inputs(), config_.widths_size()),
                      {.field = at_ + ".widths"}, "leave it out to fit it anew");
  }
}

ColumnPair VectorAssembler::pair(std::size_t input) const {
  return {name(input), config_.output_col(), fmt::format("{}.input_cols[{}]", at_, input),
          at_ + ".output_col"};
}

const ColumnType& VectorAssembler::input_type(const Schema& schema, std::size_t input) const {
  return input_column(schema, name(input), {ColumnType::Kind::Number, ColumnType::Kind::Vector},
                      pair(input).input_field);
}

std::size_t VectorAssembler::total_width() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < inputs(); ++i) total += width(i);
  return total;
}

Schema VectorAssembler::output_schema(const Schema& input) const {
  std::size_t total = 0;
  bool open = false;
  for (std::size_t i = 0; i < inputs(); ++i) {
    const ColumnType& type = input_type(input, i);
    if (is_fitted()) check_width(type, name(i), width(i), pair(i).input_field);
    total += is_fitted() ? width(i) : row_width(type);
    open = open || (!is_fitted() && type.open_width);
  }
  if (total > std::numeric_limits<std::uint32_t>::max()) {
    throw ConfigError(fmt::format("a vector of {} numbers is too wide", total),
                      {.field = at_ + ".input_cols"}, "join fewer columns");
  }
  ColumnType type = vector_type(total);
  if (!open && total <= kMostNamedFeatures) {
    std::vector<Feature> features;
    for (std::size_t i = 0; i < inputs(); ++i) {
      const ColumnType& from = input_type(input, i);
      add_features(name(i), from, is_fitted() ? width(i) : row_width(from), features);
    }
    type = vector_type(std::move(features));
  }
  type.open_width = open;
  Schema output = input;
  add_output(output, config_.output_col(), std::move(type), at_ + ".output_col");
  return output;
}

void VectorAssembler::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  for (std::size_t i = 0; i < inputs(); ++i)
    config_.add_widths(row_width(input_type(fitting.schema(), i)));
}

void VectorAssembler::check_numbers(const Partition& partition, std::size_t input,
                                    std::vector<bool>& keep) const {
  if (config_.handle_invalid() == proto::KEEP) return;
  const auto& values = partition.get<Numbers>(name(input)).values;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!std::isnan(values[row])) continue;
    if (config_.handle_invalid() == proto::ERROR) {
      throw_bad_number(partition, row, values[row], pair(input), "is not a number",
                       "fill missing numbers with an imputer, or set handle_invalid: SKIP to drop "
                       "such rows, or KEEP to have NaN in the vectors");
    }
    keep[row] = false;
  }
}

bool VectorAssembler::is_sparse(const Partition& partition) const {
  const bool wide = total_width() > kWideOutput;
  for (std::size_t i = 0; i < inputs(); ++i) {
    if (std::holds_alternative<SparseVectors>(partition.column(name(i))) &&
        (wide || width(i) > kWideInput))
      return true;
  }
  return false;
}

Column VectorAssembler::join_sparse(const Partition& partition) const {
  SparseBuilder builder(total_width());
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < inputs(); begin += width(i), ++i) {
      for_each_entry(partition.column(name(i)), row, [&](std::size_t j, double value) {
        if (value != 0) builder.push(begin + j, value);
      });
    }
    builder.end_row();
  }
  return std::move(builder).finish();
}

Column VectorAssembler::join_dense(const Partition& partition) const {
  const std::size_t total = total_width();
  std::vector<double> values(partition.rows() * total);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < inputs(); begin += width(i), ++i) {
    const Column& column = partition.column(name(i));
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      double* out = values.data() + row * total + begin;
      for_each_entry(column, row, [out](std::size_t j, double value) { out[j] = value; });
    }
  }
  return DenseVectors{total, std::move(values)};
}

Effect VectorAssembler::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  std::vector<bool> keep(partition.rows(), true);
  for (std::size_t i = 0; i < inputs(); ++i) {
    if (std::holds_alternative<Numbers>(partition.column(name(i)))) {
      check_numbers(partition, i, keep);
    } else {
      check_widths(partition, name(i), width(i), pair(i).input_field);
    }
  }
  const std::size_t dropped = keep_rows(partition, keep);
  partition.set(config_.output_col(),
                is_sparse(partition) ? join_sparse(partition) : join_dense(partition));
  return dropped_if_any(dropped);
}

proto::Stage VectorAssembler::save() const {
  proto::Stage stage;
  *stage.mutable_vector_assembler() = config_;
  return stage;
}

}  // namespace lockstep::data
