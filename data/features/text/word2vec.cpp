#include "data/features/text/word2vec.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/features/text/huffman.hpp"
#include "data/features/text/skip_gram.hpp"
#include "data/features/text/word_counts.hpp"

namespace lockstep::data {
namespace {

/// The words to learn, most frequent first.
class FrequentWords {
 public:
  FrequentWords(const proto::Word2Vec& config, const std::string& at) : config_(config), at_(at) {}

  WordCounts map(const Partition& partition) const {
    return count_words(partition.get<Tokens>(config_.input_col()));
  }
  WordCounts merge(WordCounts left, const WordCounts& right) const {
    return merged(std::move(left), right);
  }
  std::vector<WordCount> finish(WordCounts counts) const {
    std::erase_if(counts.words,
                  [&](const WordCount& word) { return word.times < config_.min_count(); });
    if (counts.words.empty()) {
      throw DataError(
          fmt::format("no word of the {} rows occurs {} times", counts.rows, config_.min_count()),
          {.field = at_ + ".min_count"}, "lower min_count, or look at the tokens");
    }
    sort_by_frequency(counts.words);
    return std::move(counts.words);
  }

 private:
  const proto::Word2Vec& config_;
  const std::string& at_;
};

SkipGramOptions options_of(const proto::Word2Vec& config, std::uint64_t seed) {
  SkipGramOptions options;
  options.column = config.input_col();
  options.size = config.vector_size();
  options.window = config.window_size();
  options.sentence_words = config.max_sentence_length();
  options.step_size = config.step_size();
  options.passes = config.max_iter();
  options.seed = config.has_seed() ? config.seed() : seed;
  return options;
}

}  // namespace

Word2Vec::Word2Vec(const proto::Word2Vec& config, std::string at)
    : config_(config), at_(std::move(at)) {
  const auto at_least_one = [&](std::uint32_t value, const char* field) {
    if (value == 0) throw ConfigError("must be at least 1", {.field = at_ + "." + field});
  };
  at_least_one(config_.vector_size(), "vector_size");
  at_least_one(config_.window_size(), "window_size");
  at_least_one(config_.max_iter(), "max_iter");
  at_least_one(config_.max_sentence_length(), "max_sentence_length");
  const auto& words = config_.model().vocabulary();
  vocabulary_ = Vocabulary({words.begin(), words.end()});
  const auto numbers = static_cast<std::size_t>(config_.model().vectors_size());
  if (numbers != vocabulary_.size() * config_.vector_size()) {
    throw ConfigError(
        fmt::format("the model has {} numbers for {} words", numbers, vocabulary_.size()),
        {.field = at_ + ".model"},
        fmt::format("it should have vector_size = {} a word", config_.vector_size()));
  }
}

Schema Word2Vec::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), vector_type(std::size_t{config_.vector_size()}),
             at_ + ".output_col");
  return output;
}

void Word2Vec::fit(const TrainingRows& fitting) {
  std::vector<std::string> words;
  std::vector<std::uint64_t> frequencies;
  for (const WordCount& word : fitting.run(FrequentWords(config_, at_))) {
    words.push_back(word.word);
    frequencies.push_back(word.times);
  }
  vocabulary_ = Vocabulary(std::move(words));
  const auto codes = huffman_codes(frequencies);
  const SkipGramOptions options = options_of(config_, fitting.seed());
  WordVectors vectors = initial_word_vectors(vocabulary_.size(), options.size, options.seed);
  for (std::uint32_t pass = 0; pass < options.passes; ++pass)
    vectors = fitting.run(SkipGramPass(options, vocabulary_, codes, vectors, pass));
  auto& model = *config_.mutable_model();
  model.Clear();
  for (const std::string& word : vocabulary_.words()) model.add_vocabulary(word);
  model.mutable_vectors()->Add(vectors.words.begin(), vectors.words.end());
}

std::span<const float> Word2Vec::vector_of(std::uint32_t word) const {
  const std::size_t size = config_.vector_size();
  return {config_.model().vectors().data() + word * size, size};
}

Effect Word2Vec::transform(Partition& partition, Phase) const {
  const auto& input = partition.get<Tokens>(config_.input_col());
  const std::size_t size = config_.vector_size();
  std::vector<double> means(input.rows() * size);
  for (std::size_t row = 0; row < input.rows(); ++row) {
    double* mean = means.data() + row * size;
    const std::size_t first = input.first(row), count = input.count(row);
    for (std::size_t i = first; i < first + count; ++i) {
      const auto word = vocabulary_.find(input.token(i));
      if (!word) continue;
      const auto vector = vector_of(*word);
      std::transform(vector.begin(), vector.end(), mean, mean,
                     [](float part, double sum) { return sum + static_cast<double>(part); });
    }
    if (count > 0)
      std::for_each(mean, mean + size, [&](double& sum) { sum /= static_cast<double>(count); });
  }
  partition.set(config_.output_col(), DenseVectors{size, std::move(means)});
  return {};
}

proto::Stage Word2Vec::save() const {
  proto::Stage stage;
  *stage.mutable_word2vec() = config_;
  return stage;
}

}  // namespace lockstep::data
