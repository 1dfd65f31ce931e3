#pragma once
/// CountVectorizer: tokens become counts of the words of a vocabulary, which is learnt.

#include <string>
#include <vector>

#include "data/features/text/vocabulary.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// Learns the vocab_size most frequent words (ties in order of their bytes) among those that occur
/// in min_df to max_df rows, both included. Sparse vector: at a word's place how often it occurs in
/// the row, if that is at least min_tf, or 1 if binary; unknown words are left out, but count
/// towards the row's tokens where min_tf is a share of them. The features are named after their
/// words.
class CountVectorizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].count_vectorizer".
  /// @throws ConfigError if vocab_size is 0, or max_df below min_df
  CountVectorizer(const proto::CountVectorizer& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(const TrainingRows& fitting) override;  ///< a vocabulary without words is a warning
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  proto::CountVectorizer config_;  // with the model, once there is one
  std::string at_;
  Vocabulary vocabulary_;
};

}  // namespace lockstep::data
