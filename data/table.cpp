#include "data/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.hpp"
#include "core/names.hpp"

namespace lockstep::data {
namespace {

struct RowCount {
  std::size_t otherwise;

  std::size_t operator()(const Numbers& c) const { return c.values.size(); }
  std::size_t operator()(const Strings& c) const { return c.rows(); }
  std::size_t operator()(const Tokens& c) const { return c.rows(); }
  std::size_t operator()(const SparseVectors& c) const { return c.rows(); }
  std::size_t operator()(const DenseVectors& c) const {
    return c.width == 0 ? otherwise : c.values.size() / c.width;
  }
  std::size_t operator()(const Images& c) const {
    return c.shape.size() == 0 ? otherwise : c.values.size() / c.shape.size();
  }
};

constexpr const char* kNumbersOnly = "the column holds numbers";

template <typename T>
struct RowCopy {
  std::size_t row;
  T* out;

  void operator()(const Numbers& c) const { *out = static_cast<T>(c.values[row]); }
  void operator()(const Strings&) const { expects(false, kNumbersOnly); }
  void operator()(const Tokens&) const { expects(false, kNumbersOnly); }
  void operator()(const SparseVectors& c) const {
    std::fill_n(out, c.width, T{0});
    for (std::size_t i = c.begin[row]; i < c.begin[row + 1]; ++i) {
      out[c.indices[i]] = static_cast<T>(c.values[i]);
    }
  }
  void operator()(const DenseVectors& c) const {
    const double* from = c.values.data() + row * c.width;
    for (std::size_t i = 0; i < c.width; ++i) out[i] = static_cast<T>(from[i]);
  }
  void operator()(const Images& c) const {
    const std::size_t size = c.shape.size();
    const float* from = c.values.data() + row * size;
    std::copy(from, from + size, out);
  }
};

struct RowTake {
  std::span<const std::size_t> rows;

  Column operator()(const Numbers& c) const { return Numbers{take(c.values, 1)}; }
  Column operator()(const Strings& c) const {
    StringsBuilder builder;
    for (const std::size_t row : rows) builder.push(c.at(row));
    return std::move(builder).finish();
  }
  Column operator()(const Tokens& c) const {
    TokensBuilder builder;
    for (const std::size_t row : rows) {
      const std::size_t first = c.first(row), count = c.count(row);
      for (std::size_t i = first; i < first + count; ++i) builder.push(c.token(i));
      builder.end_row();
    }
    return std::move(builder).finish();
  }
  Column operator()(const SparseVectors& c) const {
    SparseBuilder builder(c.width);
    for (const std::size_t row : rows) {
      for (std::size_t i = c.begin[row]; i < c.begin[row + 1]; ++i)
        builder.push(c.indices[i], c.values[i]);
      builder.end_row();
    }
    return std::move(builder).finish();
  }
  Column operator()(const DenseVectors& c) const {
    return DenseVectors{c.width, take(c.values, c.width)};
  }
  Column operator()(const Images& c) const {
    return Images{c.shape, take(c.values, c.shape.size())};
  }

  template <typename T>
  std::vector<T> take(const Values<T>& values, std::size_t width) const {
    std::vector<T> taken;
    taken.reserve(rows.size() * width);
    for (const std::size_t row : rows) {
      const T* from = values.data() + row * width;
      taken.insert(taken.end(), from, from + width);
    }
    return taken;
  }
};

}  // namespace

std::string to_string(const ColumnType& type) {
  switch (type.kind) {
    case ColumnType::Kind::Number:
      switch (type.format) {
        case ColumnType::Format::Double:
          return "number";
        case ColumnType::Format::Integer:
          return "integer";
        case ColumnType::Format::Boolean:
          return "boolean";
        case ColumnType::Format::Float:
          return "number";
      }
      break;
    case ColumnType::Kind::String:
      return "string";
    case ColumnType::Kind::Tokens:
      return "tokens";
    case ColumnType::Kind::Vector:
      return type.open_width && type.shape.size() == 0 ? "vector"
                                                       : "vector of " + to_string(type.shape);
    case ColumnType::Kind::Image:
      return "image " + to_string(type.shape);
  }
  return "unknown";
}

std::string to_string(double value, ColumnType::Format format) {
  if (is_missing(value)) return "";
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  switch (format) {
    case ColumnType::Format::Boolean:
      return value != 0 ? "true" : "false";
    case ColumnType::Format::Integer:
      return fmt::format("{:.0f}", value == 0 ? 0.0 : value);
    case ColumnType::Format::Double:
    case ColumnType::Format::Float:
      break;
  }
  std::string text = format == ColumnType::Format::Float
                         ? fmt::format("{}", static_cast<float>(value))
                         : fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

ColumnType vector_type(std::vector<Feature> features) {
  ColumnType type = vector_type(features.size());
  if (features.size() <= kMostNamedFeatures)
    type.features = std::make_shared<const std::vector<Feature>>(std::move(features));
  return type;
}

ColumnType vector_type(std::size_t width) {
  return {ColumnType::Kind::Vector, {static_cast<std::int64_t>(width)}};
}

std::vector<Feature> features_of(const std::string& name, const ColumnType& type) {
  const std::size_t numbers = type.shape.size();
  if (type.features && type.features->size() == numbers) return *type.features;
  if (type.kind == ColumnType::Kind::Number) {
    Feature feature{name, Feature::Kind::Numeric, 0, {}};
    if (type.format == ColumnType::Format::Boolean) feature.kind = Feature::Kind::Binary;
    return {feature};
  }
  std::vector<Feature> features(numbers);
  for (std::size_t i = 0; i < numbers; ++i) features[i].name = fmt::format("{}_{}", name, i);
  return features;
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

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  for (const auto& [name, type] : columns_) names.push_back(name);
  return names;
}

const ColumnType& Schema::at(const std::string& name, const std::string& field) const {
  for (const auto& [column, type] : columns_) {
    if (column == name) return type;
  }
  throw ConfigError(fmt::format("there is no column '{}'", name), {.field = field},
                    suggest(name, names()));
}

void Schema::keep(const std::vector<std::string>& names) {
  std::erase_if(columns_, [&](const auto& column) {
    return std::find(names.begin(), names.end(), column.first) == names.end();
  });
}

void Schema::rename(const std::string& from, const std::string& to) {
  for (auto& [name, type] : columns_) {
    if (name == from) name = to;
  }
}

void StringsBuilder::push(std::string_view text) {
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  ends_.push_back(bytes_.size());
  if (!missing_.empty()) missing_.push_back(0);
}

void StringsBuilder::push_missing() {
  missing_.resize(ends_.size(), 0);
  missing_.push_back(1);
  ends_.push_back(bytes_.size());
}

Strings StringsBuilder::finish() && {
  return {std::move(ends_), std::move(bytes_), std::move(missing_)};
}

void TokensBuilder::push(std::string_view token) {
  bytes_.insert(bytes_.end(), token.begin(), token.end());
  ends_.push_back(bytes_.size());
}

Tokens TokensBuilder::finish() && {
  return {std::move(row_ends_), std::move(ends_), std::move(bytes_)};
}

SparseVectors SparseBuilder::finish() && {
  return {width_, std::move(begin_), std::move(indices_), std::move(values_)};
}

std::size_t rows_of(const Column& column, std::size_t otherwise) {
  return std::visit(RowCount{otherwise}, column);
}

std::size_t width_of(const Column& column) {
  if (const auto* sparse = std::get_if<SparseVectors>(&column)) return sparse->width;
  if (const auto* dense = std::get_if<DenseVectors>(&column)) return dense->width;
  return 1;
}

void copy_row(const Column& column, std::size_t row, float* out) {
  std::visit(RowCopy<float>{row, out}, column);
}

void copy_row(const Column& column, std::size_t row, double* out) {
  std::visit(RowCopy<double>{row, out}, column);
}

Column take_rows(const Column& column, std::span<const std::size_t> rows) {
  return std::visit(RowTake{rows}, column);
}

void Partition::set(const std::string& name, Column column) {
  columns.insert_or_assign(name, std::move(column));
}

std::size_t keep_rows(Partition& partition, const std::vector<bool>& keep) {
  expects(keep.size() == partition.rows(), "one choice a row");
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < keep.size(); ++row) {
    if (keep[row]) rows.push_back(row);
  }
  if (rows.size() == keep.size()) return 0;
  for (auto& [name, column] : partition.columns) column = take_rows(column, rows);
  std::vector<std::uint64_t> ids;
  for (const std::size_t row : rows) ids.push_back(partition.row_ids[row]);
  partition.row_ids = std::move(ids);
  return keep.size() - rows.size();
}

std::string row_name(const Partition& partition, std::size_t row) {
  return fmt::format("row {} (counted from 1)", partition.row_ids[row] + 1);
}

}  // namespace lockstep::data
