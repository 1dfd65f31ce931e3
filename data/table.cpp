#include "data/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "core/names.hpp"

namespace lockstep::data {
namespace {

struct RowCount {
  std::size_t operator()(const Numbers& c) const { return c.values.size(); }
  std::size_t operator()(const SparseVectors& c) const { return c.begin.size() - 1; }
  std::size_t operator()(const DenseVectors& c) const {
    return c.width == 0 ? 0 : c.values.size() / c.width;
  }
  std::size_t operator()(const Images& c) const {
    return c.shape.size() == 0 ? 0 : c.values.size() / c.shape.size();
  }
};

struct RowCopy {
  std::size_t row;
  float* out;

  void operator()(const Numbers& c) const { *out = static_cast<float>(c.values[row]); }
  void operator()(const SparseVectors& c) const {
    std::fill_n(out, c.width, 0.0F);
    for (std::size_t i = c.begin[row]; i < c.begin[row + 1]; ++i) {
      out[c.indices[i]] = static_cast<float>(c.values[i]);
    }
  }
  void operator()(const DenseVectors& c) const {
    const double* from = c.values.data() + row * c.width;
    for (std::size_t i = 0; i < c.width; ++i) out[i] = static_cast<float>(from[i]);
  }
  void operator()(const Images& c) const {
    const std::size_t size = c.shape.size();
    std::memcpy(out, c.values.data() + row * size, size * sizeof(float));
  }
};

}  // namespace

std::string to_string(const ColumnType& type) {
  switch (type.kind) {
    case ColumnType::Kind::Number:
      return "number";
    case ColumnType::Kind::Vector:
      return "vector of " + to_string(type.shape);
    case ColumnType::Kind::Image:
      return "image " + to_string(type.shape);
  }
  return "unknown";
}

void Schema::add(const std::string& name, ColumnType type) {
  for (auto& [known, known_type] : columns_) {
    if (known == name) {
      known_type = std::move(type);
      return;
    }
  }
  columns_.emplace_back(name, std::move(type));
}

bool Schema::has(const std::string& name) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const auto& c) { return c.first == name; });
}

const ColumnType& Schema::at(const std::string& name, const std::string& field) const {
  std::vector<std::string> known;
  for (const auto& [column, type] : columns_) {
    if (column == name) return type;
    known.push_back(column);
  }
  throw ConfigError(fmt::format("there is no column '{}'", name), {.field = field},
                    suggest(name, known));
}

void Schema::keep(const std::vector<std::string>& names) {
  std::erase_if(columns_, [&](const auto& column) {
    return std::find(names.begin(), names.end(), column.first) == names.end();
  });
}

std::size_t rows_of(const Column& column) { return std::visit(RowCount{}, column); }

void copy_row(const Column& column, std::size_t row, float* out) {
  std::visit(RowCopy{row, out}, column);
}

}  // namespace lockstep::data
