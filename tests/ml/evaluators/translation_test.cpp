// BLEU and exact match: worked numbers, edge cases, rows cut in any way.
#include "ml/evaluators/translation.hpp"

#include <cmath>
#include <sstream>

#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

using Words = std::vector<std::string>;

Words words_of(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

struct Texts {
  std::vector<Words> texts, references;

  void add(const std::string& text, const std::string& reference) {
    texts.push_back(words_of(text));
    references.push_back(words_of(reference));
  }
  data::Partition part(std::size_t begin, std::size_t end) const {
    data::TokensBuilder written, wanted;
    for (std::size_t row = begin; row < end; ++row) {
      for (const auto& word : texts[row]) written.push(word);
      written.end_row();
      for (const auto& word : references[row]) wanted.push(word);
      wanted.end_row();
    }
    data::Partition partition;
    partition.row_ids = std::vector<std::uint64_t>(end - begin);
    partition.set("prediction", std::move(written).finish());
    partition.set("label", std::move(wanted).finish());
    return partition;
  }
};

PredictionColumns text_columns() {
  PredictionColumns columns;
  columns.task = Task::Translation;
  columns.label = "label";
  columns.prediction = "prediction";
  return columns;
}

MakeSums evaluator() { return evaluator_of("translation {}", text_columns()); }

Found metrics_of_texts(const Texts& texts) {
  const auto sums = evaluator()();
  sums->add(texts.part(0, texts.texts.size()), text_columns());
  return finish(*sums);
}

double bleu(const std::string& text, const std::string& reference) {
  Texts texts;
  texts.add(text, reference);
  return metrics_of_texts(texts)["bleu"];
}

}  // namespace

TEST_CASE("translation: BLEU by hand", "[ml][evaluator]") {
  CHECK(bleu("the cat sat on the mat", "the cat sat on the mat") == Approx(100));
  // 5 of 6 words, 4 of 5 pairs, 3 of 4 triples, 2 of 3 fours; as long as the reference.
  CHECK(bleu("the cat sat on the rug", "the cat sat on the mat") ==
        Approx(100 * std::pow(5.0 / 6 * 4 / 5 * 3 / 4 * 2 / 3, 0.25)));
  // Shorter by two words: all n-grams match, exp(1 - 6 / 4).
  CHECK(bleu("the cat sat on", "the cat sat on the mat") == Approx(100 * std::exp(-0.5)));
  // A word counts no more often than in the reference: 2 of 7; no pair matches: 1/2, 1/4, 1/8.
  CHECK(bleu("the the the the the the the", "the cat is on the mat") ==
        Approx(100 * std::pow(2.0 / 7 * 0.5 / 6 * 0.25 / 5 * 0.125 / 4, 0.25)));
}

TEST_CASE("translation: BLEU of texts that have nothing in common, or no four words",
          "[ml][evaluator]") {
  CHECK(bleu("a b c d e", "v w x y z") == 0);
  CHECK(bleu("the cat sat", "the cat sat") == 0);
  CHECK(bleu("", "the cat") == 0);
  CHECK(bleu("the cat", "") == 0);
}

TEST_CASE("translation: exact matches are of whole texts", "[ml][evaluator]") {
  Texts texts;
  texts.add("ein Haus", "ein Haus");
  texts.add("ein Haus", "ein Hut");
  texts.add("ein", "ein Haus");
  texts.add("", "");
  CHECK(metrics_of_texts(texts)["exact_match"] == Approx(0.5));
  CHECK(metrics_of_texts({})["exact_match"] == 0);
}

TEST_CASE("translation: counts of parts are those of the whole", "[ml][evaluator]") {
  Texts texts;
  texts.add("ein Mann in einem orangefarbenen Hut blickt auf etwas",
            "ein Mann mit einem orangefarbenen Hut , der etwas anstarrt");
  texts.add("fünf Leute stehen im Schnee", "fünf Leute in Winterjacken stehen im Schnee");
  texts.add("Leute", "Leute reparieren das Dach");
  texts.add("ein Hund rennt über das Gras", "ein Hund rennt über das Gras");
  const auto whole = metrics_of_texts(texts);
  CHECK(whole.size() == 2);
  const std::size_t rows = texts.texts.size();
  with_every_cut(
      evaluator(), rows, [&](std::size_t begin, std::size_t end) { return texts.part(begin, end); },
      text_columns(), [&](const Found& cut) { CHECK(cut.numbers == whole.numbers); });
}

}  // namespace lockstep::ml::tests
