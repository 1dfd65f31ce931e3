#include "data/features/text/byte_pair_encoder.hpp"

#include <unordered_map>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

class LearnJoins {
 public:
  explicit LearnJoins(const proto::BytePairEncoder& config) : config_(config) {}

  WordCounts map(const Partition& partition) const {
    return count_words(partition.get<Tokens>(config_.input_col()));
  }
  WordCounts merge(WordCounts left, const WordCounts& right) const {
    return merged(std::move(left), right);
  }
  std::vector<Join> finish(const WordCounts& counts) const {
    return learn_joins(counts.words, config_.merges(), config_.min_frequency());
  }

 private:
  const proto::BytePairEncoder& config_;
};

/// The joins of a model. @throws ConfigError
std::vector<Join> joins_of(const proto::BytePairEncoder& config, const std::string& at) {
  const auto& model = config.model();
  if (model.left_size() != model.right_size()) {
    throw ConfigError("the lists of the model do not fit together", {.field = at + ".model"},
                      "leave the model as Lockstep has written it");
  }
  std::vector<Join> joins;
  for (int i = 0; i < model.left_size(); ++i) joins.emplace_back(model.left(i), model.right(i));
  return joins;
}

}  // namespace

BytePairEncoder::BytePairEncoder(const proto::BytePairEncoder& config, std::string at)
    : config_(config), at_(std::move(at)), pairs_(joins_of(config_, at_)) {}

Schema BytePairEncoder::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Tokens}, at_ + ".output_col");
  return output;
}

void BytePairEncoder::fit(const TrainingRows& fitting) {
  const auto joins = fitting.run(LearnJoins(config_));
  auto& model = *config_.mutable_model();
  model.Clear();
  for (const auto& [left, right] : joins) {
    model.add_left(left);
    model.add_right(right);
  }
  pairs_ = BytePairs(joins);
}

Effect BytePairEncoder::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  const auto& input = partition.get<Tokens>(config_.input_col());
  TokensBuilder output;
  std::unordered_map<std::string_view, std::vector<std::string>> known;  // a word is cut once
  for (std::size_t row = 0; row < input.rows(); ++row) {
    const std::size_t first = input.first(row), end = first + input.count(row);
    for (std::size_t i = first; i < end; ++i) {
      const auto [pieces, is_new] = known.try_emplace(input.token(i));
      if (is_new) pairs_.cut(input.token(i), pieces->second);
      for (const std::string& piece : pieces->second) output.push(piece);
    }
    output.end_row();
  }
  partition.set(config_.output_col(), std::move(output).finish());
  return {};
}

proto::Stage BytePairEncoder::save() const {
  proto::Stage stage;
  *stage.mutable_byte_pair_encoder() = config_;
  return stage;
}

}  // namespace lockstep::data
