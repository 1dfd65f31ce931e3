#pragma once
/// VectorIndexer: finds the features of a vector that are categories, and numbers their values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// A feature with at most max_categories different values in the training rows (absent entries of
/// sparse vectors are zeros; NaN is not looked at) is a category: its values become 0, 1, ... in
/// ascending order, but 0 is always number 0, so that sparse vectors stay sparse. All other
/// features stay as they are. The output column says which features are nominal, with arity and
/// labels.
///
/// NaN and a value of a category that was not seen stop the job, drop the row (SKIP) or get the
/// index behind the last (KEEP; the arity counts it).
class VectorIndexer final : public FeatureStage {
 public:
  /// `at` is the config path of the message. @throws ConfigError if the model does not fit together
  VectorIndexer(const proto::VectorIndexer& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  /// The values of a feature in ascending order, and their numbers.
  struct Categories {
    std::vector<double> values;
    std::vector<double> indexes;
    std::optional<double> find(double value) const;
  };
  struct Pass;  // over the rows of a partition

  void read_model();
  ColumnPair pair() const;
  const Categories* categories(std::size_t feature) const {
    return place_[feature] == 0 ? nullptr : &categories_[place_[feature] - 1];
  }
  double index(Pass& pass, std::size_t row, std::size_t feature, double value) const;
  Column encode(Pass& pass, const SparseVectors& rows) const;
  Column encode(Pass& pass, const DenseVectors& rows) const;

  proto::VectorIndexer config_;
  std::string at_;
  std::size_t width_ = 0;
  std::vector<std::uint32_t> place_;       // in categories_ + 1 for each feature; 0: no category
  std::vector<Categories> categories_;     // in order of their features
  std::vector<std::size_t> without_zero_;  // features whose categories lack 0, ascending
};

}  // namespace lockstep::data
