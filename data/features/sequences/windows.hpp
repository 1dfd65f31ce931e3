#pragma once
/// Windows: rows of a time series become windows of the last rows up to them, and what comes after
/// them their label.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/features/sequences/series.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// A row becomes the window that ends at it: a vector [length, columns], in order of time, and the
/// targets of the rows 1 .. horizon steps after it. Rows without a whole window or a whole label
/// are dropped, and those whose window does not begin at a multiple of the stride; where labels are
/// optional what is not known of a label is missing.
///
/// Rows lie anywhere: prepare() gathers the numbers of all rows of the dataset on every rank,
/// (inputs + targets) * 8 bytes a row and about 40 more; the windows themselves are `length` times
/// as many numbers, each on the rank that owns its row.
///
/// With history the last length - 1 rows of each series are remembered, of the training rows, then
/// of validation and test rows: a series that goes on in another dataset has whole windows from its
/// first row on. They are the model's, too, where order_col tells what comes later.
class Windows final : public FeatureStage {
 public:
  /// @throws ConfigError if no input is named, or a column twice
  Windows(const proto::Windows& config, std::string at);

  std::vector<std::string> input_columns() const override;
  bool can_do_without(const std::string& column) const override;  ///< targets
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  bool looks_at_all_rows() const override { return true; }
  /// @throws DataError naming a row without a number, its time or its group; if no row is left
  void prepare(const Preparing& preparing) override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::size_t outputs() const;  ///< numbers of a label
  bool is_labelled(const Schema& schema) const;
  StepColumns step_columns(const Preparing& preparing) const;
  void load_history();
  void check_history(const Steps& own) const;
  void remember(const Steps& own, const std::vector<std::size_t>& order, const std::string& name);
  void check_windows() const;
  bool is_whole(const Series::Place& place) const;
  Column windows(const std::vector<Series::Place>& places) const;
  Column labels(const std::vector<Series::Place>& places) const;

  proto::Windows config_;
  std::string at_;
  Steps history_;             // ids in order of time within a series
  std::string history_name_;  // without order_col: the dataset it is of

  // Of the dataset that transform() changes:
  std::unique_ptr<const Series> series_;
  bool labelled_ = false, labels_optional_ = false;
};

}  // namespace lockstep::data
