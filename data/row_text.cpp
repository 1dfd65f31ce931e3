#include "data/row_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/names.hpp"

namespace lockstep::data {

std::string csv_cell(std::string_view text, char separator) {
  const bool plain = !text.empty() && text.find_first_of("\"\r\n") == std::string_view::npos &&
                     text.find(separator) == std::string_view::npos && text.front() != ' ' &&
                     text.back() != ' ';
  if (plain) return std::string(text);
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

namespace {

/// A number for a file: whole ones without a point.
std::string number_text(double value, ColumnType::Format format) {
  if (is_missing(value)) return "";
  if (format == ColumnType::Format::Boolean || !std::isfinite(value))
    return to_string(value, format);
  if (value == 0) return "0";
  return format == ColumnType::Format::Float ? fmt::format("{}", static_cast<float>(value))
                                             : fmt::format("{}", value);
}

std::string joined(const Tokens& tokens, std::size_t row) {
  std::string text;
  for (std::size_t i = 0; i < tokens.count(row); ++i) {
    if (i > 0) text += ' ';
    text += tokens.token(tokens.first(row) + i);
  }
  return text;
}

/// The vector column or number columns that libsvm_text writes.
std::vector<std::string> feature_columns(const Schema& schema, const std::string& label,
                                         const std::string& features) {
  const auto& columns = schema.columns();
  if (!features.empty()) {
    const auto& type = schema.at(features, "features");
    if (type.kind != ColumnType::Kind::Vector && type.kind != ColumnType::Kind::Image &&
        type.kind != ColumnType::Kind::Number)
      throw DataError(fmt::format("the column '{}' is of type {}", features, to_string(type)), {},
                      "libsvm holds numbers");
    return {features};
  }
  std::vector<std::string> vectors, numbers;
  for (const auto& [name, type] : columns) {
    if (type.kind == ColumnType::Kind::Vector || type.kind == ColumnType::Kind::Image)
      vectors.push_back(name);
    if (type.kind == ColumnType::Kind::Number && name != label) numbers.push_back(name);
  }
  if (vectors.size() == 1) return vectors;
  if (vectors.size() > 1) {
    throw DataError(
        fmt::format("there are {} vector columns: {}", vectors.size(), fmt::join(vectors, ", ")),
        {}, "say which one is written, with --features");
  }
  if (numbers.empty())
    throw DataError("there is no vector or number column", {}, "libsvm holds numbers");
  return numbers;
}

}  // namespace

std::string csv_cells(const ColumnType& type, const Column& column, std::size_t row,
                      char separator) {
  switch (type.kind) {
    case ColumnType::Kind::Number:
      return number_text(std::get<Numbers>(column).values[row], type.format);
    case ColumnType::Kind::String: {
      const auto text = std::get<Strings>(column).at(row);
      return text ? csv_cell(*text, separator) : "";
    }
    case ColumnType::Kind::Tokens:
      return csv_cell(joined(std::get<Tokens>(column), row), separator);
    case ColumnType::Kind::Image: {
      std::vector<float> numbers(type.shape.size());
      copy_row(column, row, numbers.data());
      return fmt::format("{}", fmt::join(numbers, std::string_view(&separator, 1)));
    }
    case ColumnType::Kind::Vector:
      break;
  }
  std::vector<double> numbers(width_of(column));
  copy_row(column, row, numbers.data());
  std::string text;
  for (std::size_t j = 0; j < type.shape.size(); ++j) {
    if (j > 0) text += separator;
    text += number_text(j < numbers.size() ? numbers[j] : 0.0, type.format);
  }
  return text;
}

RowText csv_text(const Schema& schema, char separator) {
  RowText text;
  std::vector<std::string> names;
  for (const auto& [name, type] : schema.columns()) {
    const bool many = type.kind == ColumnType::Kind::Vector || type.kind == ColumnType::Kind::Image;
    if (!many) {
      names.push_back(csv_cell(name, separator));
      continue;
    }
    if (type.shape.size() > kMostCsvNumbers) {
      throw DataError(
          fmt::format("the column '{}' is a {}: too wide for a text table", name, to_string(type)),
          {}, "write libsvm instead");
    }
    for (const auto& feature : features_of(name, type))
      names.push_back(csv_cell(feature.name, separator));
  }
  text.header = fmt::format("{}\n", fmt::join(names, std::string_view(&separator, 1)));
  text.line = [schema, separator](const Partition& partition, std::size_t row) {
    std::string line;
    for (const auto& [name, type] : schema.columns()) {
      if (&name != &schema.columns().front().first) line += separator;
      line += csv_cells(type, partition.column(name), row, separator);
    }
    if (line.empty()) line = "\"\"";  // a line without anything is no row
    return line + "\n";
  };
  return text;
}

RowText libsvm_text(const Schema& schema, const std::string& label, const std::string& features) {
  const std::string label_col = !label.empty() ? label : schema.has("label") ? "label" : "";
  if (!label_col.empty() && schema.at(label_col, "label").kind != ColumnType::Kind::Number) {
    throw DataError(fmt::format("the label column '{}' is of type {}", label_col,
                                to_string(schema.at(label_col, "label"))),
                    {}, "libsvm holds numbers: index the labels with a string_indexer stage");
  }
  const auto columns = feature_columns(schema, label_col, features);
  RowText text;
  text.line = [label_col, columns](const Partition& partition, std::size_t row) {
    std::string line = "0";
    if (!label_col.empty()) line = fmt::format("{}", partition.get<Numbers>(label_col).values[row]);
    std::size_t base = 1;
    const auto put = [&](std::size_t j, double value) {
      if (value != 0) line += fmt::format(" {}:{}", base + j, value);
    };
    for (const auto& name : columns) {
      const Column& column = partition.column(name);
      if (const auto* images = std::get_if<Images>(&column)) {
        const std::size_t size = images->shape.size();
        for (std::size_t j = 0; j < size; ++j)
          put(j, static_cast<double>(images->values[row * size + j]));
        base += size;
      } else {
        for_each_entry(column, row, put);
        base += width_of(column);
      }
    }
    return line + "\n";
  };
  return text;
}

std::string cell_text(const ColumnType& type, const Column& column, std::size_t row,
                      std::size_t most) {
  std::string text;
  if (const auto* numbers = std::get_if<Numbers>(&column)) {
    text = is_missing(numbers->values[row]) ? "null" : to_string(numbers->values[row], type.format);
  } else if (const auto* strings = std::get_if<Strings>(&column)) {
    text = strings->is_missing(row) ? "null" : std::string(strings->text(row));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  } else if (const auto* tokens = std::get_if<Tokens>(&column)) {
    text = "[" + joined(*tokens, row) + "]";
  } else if (std::holds_alternative<Images>(column)) {
    text = to_string(type);
  } else {
    std::string indices, values;
    for_each_entry(column, row, [&](std::size_t j, double value) {
      if (values.size() > most) return;
      indices += (indices.empty() ? "" : ",") + std::to_string(j);
      values += (values.empty() ? "" : ",") + fmt::format("{:.6g}", value);
    });
    text = std::holds_alternative<SparseVectors>(column)
               ? fmt::format("({},[{}],[{}])", width_of(column), indices, values)
               : "[" + values + "]";
  }
  if (text.size() <= most) return text;
  text.resize(most - 3);
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  return text + "...";
}

}  // namespace lockstep::data
