/// Words as pieces: byte pair encoding.
#include "data/features/text/byte_pairs.hpp"
#include "data/features/catalogue.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Words = std::vector<std::string>;
using TokenRows = std::vector<Words>;
using Joins = std::vector<Join>;

// The example of the paper.
const std::vector<WordCount> kPaper = {
    {"low", 5, 1}, {"lower", 2, 1}, {"newest", 6, 1}, {"widest", 3, 1}};

Words cut(const Joins& joins, const std::string& word) {
  Words pieces;
  BytePairs(joins).cut(word, pieces);
  return pieces;
}

std::string encoder(const std::string& options) {
  return "byte_pair_encoder { input_col: 'words' output_col: 'pieces' " + options + " }";
}
TokenRows encoded(const std::string& options, const TokenRows& rows, std::size_t partitions = 1) {
  return rig::tokens(
      rig::apply(encoder(options), rig::table({rig::tokens("words", rows)}, partitions)), "pieces");
}

TEST_CASE("learn_joins joins the most frequent neighbours", "[data][text]") {
  // e-s and s-t</w> are there 9 times each, "es" goes first; then es-t</w> 9 times; of those with 6
  // (e-w, n-e, w-est</w>) e-w is first by bytes, but l-o has 7.
  CHECK(learn_joins(kPaper, 5, 1) ==
        Joins{{"e", "s"}, {"es", "t</w>"}, {"l", "o"}, {"e", "w"}, {"ew", "est</w>"}});
  CHECK(learn_joins(kPaper, 0, 1).empty());
}

TEST_CASE("learn_joins stops where no pair is frequent enough", "[data][text]") {
  const Joins joins = learn_joins(kPaper, 100, 6);
  // n-ewest</w> has 6, too; lo-w</w> has 5.
  CHECK(joins == Joins{{"e", "s"},
                       {"es", "t</w>"},
                       {"l", "o"},
                       {"e", "w"},
                       {"ew", "est</w>"},
                       {"n", "ewest</w>"}});
  const Joins all = learn_joins(kPaper, 100, 1);
  CHECK(cut(all, "lower") == Words{"lower</w>"});
  CHECK(cut(all, "widest") == Words{"widest</w>"});
}

TEST_CASE("learn_joins: equal counts go by bytes, left first", "[data][text]") {
  const std::vector<WordCount> words = {{"ba", 1, 1}, {"bc", 1, 1}, {"ab", 1, 1}};
  CHECK(learn_joins(words, 10, 1) == Joins{{"a", "b</w>"}, {"b", "a</w>"}, {"b", "c</w>"}});
}

TEST_CASE("learn_joins keeps count of pairs that overlap", "[data][text]") {
  const std::vector<WordCount> words = {{"aaaaa", 1, 1}};  // a a a a a</w>
  CHECK(learn_joins(words, 10, 1) == Joins{{"a", "a"}, {"aa", "a</w>"}, {"aa", "aaa</w>"}});
  CHECK(cut({{"a", "a"}}, "aaaa") == Words{"aa", "a", "a</w>"});
}

/// The same by counting all pairs anew for each join.
Joins learn_plainly(const std::vector<WordCount>& words, std::size_t most) {
  std::vector<Words> pieces(words.size());
  for (std::size_t w = 0; w < words.size(); ++w) pieces[w] = cut({}, words[w].word);
  Joins joins;
  while (joins.size() < most) {
    std::map<Join, std::uint64_t> pairs;
    for (std::size_t w = 0; w < words.size(); ++w)
      for (std::size_t i = 1; i < pieces[w].size(); ++i)
        pairs[{pieces[w][i - 1], pieces[w][i]}] += words[w].times;
    const auto best =
        std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;  // the first of equals
        });
    if (best == pairs.end()) break;
    const auto [left, right] = best->first;
    for (Words& word : pieces) {
      for (std::size_t i = 1; i < word.size(); ++i) {
        if (word[i - 1] != left || word[i] != right) continue;
        word[i - 1] += right;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    joins.emplace_back(left, right);
  }
  return joins;
}

TEST_CASE("learn_joins learns what counting everything anew would", "[data][text][property]") {
  std::uint64_t state = 7;
  const auto draw = [&state](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, std::uint64_t> drawn;
    for (int w = 0; w < 30; ++w) {
      std::string word;
      for (std::uint64_t n = 1 + draw(9); n > 0; --n) word += static_cast<char>('a' + draw(3));
      drawn[word] += 1 + draw(5);
    }
    std::vector<WordCount> words;
    for (const auto& [word, times] : drawn) words.push_back({word, times, 1});
    CHECK(learn_joins(words, 40, 1) == learn_plainly(words, 40));
  }
}

TEST_CASE("BytePairs cuts into characters what it does not know", "[data][text]") {
  const Joins joins = learn_joins(kPaper, 6, 1);
  CHECK(cut(joins, "newest") == Words{"newest</w>"});
  CHECK(cut(joins, "lowest") == Words{"lo", "w", "est</w>"});
  CHECK(cut(joins, "low") == Words{"lo", "w</w>"});
  CHECK(cut(joins, "x") == Words{"x</w>"});
  CHECK(cut(joins, "").empty());
  CHECK(cut({}, "zürich") == Words{"z", "ü", "r", "i", "c", "h</w>"});
  CHECK(cut({}, "a\xff") == Words{"a", "\xff</w>"});
}

TEST_CASE("BytePairEncoder learns from all rows and cuts each word", "[data][text]") {
  TokenRows rows;
  for (int i = 0; i < 6; ++i) rows.push_back({"newest"});
  for (int i = 0; i < 5; ++i) rows.push_back({"low"});
  for (int i = 0; i < 3; ++i) rows.push_back({"widest"});
  rows.push_back({"lower", "", "lower"});
  rows.push_back({});
  for (const std::size_t partitions : {1u, 2u, 5u}) {
    const TokenRows pieces = encoded("merges: 5", rows, partitions);
    CHECK(pieces[0] == Words{"n", "ewest</w>"});
    CHECK(pieces[6] == Words{"lo", "w</w>"});
    CHECK(pieces[11] == Words{"w", "i", "d", "est</w>"});
    CHECK(pieces[14] == Words{"lo", "w", "e", "r</w>", "lo", "w", "e", "r</w>"});
    CHECK(pieces[15].empty());
  }
  CHECK(encoded("merges: 0", {{"ab"}}) == TokenRows{{"a", "b</w>"}});
  CHECK(encoded("", {{"ab"}}) == TokenRows{{"a", "b</w>"}});  // once is less than min_frequency
  CHECK(encoded("min_frequency: 1", {{"ab"}}) == TokenRows{{"ab</w>"}});
  CHECK(encoded("", {{}}) == TokenRows{{}});
}

TEST_CASE("BytePairEncoder: what it learnt is kept in the model, and a broken one refused",
          "[data][text]") {
  CHECK_THROWS_WITH(make_feature_stage(rig::stage(encoder("model { left: 'a' }")), "stage[0]"),
                    has_text("do not fit together"));
  const auto stage =
      make_feature_stage(rig::stage(encoder("model { left: 'a' right: 'b</w>' }")), "stage[0]");
  CHECK(stage->is_fitted());
  Dataset rows = rig::table({rig::tokens("words", {{"ab", "cab"}})});
  stage->transform(rows.own[0], Phase::Scoring);
  CHECK(rig::tokens(rows, "pieces") == TokenRows{{"ab</w>", "c", "ab</w>"}});
}

}  // namespace
}  // namespace lockstep::data
