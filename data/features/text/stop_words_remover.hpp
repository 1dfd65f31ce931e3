#pragma once
/// StopWordsRemover: tokens without those of a list.

#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Drops the tokens that are on the list: that of the config, else that of the language. Both are
/// lower-cased to compare them, unless case_sensitive. A row may end up without tokens.
class StopWordsRemover final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].stop_words_remover".
  /// @throws ConfigError if no words are given and there is no list for the language
  StopWordsRemover(const proto::StopWordsRemover& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  bool is_stop_word(std::string_view token) const;

  proto::StopWordsRemover config_;
  std::string at_;
  std::vector<std::string> words_;  // in order of their bytes, ready to be compared
};

}  // namespace lockstep::data
