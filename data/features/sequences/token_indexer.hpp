#pragma once
/// TokenIndexer: tokens become the ids of a vocabulary, which is learnt: what an embedding reads.

#include <cstddef>
#include <string>
#include <vector>

#include "data/features/text/vocabulary.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// Learns the words that occur in min_df rows, most frequent first (ties in order of their bytes),
/// and numbers them from 4. A row becomes a sparse vector [max_length] of ids, with padding (0)
/// behind them: id 2 first and id 3 last where they are asked for, also in a row that is cut. A row
/// without words has those two alone. The output's features are categories, as many as there are
/// ids.
class TokenIndexer final : public FeatureStage {
 public:
  static constexpr std::uint32_t kUnknown = 1, kBegin = 2, kEnd = 3, kFirstWord = 4;

  /// `at` is the config path of the message, for example "stage[0].token_indexer".
  /// @throws ConfigError if max_length leaves no room for a word
  TokenIndexer(const proto::TokenIndexer& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;  ///< a vocabulary without words is a warning
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::size_t added() const;   ///< ids a row has beside those of its words
  std::size_t length() const;  ///< of the output; 0: not known before fit()

  proto::TokenIndexer config_;  // with the model, once there is one
  std::string at_;
  Vocabulary vocabulary_;
};

}  // namespace lockstep::data
