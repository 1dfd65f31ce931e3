#pragma once
/// VectorAssembler: number and vector columns become one vector.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Puts the numbers of the input columns side by side, in the order given. A missing or NaN number
/// of a number column stops the job, drops its row (SKIP) or stays what it is (KEEP); entries of
/// vectors are not looked at.
///
/// Storage, the same in every partition: sparse if a sparse input is wider than 16, or if there is
/// any sparse input and the output is wider than 64; else dense. Sparse output holds no zeros.
///
/// Names: a number column's feature is named as the column, feature f of vector column c "c_f", or
/// "c_<i>" where it has no name; kinds, arities and labels are kept. fit() only notes the widths.
class VectorAssembler final : public FeatureStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError without input columns
  VectorAssembler(const proto::VectorAssembler& config, std::string at);

  std::vector<std::string> input_columns() const override {
    return {config_.input_cols().begin(), config_.input_cols().end()};
  }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.widths_size() != 0; }
  /// @throws DataError at a missing number, and where a row is wider than the training rows
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::size_t inputs() const { return static_cast<std::size_t>(config_.input_cols_size()); }
  const std::string& name(std::size_t input) const {
    return config_.input_cols(static_cast<int>(input));
  }
  std::size_t width(std::size_t input) const { return config_.widths(static_cast<int>(input)); }
  std::size_t total_width() const;
  ColumnPair pair(std::size_t input) const;
  const ColumnType& input_type(const Schema& schema, std::size_t input) const;
  void check_numbers(const Partition& partition, std::size_t input, std::vector<bool>& keep) const;
  bool is_sparse(const Partition& partition) const;
  Column join_sparse(const Partition& partition) const;
  Column join_dense(const Partition& partition) const;

  proto::VectorAssembler config_;
  std::string at_;
};

}  // namespace lockstep::data
