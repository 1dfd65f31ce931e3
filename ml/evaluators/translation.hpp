#pragma once
#include <array>

#include "ml/evaluators/evaluator.hpp"

namespace lockstep::ml {

/// Metrics of texts, columns of tokens, against one reference each, over all rows together.
///   BLEU (Papineni 2002) = 100 min(1, e^(1 - r / h)) (p_1 p_2 p_3 p_4)^(1/4); h, r = words of all
///   texts and references, p_n = n-grams of the texts that occur in their reference (each no more
///   often than there) / n-grams of the texts; for the first, second, ... order without a match
///   1/2, 1/4, ... of one is counted (Chen and Cherry 2014, method 3; sacreBLEU's default). 0 if no
///   word is right or no text has four words.
///   exact match = texts that are their reference, word for word / texts
class TranslationSums final : public EvaluatorSums {
 public:
  explicit TranslationSums(const proto::TranslationEvaluator& config);
  void add(const data::Partition& partition, const PredictionColumns& columns) override;
  void merge(const EvaluatorSums& right) override;
  void save(Writer& out) const override;
  void load(Reader& in) override;
  void finish(Metrics& metrics) const override;

 private:
  static constexpr std::size_t kOrders = 4;
  void add_text(const std::vector<std::string>& text, const std::vector<std::string>& reference);
  double bleu() const;

  std::vector<proto::TranslationEvaluator::Metric> names_;
  struct Sums {
    std::uint64_t texts = 0, exact = 0, words = 0, reference_words = 0;
    std::array<std::uint64_t, kOrders> matches{}, ngrams{};
  } sums_;
};

}  // namespace lockstep::ml
