#pragma once
/// IndexToString: numbers become the strings they stand for.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// The way back from StringIndexer: i becomes the label number i, from 0. The labels are those of
/// the config, else those the column knows; fit() takes them from its schema, so that a stage
/// loaded later needs neither. A number is cut to a whole one first (1.9 is 1), a missing one stays
/// missing.
class IndexToString final : public FeatureStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError if a column has no name
  IndexToString(const proto::IndexToString& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  /// @throws ConfigError if there are labels neither in the config nor at the column
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.labels_size() != 0; }
  /// @throws DataError at NaN and numbers without a label
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::IndexToString config_;
  std::string at_;
};

}  // namespace lockstep::data
