#include "ml/pipeline/predictions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "data/ordered_output.hpp"
#include "data/row_text.hpp"

namespace lockstep::ml {
namespace {

bool is_plain(const data::ColumnType& type) {
  return type.kind != data::ColumnType::Kind::Vector && type.kind != data::ColumnType::Kind::Image;
}

/// A class's name by the number in a column; empty for a missing label.
std::string name_of(const PredictionColumns& columns, const data::Partition& partition,
                    const std::string& column, std::size_t row) {
  const double value = partition.get<data::Numbers>(column).values[row];
  return value >= 0 ? class_name(columns, static_cast<std::size_t>(value)) : "";
}

bool has_names(const PredictionTable& table, const std::string& column) {
  return !table.columns.class_names.empty() &&
         (column == table.columns.label || column == table.columns.prediction);
}

/// "probability_0,probability_1", or the name itself, then that of the classes' names.
std::string header_of(const std::string& name, const data::ColumnType& type,
                      const PredictionTable& table) {
  const std::string shown = data::csv_cell(name == table.columns.label ? "label" : name);
  if (has_names(table, name)) return fmt::format(",{},{}_name", shown, shown);
  if (is_plain(type)) return "," + shown;
  std::string text;
  for (std::size_t i = 0; i < type.shape.size(); ++i) text += fmt::format(",{}_{}", name, i);
  return text;
}

}  // namespace

PredictionTable prediction_table(const data::Schema& schema, const PredictionColumns& columns,
                                 const std::vector<std::string>& added) {
  PredictionTable table;
  table.columns = within(columns, schema);
  table.columns.label.clear();
  for (const auto& label : {columns.label, columns.anomaly}) {
    if (!schema.has(label) || !is_plain(schema.at(label, ""))) continue;
    auto type = schema.at(label, "");
    if (type.format == data::ColumnType::Format::Boolean)
      type.format = data::ColumnType::Format::Integer;
    table.schema.add(label, std::move(type));
    table.columns.label = label;
  }
  for (const auto& name : added) {
    if (schema.has(name) && !table.schema.has(name)) table.schema.add(name, schema.at(name, ""));
  }
  return table;
}

void write_predictions(const Context& context, const data::Dataset& dataset,
                       const PredictionTable& table,
                       const std::function<void(const std::string&)>& write) {
  std::string header = "row";
  for (const auto& [name, type] : table.schema.columns()) header += header_of(name, type, table);
  if (context.is_driver()) write(header + "\n");
  data::write_rows(
      context, dataset, 0,
      [&](const data::Partition& partition, std::size_t row) {
        std::string line = std::to_string(partition.row_ids[row] + 1);
        for (const auto& [name, type] : table.schema.columns()) {
          line += "," + data::csv_cells(type, partition.column(name), row);
          if (!has_names(table, name)) continue;
          const auto class_name = name_of(table.columns, partition, name, row);
          line += "," + (class_name.empty() ? "" : data::csv_cell(class_name));
        }
        return line + "\n";
      },
      write);
}

std::vector<std::vector<std::string>> first_predictions(const Context& context,
                                                        const data::Dataset& dataset,
                                                        const PredictionTable& table,
                                                        std::uint64_t most) {
  constexpr std::size_t kMostCharacters = 40;
  constexpr char kBetween = '\x1f';  // no text of a cell holds it
  std::vector<std::vector<std::string>> rows(1, {"row"});
  for (const auto& [name, type] : table.schema.columns())
    rows[0].push_back(name == table.columns.label ? "label" : name);
  const auto cell = [&](const data::Partition& partition, const std::string& name,
                        const data::ColumnType& type, std::size_t row) {
    if (name == table.columns.probability && !table.columns.prediction.empty()) {
      const auto best = partition.get<data::Numbers>(table.columns.prediction).values[row];
      return fmt::format("{:.4f}", partition.get<data::DenseVectors>(name).row(
                                       row)[static_cast<std::size_t>(best)]);
    }
    if (has_names(table, name)) return name_of(table.columns, partition, name, row);
    return data::cell_text(type, partition.column(name), row, kMostCharacters);
  };
  std::string text;
  data::write_rows(
      context, dataset, most,
      [&](const data::Partition& partition, std::size_t row) {
        std::string line = std::to_string(partition.row_ids[row] + 1);
        for (const auto& [name, type] : table.schema.columns())
          line += kBetween + cell(partition, name, type, row);
        std::replace(line.begin(), line.end(), '\n', ' ');
        return line + "\n";
      },
      [&](const std::string& more) { text += more; });
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    auto& cells = rows.emplace_back(1);
    for (std::size_t i = begin; i < end; ++i) {
      if (text[i] == kBetween)
        cells.emplace_back();
      else
        cells.back() += text[i];
    }
  }
  return rows;
}

}  // namespace lockstep::ml
