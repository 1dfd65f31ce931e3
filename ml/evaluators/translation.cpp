#include "ml/evaluators/translation.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "core/math.hpp"

namespace lockstep::ml {
namespace {

using Words = std::vector<std::string>;

struct Less {
  bool operator()(std::span<const std::string> a, std::span<const std::string> b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }
};
using Counts = std::map<std::span<const std::string>, std::uint64_t, Less>;

Counts ngrams_of(const Words& words, std::size_t n) {
  Counts counts;
  for (std::size_t i = 0; i + n <= words.size(); ++i) ++counts[std::span(words).subspan(i, n)];
  return counts;
}

Words words_of(const data::Tokens& tokens, std::size_t row) {
  Words words;
  for (std::size_t i = 0; i < tokens.count(row); ++i)
    words.emplace_back(tokens.token(tokens.first(row) + i));
  return words;
}

}  // namespace

TranslationSums::TranslationSums(const proto::TranslationEvaluator& config) {
  using M = proto::TranslationEvaluator;
  for (const int name : config.metric_name()) names_.push_back(static_cast<M::Metric>(name));
  if (names_.empty()) names_ = {M::BLEU, M::EXACT_MATCH};
}

void TranslationSums::add_text(const Words& text, const Words& reference) {
  sums_.texts += 1;
  sums_.exact += text == reference ? 1 : 0;
  sums_.words += text.size();
  sums_.reference_words += reference.size();
  for (std::size_t n = 1; n <= kOrders && n <= text.size(); ++n) {
    const Counts wanted = ngrams_of(reference, n);
    for (const auto& [ngram, count] : ngrams_of(text, n)) {
      const auto found = wanted.find(ngram);
      if (found != wanted.end()) sums_.matches[n - 1] += std::min(count, found->second);
    }
    sums_.ngrams[n - 1] += text.size() + 1 - n;
  }
}

void TranslationSums::add(const data::Partition& partition, const PredictionColumns& columns) {
  const auto& texts = partition.get<data::Tokens>(columns.prediction);
  const auto& references = partition.get<data::Tokens>(columns.label);
  for (std::size_t row = 0; row < partition.rows(); ++row)
    add_text(words_of(texts, row), words_of(references, row));
}

void TranslationSums::merge(const EvaluatorSums& right) {
  const Sums& b = static_cast<const TranslationSums&>(right).sums_;
  sums_.texts += b.texts;
  sums_.exact += b.exact;
  sums_.words += b.words;
  sums_.reference_words += b.reference_words;
  for (std::size_t n = 0; n < kOrders; ++n) {
    sums_.matches[n] += b.matches[n];
    sums_.ngrams[n] += b.ngrams[n];
  }
}

void TranslationSums::save(Writer& out) const { out.value(sums_); }
void TranslationSums::load(Reader& in) { sums_ = in.value<Sums>(); }

double TranslationSums::bleu() const {
  if (sums_.matches[0] == 0 || sums_.ngrams[kOrders - 1] == 0) return 0;
  double logarithms = 0, smoothed = 1;
  for (std::size_t n = 0; n < kOrders; ++n) {
    const auto matches = static_cast<double>(sums_.matches[n]);
    if (sums_.matches[n] == 0) smoothed /= 2;
    logarithms += log_exact((sums_.matches[n] == 0 ? smoothed : matches) /
                            static_cast<double>(sums_.ngrams[n]));
  }
  const double shortness =
      1 - static_cast<double>(sums_.reference_words) / static_cast<double>(sums_.words);
  return 100 * exp_exact(logarithms / kOrders + std::min(0.0, shortness));
}

void TranslationSums::finish(Metrics& metrics) const {
  using M = proto::TranslationEvaluator;
  for (const auto name : names_) {
    const double exact =
        sums_.texts > 0 ? static_cast<double>(sums_.exact) / static_cast<double>(sums_.texts) : 0;
    ml::add(metrics, metric_key(M::Metric_Name(name)), name == M::BLEU ? bleu() : exact);
  }
}

}  // namespace lockstep::ml
