#pragma once
/// RegexTokenizer: a text becomes the tokens between the matches of a regular expression, or the
/// matches.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace re2 {
class RE2;
}

namespace lockstep::data {

/// The expression in RE2's syntax, in which \s and \S count \v as white space, too, as Java does
/// (RE2 alone does not). Tokens shorter than min_token_length UTF-16 units are dropped.
class RegexTokenizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].regex_tokenizer".
  /// @throws ConfigError if the pattern is no regular expression
  RegexTokenizer(const proto::RegexTokenizer& config, std::string at);
  ~RegexTokenizer() override;

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition,
                   Phase phase) const override;  ///< @throws DataError: no text
  proto::Stage save() const override;

 private:
  std::vector<std::string_view> tokens_of(std::string_view text) const;

  proto::RegexTokenizer config_;
  std::string at_;
  std::unique_ptr<const re2::RE2> pattern_;
};

}  // namespace lockstep::data
