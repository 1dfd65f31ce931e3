#pragma once
/// What stages that turn one vector column into another have in common: the names of the columns
/// and ways to run over sparse and dense rows.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/jobs/vector_columns.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// A feature of which the name is all there is to know.
inline Feature numeric_feature(std::string name) {
  return {std::move(name), Feature::Kind::Numeric, 0, {}};
}

/// A column of the same shape and names after its numbers were changed: no categories any more.
ColumnType rescaled(const ColumnType& type);

/// A stage with one vector column as input and one as output. A sequence, shape [T, F], is a vector
/// of T * F numbers to it; where they are changed one by one, it stays a sequence.
class VectorStage : public FeatureStage {
 public:
  std::vector<std::string> input_columns() const override { return {input_}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const final;

 protected:
  /// `at` is the config path of the message, `input_field` its field that names the input.
  VectorStage(std::string input, std::string output, std::string at,
              const char* input_field = "input_col");

  /// The numbers a row must have, as learnt or configured; nullopt: any.
  virtual std::optional<std::size_t> width() const { return std::nullopt; }

  /// Type of the output column. `input` has width() numbers if that is known.
  virtual ColumnType output_type(const ColumnType& input) const = 0;

  /// The output column. Dense rows have width() numbers, sparse ones no index beyond, if known.
  virtual Column map(const Column& column, std::size_t rows) const = 0;

  /// The numbers a training row has, for fit(). @throws DataError if there are no rows
  std::size_t training_width(const TrainingRows& fitting) const;

  /// @throws ConfigError unless a model's list has as many numbers as there are features
  void check_model(bool fits) const;

  const std::string& input() const noexcept { return input_; }
  const std::string& at() const noexcept { return at_; }
  const std::string& input_field() const noexcept { return input_field_; }

 private:
  std::string input_, output_, at_, input_field_;
};

/// The stage message that holds `config`, the message of one kind of stage.
proto::Stage stage_of(const google::protobuf::Message& config);

/// A vector stage that scales each feature by what fit() puts into the model of its message.
template <typename Config>
class ScalerStage : public VectorStage {
 public:
  bool is_fitted() const final { return config_.has_model(); }
  proto::Stage save() const final { return stage_of(config_); }

 protected:
  /// `at` is the config path of the message, for example "stage[0].standard_scaler".
  ScalerStage(const Config& config, std::string at)
      : VectorStage(config.input_col(), config.output_col(), std::move(at)), config_(config) {}

  ColumnType output_type(const ColumnType& type) const final { return rescaled(type); }

  Config config_;
};

/// A list of a config message as a span.
template <typename T>
std::span<const T> span_of(const google::protobuf::RepeatedField<T>& list) {
  return {list.data(), static_cast<std::size_t>(list.size())};
}

/// All numbers of all rows, [rows, width]; width is at least the column's.
inline std::vector<double> dense_rows(const Column& column, std::size_t rows, std::size_t width) {
  std::vector<double> all(rows * width);
  for (std::size_t row = 0; row < rows; ++row) copy_row(column, row, all.data() + row * width);
  return all;
}

/// The dense column of change(index, value) for every number.
template <typename Change>
Column map_dense(const Column& column, std::size_t rows, std::size_t width, const Change& change) {
  std::vector<double> all = dense_rows(column, rows, width);
  for (std::size_t row = 0; row < rows; ++row) {
    double* values = all.data() + row * width;
    for (std::size_t j = 0; j < width; ++j) values[j] = change(j, values[j]);
  }
  return DenseVectors{width, std::move(all)};
}

/// The column of change(index, value), where change(j, 0) is 0: sparse stays sparse.
template <typename Change>
Column map_entries(const Column& column, std::size_t rows, std::size_t width,
                   const Change& change) {
  const auto* sparse = std::get_if<SparseVectors>(&column);
  if (sparse == nullptr) return map_dense(column, rows, width, change);
  std::vector<double> values(sparse->values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = change(static_cast<std::size_t>(sparse->indices[i]), sparse->values[i]);
  return SparseVectors{width, sparse->begin, sparse->indices, std::move(values)};
}

}  // namespace lockstep::data
