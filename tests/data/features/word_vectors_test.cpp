#include "data/features/text/word_vectors.hpp"

#include <fstream>

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/data/temporary_folder.hpp"

namespace lockstep::data {
namespace {

const tests::TemporaryFolder& folder() {
  static const tests::TemporaryFolder made;
  return made;
}

std::string file_of(const std::string& text) {
  const std::string path = folder().path() + "/vectors.txt";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

WordVectors read(const std::string& text, std::size_t width = 2) {
  return read_word_vectors(file_of(text), Vocabulary({"the", "cat", "7"}), width);
}

/// The line and the message of the error.
std::string complaint(const std::string& text) {
  try {
    read(text);
  } catch (const DataError& error) {
    return std::to_string(error.where().line) + ": " + error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("word vectors are those of the vocabulary's words, in the order of the file",
          "[data][word_vectors]") {
  const auto vectors = read("cat 1 -2.5e-1\nsat 3 4\r\nthe\t5  +6 \n\n7 8 9");
  CHECK(vectors.words == std::vector<std::uint32_t>{1, 0, 2});
  CHECK(vectors.values == std::vector<float>{1, -0.25f, 5, 6, 8, 9});
}

TEST_CASE("word vectors may begin with how many there are", "[data][word_vectors]") {
  CHECK(read("2 2\ncat 1 2\nthe 3 4\n").words.size() == 2);
  CHECK(read("7 1\n", 1).words.empty());             // a header, although 7 is a word
  CHECK(read("cat 1\n7 1\n", 1).words.size() == 2);  // none
}

TEST_CASE("word vectors: the first of two counts, words with spaces are nobody's",
          "[data][word_vectors]") {
  CHECK(read("cat 1 2\ncat 3 4\n").values == std::vector<float>{1, 2});
  CHECK(read("the . 3 4\ncat 1 2\n").words == std::vector<std::uint32_t>{1});
}

TEST_CASE("word vectors from a file that is longer than is read at once", "[data][word_vectors]") {
  std::string text;
  for (int i = 0; i < 200000; ++i) text += "word" + std::to_string(i) + " 1.5 2.5\n";
  const auto vectors =
      read_word_vectors(file_of(text + "cat 3 4\n"), Vocabulary({"word199999", "cat"}), 2);
  CHECK(vectors.words == std::vector<std::uint32_t>{0, 1});
  CHECK(vectors.values == std::vector<float>{1.5f, 2.5f, 3, 4});
}

TEST_CASE("word vectors that do not fit are refused with their line", "[data][word_vectors]") {
  CHECK(complaint("cat 1 2\nthe 1 2 3\n") == "2: a vector of 3 numbers; the embedding has 2 units");
  CHECK(complaint("sat 1\n") == "1: a vector of 1 numbers; the embedding has 2 units");
  CHECK(complaint("400000 300\ncat 1 2\n") ==
        "1: a vector of 300 numbers; the embedding has 2 units");
  CHECK(complaint("\ncat 1 x\n") == "2: 'x' in the vector of 'cat' is not a finite number");
  CHECK(complaint("cat 1 nan\n") == "1: 'nan' in the vector of 'cat' is not a finite number");
  CHECK(complaint("cat 1 1e999\n") == "1: '1e999' in the vector of 'cat' is not a finite number");
  CHECK_THROWS_AS(read_word_vectors(folder().path() + "/none.txt", Vocabulary(), 2), FileError);
}

}  // namespace lockstep::data
