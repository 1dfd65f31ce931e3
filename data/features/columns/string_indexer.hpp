#pragma once
/// StringIndexer: values become their numbers in an order that was learnt.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// fit() counts the values of each column; transform() gives every row the place of its value in
/// the chosen order: most or least frequent first (equal counts by bytes, ascending), or by bytes.
/// Numbers are compared as numbers and named as text: 1 is "1.0", in an integer column "1"; -0.0 is
/// 0.0.
///
/// Missing and NaN are never counted. They and values not seen stop the job, drop their row (SKIP)
/// or get the index behind the last (KEEP, label "__unknown"). The output column is nominal with
/// its labels. In rows to be scored the column of a label may be absent, and a missing label stays
/// missing.
class StringIndexer final : public FeatureStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if the columns do not pair up, or the model is of other columns
  StringIndexer(const proto::StringIndexer& config, std::string at);

  std::vector<std::string> input_columns() const override;
  bool can_do_without(const std::string& column) const override;
  void set_label_columns(const std::vector<std::string>& columns) override {
    labels_of_rows_ = columns;
  }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.model_size() != 0; }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// The learnt labels of a column; only looked up, never walked through.
  struct Labels {
    std::unordered_map<std::string, double, TextHash, std::equal_to<>> of_text;
    std::unordered_map<double, double> of_number;
    std::size_t count = 0;
    ColumnType type;  // of the output

    std::optional<double> find(const Column& column, std::size_t row) const;
  };

  void read_model();
  bool is_label(std::size_t pair) const;
  std::vector<double> indexes(const Partition& partition, const Column& column, std::size_t pair,
                              Phase phase, std::vector<bool>& keep) const;

  proto::StringIndexer config_;
  std::string at_;
  std::vector<ColumnPair> pairs_;
  std::vector<Labels> labels_;  // one a pair; empty before fit
  std::vector<std::string> labels_of_rows_;
};

}  // namespace lockstep::data
