#include "data/features/sequences/token_indexer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

#include "core/error.hpp"
#include "core/log.hpp"
#include "data/features/text/word_counts.hpp"

namespace lockstep::data {
namespace {

/// The words of the vocabulary in order of their ids, and the longest row.
class LearnIds {
 public:
  struct Partial {
    WordCounts counts;
    std::uint64_t longest = 0;  // words of a row
    static constexpr auto kFields = std::make_tuple(&Partial::counts, &Partial::longest);
  };
  struct Result {
    std::vector<std::string> words;
    std::uint64_t longest = 0;
  };

  explicit LearnIds(const proto::TokenIndexer& config) : config_(config) {}

  Partial map(const Partition& partition) const {
    const auto& tokens = partition.get<Tokens>(config_.input_col());
    Partial partial{count_words(tokens)};
    for (std::size_t row = 0; row < tokens.rows(); ++row)
      partial.longest = std::max<std::uint64_t>(partial.longest, tokens.count(row));
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    return {merged(std::move(left.counts), right.counts), std::max(left.longest, right.longest)};
  }
  Result finish(Partial total) const {
    const double least = number_of(config_.min_df(), total.counts.rows);
    auto& words = total.counts.words;
    std::erase_if(
        words, [least](const WordCount& word) { return static_cast<double>(word.rows) < least; });
    sort_by_frequency(words);
    const std::size_t most = config_.max_size() - TokenIndexer::kFirstWord;
    if (words.size() > most) words.resize(most);
    Result result{{}, total.longest};
    for (WordCount& word : words) result.words.push_back(std::move(word.word));
    return result;
  }

 private:
  const proto::TokenIndexer& config_;
};

}  // namespace

TokenIndexer::TokenIndexer(const proto::TokenIndexer& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.max_size() <= kFirstWord) {
    throw ConfigError(fmt::format("{} ids leave none for a word", config_.max_size()),
                      {.field = at_ + ".max_size"}, "ids 0 to 3 are special: give 5 or more");
  }
  if (config_.has_max_length() && config_.max_length() <= added()) {
    throw ConfigError(fmt::format("rows of {} ids leave no room for a word", config_.max_length()),
                      {.field = at_ + ".max_length"},
                      fmt::format("{} of them mark begin and end: give more", added()));
  }
  const auto& words = config_.model().vocabulary();
  vocabulary_ = Vocabulary({words.begin(), words.end()});
}

std::size_t TokenIndexer::added() const {
  return std::size_t{config_.add_begin()} + std::size_t{config_.add_end()};
}

std::size_t TokenIndexer::length() const {
  return is_fitted() ? config_.model().max_length() : config_.max_length();
}

Schema TokenIndexer::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  ColumnType type = vector_type(length());
  type.open_width = !is_fitted() && !config_.has_max_length();
  if (is_fitted() && length() <= kMostNamedFeatures) {
    std::vector<Feature> features;
    for (std::size_t i = 0; i < length(); ++i) {
      features.push_back({fmt::format("{}_{}", config_.output_col(), i),
                          Feature::Kind::Nominal,
                          vocabulary_.size() + kFirstWord,
                          {}});
    }
    type = vector_type(std::move(features));
  }
  Schema output = input;
  add_output(output, config_.output_col(), std::move(type), at_ + ".output_col");
  return output;
}

void TokenIndexer::fit(const TrainingRows& fitting) {
  auto learnt = fitting.run(LearnIds(config_));
  vocabulary_ = Vocabulary(std::move(learnt.words));
  const std::uint64_t longest = std::max<std::uint64_t>(1, learnt.longest) + added();
  if (longest > std::numeric_limits<std::uint32_t>::max() && !config_.has_max_length()) {
    throw DataError(fmt::format("a row has {} words", learnt.longest), {.field = at_},
                    "set max_length");
  }
  auto& model = *config_.mutable_model();
  model.Clear();
  model.set_max_length(config_.has_max_length() ? config_.max_length()
                                                : static_cast<std::uint32_t>(longest));
  for (const std::string& word : vocabulary_.words()) model.add_vocabulary(word);
  if (vocabulary_.size() == 0)
    log::warning("{}: no word is left for the vocabulary; every word is unknown", at_);
}

Effect TokenIndexer::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  const auto& input = partition.get<Tokens>(config_.input_col());
  const std::size_t room = length() - added();
  SparseBuilder ids(length());
  for (std::size_t row = 0; row < input.rows(); ++row) {
    const std::size_t count = input.count(row), kept = std::min(count, room);
    const bool cut_begin = config_.truncate() == proto::TokenIndexer::BEGIN;
    const std::size_t first = input.first(row) + (cut_begin ? count - kept : 0);
    std::size_t place = 0;
    if (config_.add_begin()) ids.push(place++, kBegin);
    for (std::size_t i = first; i < first + kept; ++i) {
      const auto word = vocabulary_.find(input.token(i));
      ids.push(place++, word ? *word + kFirstWord : kUnknown);
    }
    if (config_.add_end()) ids.push(place++, kEnd);
    ids.end_row();
  }
  partition.set(config_.output_col(), std::move(ids).finish());
  return {};
}

proto::Stage TokenIndexer::save() const {
  proto::Stage stage;
  *stage.mutable_token_indexer() = config_;
  return stage;
}

}  // namespace lockstep::data
