#pragma once
/// Runs one feature stage over a small table, as a pipeline would: schema, fit, transform, and once
/// more with the stage that was saved and loaded.

#include <google/protobuf/text_format.h>
#include <cstring>

#include <string>
#include <utility>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/features/catalogue.hpp"
#include "data/stage.hpp"
#include "tests/catch.hpp"

namespace lockstep::data::rig {

/// Columns with their names and types, all of the same number of rows.
struct TableColumn {
  std::string name;
  ColumnType type;
  Column column;
};

inline TableColumn numbers(const std::string& name, std::vector<double> values,
                           ColumnType::Format format = ColumnType::Format::Double) {
  ColumnType type{ColumnType::Kind::Number};
  type.format = format;
  return {name, type, Numbers{std::move(values)}};
}

/// A null pointer is a missing string.
inline TableColumn strings(const std::string& name, const std::vector<const char*>& values) {
  StringsBuilder builder;
  for (const char* value : values)
    builder.push(value ? std::optional<std::string_view>(value) : std::nullopt);
  return {name, {ColumnType::Kind::String}, std::move(builder).finish()};
}

inline TableColumn tokens(const std::string& name,
                          const std::vector<std::vector<std::string>>& rows) {
  TokensBuilder builder;
  for (const auto& row : rows) {
    for (const auto& token : row) builder.push(token);
    builder.end_row();
  }
  return {name, {ColumnType::Kind::Tokens}, std::move(builder).finish()};
}

inline TableColumn dense(const std::string& name, const std::vector<std::vector<double>>& rows) {
  DenseVectors column{rows.empty() ? 0 : rows[0].size(), {}};
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  column.values = std::move(values);
  return {name, vector_type(column.width), std::move(column)};
}

/// The same rows with their zeros left out.
inline TableColumn sparse(const std::string& name, const std::vector<std::vector<double>>& rows) {
  const std::size_t width = rows.empty() ? 0 : rows[0].size();
  SparseBuilder builder(width);
  for (const auto& row : rows) {
    for (std::size_t j = 0; j < row.size(); ++j)
      if (row[j] != 0) builder.push(j, row[j]);
    builder.end_row();
  }
  return {name, vector_type(width), std::move(builder).finish()};
}

/// Rows cut into `partitions` pieces of about the same size, row ids from 0.
inline Dataset table(const std::vector<TableColumn>& columns, std::size_t partitions = 1) {
  Dataset dataset;
  dataset.name = "table";
  dataset.rows = rows_of(columns.at(0).column);
  dataset.partitions = partitions;
  dataset.block = {0, partitions};
  for (const auto& column : columns) dataset.schema.add(column.name, column.type);
  for (std::size_t p = 0; p < partitions; ++p) {
    std::vector<std::size_t> rows;
    for (auto row = partition_begin(dataset.rows, partitions, p);
         row < partition_begin(dataset.rows, partitions, p + 1); ++row)
      rows.push_back(static_cast<std::size_t>(row));
    Partition partition;
    partition.index = p;
    partition.row_ids = std::vector<std::uint64_t>(rows.begin(), rows.end());
    for (const auto& column : columns) partition.set(column.name, take_rows(column.column, rows));
    dataset.own.push_back(std::move(partition));
  }
  return dataset;
}

/// "tokenizer { input_col: 'text' output_col: 'words' }" as a stage.
inline proto::Stage stage(const std::string& text) {
  proto::Stage stage;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &stage));
  return stage;
}

inline std::vector<double> numbers(const Dataset& dataset, const std::string& name) {
  std::vector<double> all;
  for (const auto& partition : dataset.own) {
    const auto& values = partition.get<Numbers>(name).values;
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

/// A missing string is "<missing>".
inline std::vector<std::string> strings(const Dataset& dataset, const std::string& name) {
  std::vector<std::string> all;
  for (const auto& partition : dataset.own) {
    const auto& column = partition.get<Strings>(name);
    for (std::size_t row = 0; row < column.rows(); ++row)
      all.emplace_back(column.at(row).value_or("<missing>"));
  }
  return all;
}

inline std::vector<std::vector<std::string>> tokens(const Dataset& dataset,
                                                    const std::string& name) {
  std::vector<std::vector<std::string>> all;
  for (const auto& partition : dataset.own) {
    const auto& column = partition.get<Tokens>(name);
    for (std::size_t row = 0; row < column.rows(); ++row) {
      all.emplace_back();
      for (std::size_t i = 0; i < column.count(row); ++i)
        all.back().emplace_back(column.token(column.first(row) + i));
    }
  }
  return all;
}

/// Vectors with all their numbers, sparse ones filled up with zeros.
inline std::vector<std::vector<double>> vectors(const Dataset& dataset, const std::string& name) {
  std::vector<std::vector<double>> all;
  for (const auto& partition : dataset.own) {
    const auto& column = partition.column(name);
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      all.emplace_back(width_of(column));
      copy_row(column, row, all.back().data());
    }
  }
  return all;
}

inline std::vector<std::uint64_t> row_ids(const Dataset& dataset) {
  std::vector<std::uint64_t> all;
  for (const auto& partition : dataset.own)
    all.insert(all.end(), partition.row_ids.begin(), partition.row_ids.end());
  return all;
}

template <typename T>
bool same_bytes(const Values<T>& a, const Values<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// Whether two columns hold the same, NaN and -0 by their bits.
inline bool same_bytes(const Column& left, const Column& right) {
  if (left.index() != right.index()) return false;
  return std::visit(
      [&](const auto& a) {
        using Kind = std::decay_t<decltype(a)>;
        const auto& b = std::get<Kind>(right);
        if constexpr (std::is_same_v<Kind, Numbers>) {
          return same_bytes(a.values, b.values);
        } else if constexpr (std::is_same_v<Kind, Strings>) {
          return same_bytes(a.ends, b.ends) && same_bytes(a.bytes, b.bytes) &&
                 same_bytes(a.missing, b.missing);
        } else if constexpr (std::is_same_v<Kind, Tokens>) {
          return same_bytes(a.row_ends, b.row_ends) && same_bytes(a.ends, b.ends) &&
                 same_bytes(a.bytes, b.bytes);
        } else if constexpr (std::is_same_v<Kind, SparseVectors>) {
          return a.width == b.width && same_bytes(a.begin, b.begin) &&
                 same_bytes(a.indices, b.indices) && same_bytes(a.values, b.values);
        } else if constexpr (std::is_same_v<Kind, DenseVectors>) {
          return a.width == b.width && same_bytes(a.values, b.values);
        } else {
          return a.shape == b.shape && same_bytes(a.values, b.values);
        }
      },
      left);
}

/// The dataset after the stage. `effect` gets the rows touched, `missing` how many of them are
/// missing then. Checks on the way that the saved
/// and loaded stage gives the same.
inline Dataset apply(const std::string& config, Dataset dataset, Phase phase = Phase::Training,
                     std::uint64_t* effect = nullptr, std::uint64_t* missing = nullptr) {
  static ThreadPool threads(2);
  const auto made = make_feature_stage(stage(config), "stage[0]");
  for (const auto& name : made->input_columns()) CHECK(dataset.schema.has(name));
  (void)made->output_schema(dataset.schema);  // known before fitting, too
  made->fit(TrainingRows(nullptr, threads, dataset, /*seed=*/1));
  const auto loaded = make_feature_stage(made->save(), "stage[0]");
  const Schema schema = made->output_schema(dataset.schema);
  CHECK(loaded->output_schema(dataset.schema) == schema);
  std::uint64_t rows = 0, lost = 0;
  for (FeatureStage* stage : {made.get(), loaded.get()}) {
    const TrainingRows all(nullptr, threads, dataset, /*seed=*/1);
    if (stage->looks_at_all_rows()) stage->prepare({all, phase});
  }
  for (auto& partition : dataset.own) {
    Partition copy = partition;
    const Effect own = made->transform(partition, phase);
    rows += own.rows;
    lost += own.missing;
    if (!loaded->is_fitted()) continue;  // what it learnt is of the training rows alone
    loaded->transform(copy, phase);
    CHECK(copy.row_ids == partition.row_ids);
    for (const auto& [name, column] : partition.columns) {
      CHECK(copy.columns.count(name) == 1);
      CHECK(same_bytes(copy.columns.at(name), column));
    }
  }
  if (effect != nullptr) *effect = rows;
  if (missing != nullptr) *missing = lost;
  dataset.rows = 0;
  for (const auto& partition : dataset.own) dataset.rows += partition.rows();
  dataset.schema = schema;
  return dataset;
}

}  // namespace lockstep::data::rig
