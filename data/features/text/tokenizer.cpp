#include "data/features/text/tokenizer.hpp"

#include "data/features/text/java_split.hpp"
#include "data/features/text/text.hpp"

namespace lockstep::data {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

std::vector<std::string_view> split_at_white_space(std::string_view text) {
  Splitter splitter(text);
  for (std::size_t at = text.find_first_of(kWhiteSpace); at != std::string_view::npos;
       at = text.find_first_of(kWhiteSpace, at + 1))
    splitter.cut(at, at + 1);
  return std::move(splitter).finish();
}

}  // namespace

Tokenizer::Tokenizer(const proto::Tokenizer& config, std::string at)
    : config_(config), at_(std::move(at)) {}

Schema Tokenizer::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::String}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Tokens}, at_ + ".output_col");
  return output;
}

Effect Tokenizer::transform(Partition& partition, Phase) const {
  TokensBuilder tokens;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const std::string text =
        to_lower(text_of_row(partition, config_.input_col(), row, at_ + ".input_col"));
    for (const auto token : split_at_white_space(text)) tokens.push(token);
    tokens.end_row();
  }
  partition.set(config_.output_col(), std::move(tokens).finish());
  return {};
}

proto::Stage Tokenizer::save() const {
  proto::Stage stage;
  *stage.mutable_tokenizer() = config_;
  return stage;
}

}  // namespace lockstep::data
