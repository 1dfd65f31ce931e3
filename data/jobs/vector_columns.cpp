#include "data/jobs/vector_columns.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

void check_width(const SparseVectors& vectors, const Partition& partition, std::size_t width,
                 const std::string& field) {
  if (vectors.width <= width) return;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const std::size_t end = vectors.begin[row + 1];
    if (vectors.begin[row] == end || vectors.indices[end - 1] < width) continue;
    throw DataError(fmt::format("{} has the index {} (from 0), but a vector has {} numbers here",
                                row_name(partition, row), vectors.indices[end - 1], width),
                    {.field = field}, kGiveWidth);
  }
}

void check_width(const DenseVectors& vectors, const Partition& partition, std::size_t width,
                 const std::string& field) {
  if (vectors.width == width || partition.rows() == 0) return;
  throw DataError(fmt::format("{} has {} numbers, but a vector has {} here", row_name(partition, 0),
                              vectors.width, width),
                  {.field = field}, kGiveWidth);
}

}  // namespace

void check_widths(const Partition& partition, const std::string& column, std::size_t width,
                  const std::string& field) {
  const Column& vectors = partition.column(column);
  if (const auto* sparse = std::get_if<SparseVectors>(&vectors)) {
    check_width(*sparse, partition, width, field);
  } else {
    const auto* dense = std::get_if<DenseVectors>(&vectors);
    expects(dense != nullptr, "the stage reads a vector column");
    check_width(*dense, partition, width, field);
  }
}

void check_finite(const Partition& partition, const std::string& column, const std::string& field) {
  const Column& vectors = partition.column(column);
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    for_each_entry(vectors, row, [&](std::size_t j, double value) {
      if (std::isfinite(value)) return;
      throw DataError(fmt::format("{} has the value {} at index {} (from 0)",
                                  row_name(partition, row), value, j),
                      {.field = field},
                      "drop such rows, or fill them in with an imputer stage before");
    });
  }
}

std::string feature_name(const std::string& column, const ColumnType& type, std::size_t feature) {
  if (type.features && feature < type.features->size()) return (*type.features)[feature].name;
  return fmt::format("{}_{}", column, feature);
}

}  // namespace lockstep::data
