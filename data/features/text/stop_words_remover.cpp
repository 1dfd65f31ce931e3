#include "data/features/text/stop_words_remover.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/features/text/stop_words.hpp"
#include "data/features/text/text.hpp"

namespace lockstep::data {
namespace {

std::vector<std::string> words_of(const proto::StopWordsRemover& config, const std::string& at) {
  if (config.stop_words_size() > 0) return {config.stop_words().begin(), config.stop_words().end()};
  const auto words = stop_words(config.language());
  if (words.empty()) {
    throw ConfigError(
        fmt::format("there is no list of stop words for '{}'", config.language()),
        {.field = at + ".language"},
        fmt::format("known are {}; or give stop_words", fmt::join(stop_word_languages(), ", ")));
  }
  return {words.begin(), words.end()};
}

}  // namespace

StopWordsRemover::StopWordsRemover(const proto::StopWordsRemover& config, std::string at)
    : config_(config), at_(std::move(at)), words_(words_of(config_, at_)) {
  if (!config_.case_sensitive()) {
    for (std::string& word : words_) word = to_lower(word);
  }
  std::sort(words_.begin(), words_.end());
}

Schema StopWordsRemover::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Tokens}, at_ + ".output_col");
  return output;
}

bool StopWordsRemover::is_stop_word(std::string_view token) const {
  if (config_.case_sensitive()) return std::binary_search(words_.begin(), words_.end(), token);
  return std::binary_search(words_.begin(), words_.end(), to_lower(token));
}

Effect StopWordsRemover::transform(Partition& partition, Phase) const {
  const auto& input = partition.get<Tokens>(config_.input_col());
  TokensBuilder kept;
  for (std::size_t row = 0; row < input.rows(); ++row) {
    const std::size_t first = input.first(row), end = first + input.count(row);
    for (std::size_t i = first; i < end; ++i) {
      if (!is_stop_word(input.token(i))) kept.push(input.token(i));
    }
    kept.end_row();
  }
  partition.set(config_.output_col(), std::move(kept).finish());
  return {};
}

proto::Stage StopWordsRemover::save() const {
  proto::Stage stage;
  *stage.mutable_stop_words_remover() = config_;
  return stage;
}

}  // namespace lockstep::data
