#include "data/features/text/count_vectorizer.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/log.hpp"
#include "data/features/text/tally.hpp"
#include "data/features/text/word_counts.hpp"

namespace lockstep::data {
namespace {

/// The words of the vocabulary, in order of their index.
class LearnVocabulary {
 public:
  LearnVocabulary(const proto::CountVectorizer& config, const std::string& at)
      : config_(config), at_(at) {}

  WordCounts map(const Partition& partition) const {
    return count_words(partition.get<Tokens>(config_.input_col()));
  }
  WordCounts merge(WordCounts left, const WordCounts& right) const {
    return merged(std::move(left), right);
  }
  std::vector<std::string> finish(WordCounts counts) const {
    const double least = number_of(config_.min_df(), counts.rows);
    const double most = number_of(config_.max_df(), counts.rows);
    if (most < least) {
      throw ConfigError(
          fmt::format("of {} rows, min_df asks for at least {} and max_df for at most {}",
                      counts.rows, least, most),
          {.field = at_ + ".max_df"}, "max_df must not be below min_df");
    }
    std::erase_if(counts.words, [&](const WordCount& word) {
      const auto rows = static_cast<double>(word.rows);
      return rows < least || rows > most;
    });
    sort_by_frequency(counts.words);
    if (counts.words.size() > config_.vocab_size()) counts.words.resize(config_.vocab_size());
    std::vector<std::string> words;
    for (WordCount& word : counts.words) words.push_back(std::move(word.word));
    return words;
  }

 private:
  const proto::CountVectorizer& config_;
  const std::string& at_;
};

}  // namespace

CountVectorizer::CountVectorizer(const proto::CountVectorizer& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.vocab_size() == 0)
    throw ConfigError("a vocabulary has at least one word", {.field = at_ + ".vocab_size"});
  const bool comparable = (config_.min_df() < 1) == (config_.max_df() < 1);
  if (comparable && config_.max_df() < config_.min_df()) {
    throw ConfigError(
        fmt::format("max_df {} is below min_df {}", config_.max_df(), config_.min_df()),
        {.field = at_ + ".max_df"}, "no word would be left");
  }
  const auto& words = config_.model().vocabulary();
  vocabulary_ = Vocabulary({words.begin(), words.end()});
}

Schema CountVectorizer::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  ColumnType type = vector_type(vocabulary_.size());
  type.open_width = !is_fitted();
  if (is_fitted() && vocabulary_.size() <= kMostNamedFeatures) {
    std::vector<Feature> features;
    const auto kind = config_.binary() ? Feature::Kind::Binary : Feature::Kind::Numeric;
    for (const std::string& word : vocabulary_.words()) features.push_back({word, kind, 0, {}});
    type = vector_type(std::move(features));
  }
  Schema output = input;
  add_output(output, config_.output_col(), std::move(type), at_ + ".output_col");
  return output;
}

void CountVectorizer::fit(const TrainingRows& fitting) {
  vocabulary_ = Vocabulary(fitting.run(LearnVocabulary(config_, at_)));
  config_.clear_model();
  auto& words = *config_.mutable_model()->mutable_vocabulary();
  for (const std::string& word : vocabulary_.words()) *words.Add() = word;
  if (vocabulary_.size() == 0)
    log::warning("{}: no word is left for the vocabulary; its vectors are empty", at_);
}

Effect CountVectorizer::transform(Partition& partition, Phase) const {
  const auto& input = partition.get<Tokens>(config_.input_col());
  SparseBuilder counts(vocabulary_.size());
  std::vector<std::uint32_t> indices;
  for (std::size_t row = 0; row < input.rows(); ++row) {
    indices.clear();
    const std::size_t first = input.first(row), end = first + input.count(row);
    for (std::size_t i = first; i < end; ++i) {
      if (const auto index = vocabulary_.find(input.token(i))) indices.push_back(*index);
    }
    const double least = number_of(config_.min_tf(), end - first);
    tally(indices, [&](std::size_t index, std::size_t times) {
      const auto value = static_cast<double>(times);
      if (value >= least) counts.push(index, config_.binary() ? 1.0 : value);
    });
    counts.end_row();
  }
  partition.set(config_.output_col(), std::move(counts).finish());
  return {};
}

proto::Stage CountVectorizer::save() const {
  proto::Stage stage;
  *stage.mutable_count_vectorizer() = config_;
  return stage;
}

}  // namespace lockstep::data
