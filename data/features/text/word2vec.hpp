#pragma once
/// Word2Vec: tokens become the mean of the vectors of their words, which are learnt.

#include <span>
#include <string>
#include <vector>

#include "data/features/text/vocabulary.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// Learns a vector of vector_size numbers for every word that occurs at least min_count times, by
/// max_iter passes of SkipGramPass (data/features/skip_gram.hpp). Dense vector of vector_size
/// numbers: the sum of the vectors of the row's known words, divided by the number of all its
/// tokens; zeros for a row without tokens.
class Word2Vec final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].word2vec".
  /// @throws ConfigError if a size is 0, or the model has not vector_size numbers a word
  Word2Vec(const proto::Word2Vec& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  void fit(
      const TrainingRows& fitting) override;  ///< @throws DataError: no word is frequent enough
  bool is_fitted() const override { return config_.has_model(); }
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  std::span<const float> vector_of(std::uint32_t word) const;

  proto::Word2Vec config_;  // with the model, once there is one
  std::string at_;
  Vocabulary vocabulary_;
};

}  // namespace lockstep::data
