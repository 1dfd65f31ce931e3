#pragma once
/// OneHotEncoder: a category becomes a vector with a 1 at its place.

#include <optional>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// k = categories of a column: what the column knows of itself, else the largest number of the
/// training rows + 1. Output: sparse vectors of k numbers; drop_last takes the last place away, so
/// that its category is all zeros. KEEP adds a place for what is none of the k categories (missing,
/// NaN, fractions, negative ones too), and drop_last then drops that one. Its features are binary
/// and named "<input>_<label>", or "<input>_<number>" where there are no labels.
class OneHotEncoder final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns do not pair up, or handle_invalid is SKIP
  OneHotEncoder(const proto::OneHotEncoder& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  /// @throws DataError unless the values that were looked at are whole numbers >= 0
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.category_sizes_size() != 0; }
  /// @throws DataError at what is no category, unless KEEP
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> categories(std::size_t pair, const ColumnType& type) const;
  std::size_t width(std::size_t categories) const;
  ColumnType output_type(std::size_t pair, const ColumnType& type) const;
  SparseVectors encode(const Partition& partition, std::size_t pair) const;

  proto::OneHotEncoder config_;
  std::string at_;
  std::vector<ColumnPair> pairs_;
};

}  // namespace lockstep::data
