/// Word vectors: Huffman codes, one pass of skip-gram, Word2Vec.
#include <cmath>

#include "core/error.hpp"
#include "core/math.hpp"
#include "core/random.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/text/huffman.hpp"
#include "data/features/text/skip_gram.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Rows = std::vector<std::vector<double>>;
using TokenRows = std::vector<std::vector<std::string>>;
using Nodes = std::vector<std::uint32_t>;
using Bits = std::vector<std::uint8_t>;

Dataset words(const TokenRows& rows, std::size_t partitions = 1) {
  return rig::table({rig::tokens("words", rows)}, partitions);
}

std::string config(const std::string& options) {
  return "word2vec { input_col: 'words' output_col: 'mean' " + options + " }";
}

proto::Stage fitted(const std::string& options, const Dataset& rows, std::size_t thread_count = 1,
                    std::uint64_t seed = 1) {
  ThreadPool threads(thread_count);
  const auto stage = make_feature_stage(rig::stage(config(options)), "stage[0]");
  stage->fit(TrainingRows(nullptr, threads, rows, seed));
  return stage->save();
}

/// The vector of a word.
std::vector<double> vector_of(const proto::Stage& saved, const std::string& word) {
  const auto& model = saved.word2vec().model();
  const auto size = static_cast<int>(saved.word2vec().vector_size());
  for (int i = 0; i < model.vocabulary_size(); ++i) {
    if (model.vocabulary(i) == word)
      return {model.vectors().begin() + i * size, model.vectors().begin() + (i + 1) * size};
  }
  FAIL("there is no word " + word);
  return {};
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double product = 0, squares_a = 0, squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += a[i] * b[i];
    squares_a += a[i] * a[i];
    squares_b += b[i] * b[i];
  }
  return product / std::sqrt(squares_a * squares_b);
}

TEST_CASE("huffman_codes joins the two rarest again and again", "[data][text]") {
  // 2 + 1 = 3 is node 0, 3 (the word, before the node) + 3 = 6 node 1, 10 + 6 = 16 the root, 2.
  const auto codes = huffman_codes(std::vector<std::uint64_t>{10, 3, 2, 1});
  CHECK(codes[0].nodes == Nodes{2});
  CHECK(codes[0].bits == Bits{1});
  CHECK(codes[1].nodes == Nodes{2, 1});
  CHECK(codes[1].bits == Bits{0, 0});
  CHECK(codes[2].nodes == Nodes{2, 1, 0});
  CHECK(codes[2].bits == Bits{0, 1, 1});
  CHECK(codes[3].nodes == Nodes{2, 1, 0});
  CHECK(codes[3].bits == Bits{0, 1, 0});
}

TEST_CASE("huffman_codes gives words of equal frequency equally long codes", "[data][text]") {
  for (const auto& code : huffman_codes(std::vector<std::uint64_t>(8, 5)))
    CHECK(code.bits.size() == 3);
  CHECK(huffman_codes({}).empty());
  CHECK(huffman_codes(std::vector<std::uint64_t>{7})[0].nodes.empty());
}

struct TwoWords {
  Vocabulary vocabulary{{"a", "b"}};
  std::vector<HuffmanCode> codes = huffman_codes(std::vector<std::uint64_t>{1, 1});
  WordVectors start{{0.5f, -0.25f, 0.125f, 1.0f}, {0.5f, 0.25f}};  // a, b; the root
  SkipGramOptions options{"words", 2, 1, 1000, 0.5, 1, 1};
};

TEST_CASE("SkipGramPass follows the gradient pair by pair", "[data][text]") {
  const TwoWords two;
  const auto table = words({{"a", "b"}});
  const SkipGramPass pass(two.options, two.vocabulary, two.codes, two.start, 0);
  const auto result = pass.finish(pass.map(table.own[0]));

  double a[2] = {0.5, -0.25}, b[2] = {0.125, 1}, root[2] = {0.5, 0.25};
  const auto learn = [&](double* neighbour, double bit, double rate) {
    const double turn = sigmoid(neighbour[0] * root[0] + neighbour[1] * root[1]);
    const double step = (1 - bit - turn) * rate;
    for (int j = 0; j < 2; ++j) {
      const double before = neighbour[j];
      neighbour[j] += step * root[j];
      root[j] += step * before;
    }
  };
  learn(b, 1, 0.5);   // b shall lead to a; the whole step size
  learn(a, 0, 0.25);  // a shall lead to b; half of the words are done
  for (std::size_t j = 0; j < 2; ++j) {
    CHECK(result.words[j] == Approx(a[j]).epsilon(1e-6));
    CHECK(result.words[2 + j] == Approx(b[j]).epsilon(1e-6));
    CHECK(result.nodes[j] == Approx(root[j]).epsilon(1e-6));
  }
}

TEST_CASE("SkipGramPass: the step falls from pass to pass, down to 1e-4 of it", "[data][text]") {
  TwoWords two;
  two.options.passes = 2;
  two.start.nodes = {0, 0};
  const auto table = words({{"a", "b"}});
  const auto root_after = [&](std::uint32_t number) {
    const SkipGramPass pass(two.options, two.vocabulary, two.codes, two.start, number);
    return pass.finish(pass.map(table.own[0])).nodes;
  };
  // The root starts at 0, where both turns are 1/2: it moves by -1/2 rate b, then about 1/2 rate a.
  const double first = 0.5, second = 0.375;
  CHECK(root_after(0)[0] == Approx(-0.5 * first * 0.125 + 0.5 * second * 0.5).epsilon(0.1));
  CHECK(root_after(1)[0] == Approx(-0.25 * first * 0.125 + 0.5 * 0.125 * 0.5).epsilon(0.1));
  const auto last = root_after(2);  // beyond the end: the least rate
  CHECK(last[0] == Approx(0.5 * 0.5e-4 * (0.5 - 0.125)).epsilon(1e-3));
}

TEST_CASE("SkipGramPass: a vector is the mean over the partitions that changed it",
          "[data][text]") {
  const Vocabulary vocabulary({"a", "b", "c", "d"});
  const auto codes = huffman_codes(std::vector<std::uint64_t>{4, 3, 2, 2});
  const auto start = initial_word_vectors(4, 3, 7);
  const SkipGramOptions options{"words", 3, 2, 1000, 0.5, 1, 7};
  const SkipGramPass pass(options, vocabulary, codes, start, 0);
  const auto table = words({{"a", "b", "a"}, {"a", "c", "a"}}, 2);
  const auto left = pass.map(table.own[0]), right = pass.map(table.own[1]);
  const auto merged = pass.finish(pass.merge(left, right));
  const auto of_left = pass.finish(left), of_right = pass.finish(right);
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(merged.words[j] == (of_left.words[j] + of_right.words[j]) / 2);  // a: both
    CHECK(merged.words[3 + j] == of_left.words[3 + j]);                    // b: the left one
    CHECK(merged.words[6 + j] == of_right.words[6 + j]);                   // c: the right one
    CHECK(merged.words[9 + j] == start.words[9 + j]);                      // d: neither
  }
  CHECK(of_left.words[0] != start.words[0]);
}

TEST_CASE("SkipGramPass: words of different sentences are no neighbours", "[data][text]") {
  TwoWords two;
  two.options.sentence_words = 1;
  const auto table = words({{"a", "b"}, {"b"}, {}});
  const SkipGramPass pass(two.options, two.vocabulary, two.codes, two.start, 0);
  CHECK(pass.finish(pass.map(table.own[0])).words == two.start.words);
  CHECK(pass.map(table.own[0]).words.rows.empty());
}

TEST_CASE("SkipGramPass: unknown words are not there", "[data][text]") {
  const TwoWords two;
  const SkipGramPass pass(two.options, two.vocabulary, two.codes, two.start, 0);
  const auto plain = pass.map(words({{"a", "b"}}).own[0]);
  const auto mixed = pass.map(words({{"x", "a", "y", "b"}}).own[0]);
  CHECK(mixed.words.sums == plain.words.sums);
  CHECK(mixed.nodes.sums == plain.nodes.sums);
}

TEST_CASE("initial_word_vectors are small and differ by word and seed", "[data][text]") {
  const auto vectors = initial_word_vectors(50, 4, 1);
  CHECK(vectors.nodes == std::vector<float>(49 * 4));
  for (const float number : vectors.words) CHECK(std::abs(number) <= 0.125f);
  CHECK_FALSE(
      std::equal(vectors.words.begin(), vectors.words.begin() + 4, vectors.words.begin() + 4));
  CHECK(initial_word_vectors(50, 4, 2).words != vectors.words);
}

TEST_CASE("Word2Vec: a row is the sum of its known words over the number of all its tokens",
          "[data][text]") {
  const auto saved = rig::stage(
      config("vector_size: 2 model { vocabulary: 'a' vocabulary: 'b' vectors: [1, 2, 3, -4] }"));
  const auto stage = make_feature_stage(saved, "stage[0]");
  CHECK(stage->is_fitted());
  auto table = words({{"a", "b", "unknown", "a"}, {}, {"unknown"}, {"b"}});
  CHECK(stage->output_schema(table.schema).at("mean", "").shape == Shape{2});
  stage->transform(table.own[0], Phase::Scoring);
  CHECK(rig::vectors(table, "mean") == Rows{{1.25, 0}, {0, 0}, {0, 0}, {3, -4}});
}

TEST_CASE("Word2Vec learns words that occur often enough, most frequent first", "[data][text]") {
  const TokenRows rows = {{"b", "a", "c", "b"}, {"a", "b", "z"}, {"z"}};
  const auto learnt = fitted("min_count: 2 vector_size: 3", words(rows)).word2vec().model();
  REQUIRE(learnt.vocabulary_size() == 3);
  CHECK(learnt.vocabulary(0) == "b");
  CHECK(learnt.vocabulary(1) == "a");
  CHECK(learnt.vocabulary(2) == "z");
  CHECK(learnt.vectors_size() == 9);
  try {
    fitted("", words(rows));  // min_count is 5
    FAIL("no word, no error");
  } catch (const DataError& error) {
    CHECK(error.where().field == "stage[0].word2vec.min_count");
    CHECK_THAT(error.what(), has_text("no word of the 3 rows occurs 5 times"));
  }
}

/// Rows of two topics that share no words; which of a topic's words follow each other is chance.
TokenRows two_topics() {
  const std::vector<std::string> topics[2] = {{"cat", "dog", "cow", "pig"},
                                              {"red", "blue", "pink", "grey"}};
  TokenRows rows;
  for (std::size_t i = 0; i < 120; ++i) {
    const Random random(1, Purpose::Test, i);
    std::vector<std::string> row;
    for (std::size_t j = 0; j < 12; ++j) row.push_back(topics[i % 2][random.below(j, 4)]);
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST_CASE("Word2Vec puts words of the same surroundings together", "[data][text]") {
  const auto saved =
      fitted("vector_size: 20 window_size: 3 max_iter: 10 step_size: 0.2", words(two_topics(), 2));
  const auto cat = vector_of(saved, "cat"), dog = vector_of(saved, "dog"),
             red = vector_of(saved, "red"), grey = vector_of(saved, "grey");
  CHECK(cosine(cat, dog) > cosine(cat, red) + 0.5);
  CHECK(cosine(red, grey) > cosine(red, dog) + 0.5);
}

TEST_CASE("Word2Vec learns the same bits on any number of threads", "[data][text]") {
  const std::string options = "vector_size: 37 max_iter: 2";
  const auto rows = words(two_topics(), 5);
  const auto one = fitted(options, rows, 1).SerializeAsString();
  CHECK(fitted(options, rows, 3).SerializeAsString() == one);
  CHECK(fitted(options, rows, 1, /*seed=*/2).SerializeAsString() != one);
}

TEST_CASE("Word2Vec takes a seed of its own in place of the experiment's", "[data][text]") {
  const auto rows = words(two_topics());
  const auto vectors = [&](const std::string& options, std::uint64_t seed) {
    const auto model = fitted("vector_size: 3 " + options, rows, 1, seed).word2vec().model();
    return std::vector<float>(model.vectors().begin(), model.vectors().end());
  };
  CHECK(vectors("seed: 9", 1) == vectors("", 9));
  CHECK(vectors("seed: 9", 1) == vectors("seed: 9", 2));
  CHECK(vectors("", 1) != vectors("", 2));
}

TEST_CASE("Word2Vec gives the same rows when saved and loaded as text", "[data][text]") {
  ThreadPool threads(1);
  auto rows = words(two_topics(), 2);
  const auto stage = make_feature_stage(rig::stage(config("vector_size: 5")), "stage[0]");
  CHECK_FALSE(stage->is_fitted());
  stage->fit(TrainingRows(nullptr, threads, rows, 1));
  const auto loaded = make_feature_stage(rig::stage(stage->save().DebugString()), "stage[0]");
  auto again = rows;
  for (std::size_t p = 0; p < 2; ++p) {
    stage->transform(rows.own[p], Phase::Training);
    loaded->transform(again.own[p], Phase::Scoring);
  }
  CHECK(rig::vectors(rows, "mean") == rig::vectors(again, "mean"));
}

TEST_CASE("Word2Vec with a single word leaves it where it started", "[data][text]") {
  const auto saved = fitted("vector_size: 2 min_count: 1", words({{"a", "a"}}));
  const auto start = initial_word_vectors(1, 2, 1);
  CHECK(vector_of(saved, "a")[0] == static_cast<double>(start.words[0]));
}

TEST_CASE("Word2Vec checks its config and its model", "[data][text]") {
  for (const char* options :
       {"vector_size: 0", "window_size: 0", "max_iter: 0", "max_sentence_length: 0",
        "vector_size: 2 model { vocabulary: 'a' vectors: [1] }"}) {
    INFO(options);
    CHECK_THROWS_AS(make_feature_stage(rig::stage(config(options)), "stage[0]"), ConfigError);
  }
}

}  // namespace
}  // namespace lockstep::data
