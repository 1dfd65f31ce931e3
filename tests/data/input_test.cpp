#include "data/sources/input.hpp"

#include "core/error.hpp"
#include "data/sources/text_source.hpp"
#include "tests/catch.hpp"
#include "tests/data/packing.hpp"
#include "tests/data/temporary_folder.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

std::string read_all(const std::string& path) {
  InputStream stream(path);
  std::string all, piece(1000, '\0');
  while (const std::size_t got = stream.read(piece)) all.append(piece, 0, got);
  return all;
}

std::string some_text() {  // hard enough to pack that blocks are real
  std::string text;
  for (unsigned i = 0, x = 1; i < 30000; ++i)
    text += std::to_string(x = x * 1664525U + 1013904223U) + "\n";
  return text;
}

}  // namespace

TEST_CASE("a stream reads plain and packed files alike", "[data][input]") {
  const tests::TemporaryFolder folder;
  const std::string text = some_text();
  CHECK(read_all(folder.write("plain.txt", text)) == text);
  CHECK(read_all(folder.write("empty.txt", "")).empty());
  for (const std::string suffix : {".gz", ".bz2", ".xz", ".zst"}) {
    CAPTURE(suffix);
    const std::string bytes = tests::packed(text, suffix);
    CHECK(read_all(folder.write("a" + suffix, bytes)) == text);
    CHECK(read_all(folder.write("a_other_name", bytes)) == text);
    CHECK(read_all(folder.write("twice" + suffix, bytes + bytes)) == text + text);
    CHECK(read_all(folder.write("nothing" + suffix, tests::packed("", suffix))).empty());
  }
}

TEST_CASE("a damaged or cut off packed file is a FileError that names it", "[data][input]") {
  const tests::TemporaryFolder folder;
  const std::string suffix = GENERATE(".gz", ".bz2", ".xz", ".zst");
  const std::string bytes = tests::packed(some_text(), suffix);
  std::string flipped = bytes;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x55);
  const std::string_view all = bytes;
  std::vector<std::string> bad{std::string(all.substr(0, bytes.size() / 2)),
                               std::string(all.substr(0, bytes.size() - 1)), "not packed at all",
                               ""};
  if (suffix != ".zst") bad.push_back(flipped);  // Boost writes zstd without a checksum
  for (const std::string& content : bad) {
    const std::string path = folder.write("bad" + suffix, content);
    CAPTURE(suffix, content.size());
    try {
      read_all(path);
      FAIL_CHECK("no error");
    } catch (const FileError& error) {
      CHECK_THAT(error.what(), has_text(path));
      CHECK(error.where().file == path);
    }
  }
}

TEST_CASE("a missing file and a folder are FileErrors with the path", "[data][input]") {
  const tests::TemporaryFolder folder;
  CHECK_THROWS_WITH(InputFile(folder.path() + "/none.txt"), has_text(folder.path() + "/none.txt"));
  CHECK_THROWS_AS(InputFile(folder.path() + "/none.txt"), FileError);
  CHECK_THROWS_WITH(InputFile(folder.path()), has_text("is a folder"));
}

/// Rows that end where lines do.
class Lines final : public TextFormat {
 public:
  TextRows parse(std::string_view) const override { return {}; }
};

TEST_CASE("read_rows: wherever a file is cut, every line is read once and whole",
          "[data][input][libsvm]") {
  const tests::TemporaryFolder folder;
  const std::string text =
      GENERATE("a\nbb\n\nccc\nd", "\n\n\n", "long line without an end", "a\n", "", "x\r\nyy\r\n");
  const InputFile file(folder.write("lines.txt", text));
  std::string buffer;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      std::string joined;
      for (const auto& [begin, end] :
           {std::pair<std::size_t, std::size_t>{0, i}, {i, j}, {j, text.size()}}) {
        if (begin == end) continue;
        const std::string_view lines = read_rows(file, begin, end, false, false, Lines(), buffer);
        const std::size_t start = joined.size();
        CHECK((lines.empty() || start == 0 || text[start - 1] == '\n'));
        joined += lines;
      }
      CHECK(joined == text);
    }
  }
}

TEST_CASE("read_rows finds the end of a line far behind its range", "[data][input][libsvm]") {
  const tests::TemporaryFolder folder;
  const std::string text = "1\n" + std::string(200000, 'x') + "\n2\n";
  const InputFile file(folder.write("long.txt", text));
  std::string buffer;
  CHECK(read_rows(file, 1, 3, false, false, Lines(), buffer) ==
        std::string_view(text).substr(2, 200001));
  CHECK(read_rows(file, 3, 100000, false, false, Lines(), buffer).empty());
}
