#pragma once
/// FeatureHasher: columns of numbers and strings become one vector by the hashes of their names and
/// values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Sparse vector of num_features numbers. A number adds its value at hash_index(column)
/// (data/features/murmur_hash.hpp); a string, a boolean and a number of categorical_cols add 1 at
/// hash_index("column=value"), the value written as the column writes it: "1.0", in an integer
/// column "1", "true". Missing cells add nothing; what shares an index is added up in the order of
/// input_cols. fit() only looks at the column types.
class FeatureHasher final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].feature_hasher".
  /// @throws ConfigError if num_features is 0, there are no input columns, or a categorical column
  /// is not among them
  FeatureHasher(const proto::FeatureHasher& config, std::string at);

  std::vector<std::string> input_columns() const override;
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  struct Entry {
    std::uint32_t index;
    double value;
  };
  bool is_categorical(const std::string& column) const;
  Entry hashed(const std::string& column, std::string_view value) const;
  void add_entries(const Partition& partition, int column,
                   std::vector<std::vector<Entry>>& rows) const;

  proto::FeatureHasher config_;  // with the model, once there is one
  std::string at_;
};

}  // namespace lockstep::data
