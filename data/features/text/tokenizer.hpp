#pragma once
/// Tokenizer: a text becomes the tokens between its white space.

#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Lower-cases (data/features/text.hpp) and cuts at every single blank, \t, \n, \v, \f and \r.
/// Empty tokens stay, but not at the end; an empty text is one empty token. As Spark's, but that
/// case does not depend on a locale.
class Tokenizer final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].tokenizer".
  Tokenizer(const proto::Tokenizer& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition,
                   Phase phase) const override;  ///< @throws DataError: no text
  proto::Stage save() const override;

 private:
  proto::Tokenizer config_;
  std::string at_;
};

}  // namespace lockstep::data
