#pragma once
/// IDF: counts of words are scaled up the rarer the word is.

#include <string>
#include <vector>

#include "core/error.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// out_j = in_j * idf_j with idf_j = ln((m + 1) / (df_j + 1)), where m rows were seen and feature j
/// was above 0 in df_j of them; idf_j = 0 (and df_j is kept as 0) where df_j < min_doc_freq.
/// Formula: Spark ML. Input vector of F numbers, dense or sparse; the output has F numbers, is of
/// the same kind and keeps the features. Rows may lack trailing features.
class IDF final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].idf".
  IDF(const proto::IDF& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;  ///< @throws ConfigError: another F
  void fit(const TrainingRows& fitting) override;            ///< @throws DataError: no rows
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition,
                   Phase phase) const override;  ///< @throws DataError: too wide
  proto::Stage save() const override;

 private:
  SparseVectors scaled(const SparseVectors& rows, const Partition& partition) const;
  DenseVectors scaled(const DenseVectors& rows, const Partition& partition) const;
  DataError too_wide(const Partition& partition, std::size_t row, std::size_t index) const;
  std::size_t width() const { return static_cast<std::size_t>(config_.model().idf_size()); }
  double factor(std::size_t index) const { return config_.model().idf(static_cast<int>(index)); }

  proto::IDF config_;  // with the model, once there is one
  std::string at_;
};

}  // namespace lockstep::data
