/// From text to tokens and among tokens: Tokenizer, RegexTokenizer, StopWordsRemover, NGram.
#include "core/error.hpp"
#include "data/features/text/stop_words.hpp"
#include "data/features/text/text.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using TokenRows = std::vector<std::vector<std::string>>;

TokenRows tokenized(const std::vector<const char*>& texts) {
  return rig::tokens(rig::apply("tokenizer { input_col: 'text' output_col: 'words' }",
                                rig::table({rig::strings("text", texts)})),
                     "words");
}

TokenRows matched(const std::string& options, const std::vector<const char*>& texts) {
  return rig::tokens(
      rig::apply("regex_tokenizer { input_col: 'text' output_col: 'words' " + options + " }",
                 rig::table({rig::strings("text", texts)})),
      "words");
}

TokenRows without_stop_words(const std::string& options, const TokenRows& rows) {
  return rig::tokens(
      rig::apply("stop_words_remover { input_col: 'words' output_col: 'kept' " + options + " }",
                 rig::table({rig::tokens("words", rows)})),
      "kept");
}

TEST_CASE("to_lower maps Unicode letters and leaves broken UTF-8 alone", "[data][text]") {
  CHECK(to_lower("Straße ÄÖÜ ЖЯ Σ") == "straße äöü жя σ");
  CHECK(to_lower("ABCxyz019[]@`") == "abcxyz019[]@`");
  CHECK(to_lower("\u212A") == "k");       // the Kelvin sign: three bytes become one
  CHECK(to_lower("\u023A") == "\u2C65");  // two bytes become three
  CHECK(to_lower("A\xFF\xC3 Ä\xC3") ==
        "a\xFF\xC3 ä\xC3");  // not UTF-8: a stray byte, two cut characters
  CHECK(to_lower(std::string_view("A\0B", 3)) == std::string_view("a\0b", 3));
  CHECK(to_lower("").empty());
}

TEST_CASE("utf16_length counts characters above U+FFFF twice and broken bytes once",
          "[data][text]") {
  CHECK(utf16_length("") == 0);
  CHECK(utf16_length("naïve") == 5);
  CHECK(utf16_length("日本語") == 3);
  CHECK(utf16_length("😀") == 2);
  CHECK(utf16_length("a\xFFz") == 3);
}

TEST_CASE("Tokenizer cuts at every white space character and drops empty tokens only at the end",
          "[data][text]") {
  CHECK(
      tokenized({" Hi  you ", "", " ", "one", "A\tB\nC\vD\fE\rF", "two  \t "}) ==
      TokenRows{{"", "hi", "", "you"}, {""}, {}, {"one"}, {"a", "b", "c", "d", "e", "f"}, {"two"}});
  CHECK(tokenized({"ÄRGER Über"}) == TokenRows{{"ärger", "über"}});
  CHECK(tokenized({"no\u00A0break"}) == TokenRows{{"no\u00A0break"}});  // not white space to it
}

TEST_CASE("Tokenizer gives nothing for no rows", "[data][text]") { CHECK(tokenized({}).empty()); }

TEST_CASE("Tokenizer names the row without text", "[data][text]") {
  CHECK_THROWS_WITH(tokenized({"a", nullptr}), has_text("row 2 (counted from 1) has no text"));
  CHECK_THROWS_AS(tokenized({"a", nullptr}), DataError);
}

TEST_CASE("Tokenizer wants a string column and a new output", "[data][text]") {
  const auto table = rig::table({rig::strings("text", {"a"}), rig::numbers("number", {1})});
  CHECK_THROWS_AS(rig::apply("tokenizer { input_col: 'number' output_col: 'words' }", table),
                  ConfigError);
  CHECK_THROWS_AS(rig::apply("tokenizer { input_col: 'text' output_col: 'number' }", table),
                  ConfigError);
}

TEST_CASE("RegexTokenizer takes what lies between white space by default", "[data][text]") {
  CHECK(matched("", {" Hi  you ", "", "   ", "A\vB"}) ==
        TokenRows{{"hi", "you"}, {}, {}, {"a", "b"}});
}

TEST_CASE("RegexTokenizer collects the matches if the pattern is not for gaps", "[data][text]") {
  CHECK(matched("gaps: false pattern: '[a-z]+'", {"One, two3four"}) ==
        TokenRows{{"one", "two", "four"}});
  CHECK(matched("gaps: false pattern: '[A-Z]+'", {"One TWO"}) ==
        TokenRows{{}});  // lower-cased first
  CHECK(matched("gaps: false pattern: '[A-Z]+' to_lowercase: false", {"One TWO"}) ==
        TokenRows{{"O", "TWO"}});
  CHECK(matched("gaps: false pattern: 'b'", {"", "aaa"}) == TokenRows{{}, {}});
}

TEST_CASE("RegexTokenizer drops tokens by their length in UTF-16 units", "[data][text]") {
  CHECK(matched("min_token_length: 3", {"a bb ccc ïïï 日本 😀😀"}) ==
        TokenRows{{"ccc", "ïïï", "😀😀"}});
  CHECK(matched("min_token_length: 2", {"日 😀"}) == TokenRows{{"😀"}});
  CHECK(matched("min_token_length: 0 pattern: ','", {",a,,b,,", ""}) ==
        TokenRows{{"", "a", "", "b"}, {""}});
}

TEST_CASE("RegexTokenizer: an empty match cuts between characters", "[data][text]") {
  CHECK(matched("pattern: ''", {"aß😀"}) == TokenRows{{"a", "ß", "😀"}});
  CHECK(matched("pattern: 'x*'", {"axxb"}) == TokenRows{{"a", "b"}});
  CHECK(matched("gaps: false pattern: 'x*' min_token_length: 0", {"axb"}) ==
        TokenRows{{"", "x", "", ""}});
}

TEST_CASE("RegexTokenizer: ^ and \\b look at the whole text", "[data][text]") {
  CHECK(matched("gaps: false pattern: '^a'", {"aaa"}) == TokenRows{{"a"}});
  CHECK(matched(R"(gaps: false pattern: '\\b\\w')", {"ab cd"}) == TokenRows{{"a", "c"}});
}

TEST_CASE("RegexTokenizer: \\s and \\S know \\v wherever they stand", "[data][text]") {
  CHECK(matched(R"(gaps: false pattern: '\\S+')", {"a\vb"}) == TokenRows{{"a", "b"}});
  CHECK(matched(R"(pattern: '[\\s,]+')", {"a\v,b"}) == TokenRows{{"a", "b"}});
  CHECK(matched(R"(gaps: false pattern: '[^\\s,]+')", {"a\v,b"}) == TokenRows{{"a", "b"}});
  CHECK(matched(R"(gaps: false pattern: '[\\S]+')", {"ä\vb c"}) == TokenRows{{"ä", "b", "c"}});
  CHECK(matched(R"(gaps: false pattern: '[^\\S]+' min_token_length: 2)", {"a\v b"}) ==
        TokenRows{{"\v "}});
  CHECK(matched(R"(pattern: '[]\\s]+')", {"a]\vb"}) == TokenRows{{"a", "b"}});
  CHECK(matched(R"(pattern: '[[:digit:]\\s]+')", {"a1\vb"}) == TokenRows{{"a", "b"}});
}

TEST_CASE("RegexTokenizer: an escaped backslash and quoted text are not white space",
          "[data][text]") {
  CHECK(matched(R"(pattern: '\\\\s')", {"a\\sb c"}) == TokenRows{{"a", "b c"}});
  CHECK(matched(R"(pattern: '\\Q\\s\\E')", {"a\\sb c"}) == TokenRows{{"a", "b c"}});
  CHECK(matched(R"(pattern: '\\Q\\s')", {"a\\sb c"}) == TokenRows{{"a", "b c"}});
}

TEST_CASE("RegexTokenizer says what is wrong with a pattern", "[data][text]") {
  CHECK_THROWS_AS(matched("pattern: '[a'", {"a"}), ConfigError);
  CHECK_THROWS_WITH(matched("pattern: '[a'", {"a"}),
                    has_text("'[a' is not a regular expression") && has_text("missing ]"));
  CHECK_THROWS_AS(matched("pattern: '(?=a)'", {"a"}), ConfigError);  // look-around
}

TEST_CASE("RegexTokenizer names the row without text", "[data][text]") {
  CHECK_THROWS_WITH(matched("", {nullptr}), has_text("row 1 (counted from 1) has no text"));
}

TEST_CASE("StopWordsRemover drops English words whatever their case", "[data][text]") {
  CHECK(without_stop_words("", {{"The", "cat"}, {"I", "DON'T", "cannot", "see"}, {}, {"the"}}) ==
        TokenRows{{"cat"}, {"see"}, {}, {}});
}

TEST_CASE("StopWordsRemover compares as they are if case matters", "[data][text]") {
  CHECK(without_stop_words("case_sensitive: true", {{"The", "the", "cat"}}) ==
        TokenRows{{"The", "cat"}});
}

TEST_CASE("StopWordsRemover takes a list of its own in place of the language's", "[data][text]") {
  CHECK(without_stop_words("stop_words: ['Ärger', 'b']", {{"ärger", "ÄRGER", "B", "the", ""}}) ==
        TokenRows{{"the", ""}});
  CHECK(without_stop_words("stop_words: ['b'] case_sensitive: true", {{"B", "b"}}) ==
        TokenRows{{"B"}});
}

TEST_CASE("StopWordsRemover has lists for other languages and names them", "[data][text]") {
  CHECK(without_stop_words("language: 'german'", {{"Der", "Hund", "über", "the"}}) ==
        TokenRows{{"Hund", "the"}});
  CHECK(without_stop_words("language: 'french'", {{"le", "chien", "été"}}) == TokenRows{{"chien"}});
  CHECK(without_stop_words("language: 'spanish'", {{"el", "perro", "está"}}) ==
        TokenRows{{"perro"}});
  try {
    without_stop_words("language: 'klingon'", {{"a"}});
    FAIL("no list, no error");
  } catch (const ConfigError& error) {
    CHECK(error.where().field == "stage[0].stop_words_remover.language");
    CHECK_THAT(error.advice(), has_text("english") && has_text("german") && has_text("spanish"));
  }
}

TEST_CASE("The English stop words are 181, with contractions and cannot, could, ought, would",
          "[data][text]") {
  const auto words = stop_words("english");
  CHECK(words.size() == 181);
  for (const std::string_view word : {"a", "s", "t", "i'll", "who's", "shan't", "cannot", "could",
                                      "ought", "would", "yourselves"})
    CHECK(std::count(words.begin(), words.end(), word) == 1);
  CHECK(std::count(words.begin(), words.end(), "cat") == 0);
  CHECK(stop_words("English").empty());
}

TEST_CASE("NGram joins neighbours with a blank", "[data][text]") {
  const auto windows = [](const std::string& options, const TokenRows& rows) {
    return rig::tokens(
        rig::apply("ngram { input_col: 'words' output_col: 'grams' " + options + " }",
                   rig::table({rig::tokens("words", rows)})),
        "grams");
  };
  CHECK(windows("", {{"a", "b", "c"}, {"a"}, {}, {"a", "b"}}) ==
        TokenRows{{"a b", "b c"}, {}, {}, {"a b"}});
  CHECK(windows("n: 1", {{"a", "b"}}) == TokenRows{{"a", "b"}});
  CHECK(windows("n: 3", {{"a", "b", "c", "d"}, {"a", "b"}}) == TokenRows{{"a b c", "b c d"}, {}});
  CHECK(windows("", {{"a", "", "b"}}) == TokenRows{{"a ", " b"}});
  CHECK_THROWS_AS(windows("n: 0", {{"a"}}), ConfigError);
}

}  // namespace
}  // namespace lockstep::data
