#pragma once
/// Interaction: all products of one number from each of several columns.

#include <cstdint>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Columns of a, b, c numbers become a * b * c products, the last column varying fastest. A nominal
/// number of k categories first becomes k numbers, 1 at its category and 0 elsewhere. Dense if all
/// columns are dense and without categories, else sparse. Widths and categories are settled by the
/// training rows' columns and kept in the model.
class Interaction final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError with less than two columns, or if its model does not fit
  Interaction(const proto::Interaction& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::string field(int column) const;
  /// Widths and categories of the columns. @throws ConfigError if they are not known
  proto::InteractionModel model_of(const Schema& schema) const;
  bool is_open(const Schema& schema) const;
  void check_fits(const Schema& schema) const;
  ColumnType output_type(const Schema& schema, const proto::InteractionModel& model) const;

  proto::Interaction config_;
  std::string at_;
};

}  // namespace lockstep::data
