#include "data/sources/idx.hpp"

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/data/packing.hpp"
#include "tests/data/temporary_folder.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {
const std::string kImages("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03", 16);
const std::string kLabels("\0\0\x08\x01\0\0\0\x02", 8);
}  // namespace

TEST_CASE("idx: the header tells rows and width", "[data][idx]") {
  const IdxHeader images = parse_idx_header(kImages, "x");
  CHECK(images.dims == std::vector<std::uint64_t>{2, 1, 3});
  CHECK(images.bytes == 16);
  CHECK(images.rows() == 2);
  CHECK(images.width() == 3);
  const IdxHeader labels = parse_idx_header(kLabels, "x");
  CHECK(labels.rows() == 2);
  CHECK(labels.width() == 1);
}

TEST_CASE("idx: other magic numbers, other types and short files are errors", "[data][idx]") {
  CHECK_THROWS_AS(parse_idx_header(std::string("\0\0\x0d\x03", 4), "x"), DataError);
  CHECK_THROWS_AS(parse_idx_header(std::string("1 1:1"), "x"), DataError);
  CHECK_THROWS_WITH(parse_idx_header(std::string("\0\0\x0d\x03", 4), "x"), has_text("00 00 0d 03"));
  CHECK_THROWS_AS(parse_idx_header(std::string("\0\0", 2), "x"), FileError);
  CHECK_THROWS_AS(parse_idx_header(kImages.substr(0, 15), "x"), FileError);
  CHECK_THROWS_AS(parse_idx_header(std::string("\0\0\x08\x03", 4) + std::string(12, '\xff'), "x"),
                  DataError);
}

TEST_CASE("idx: files are recognised, packed or not, and labels found beside them", "[data][idx]") {
  const tests::TemporaryFolder folder;
  const std::string images =
      folder.write("train-images-idx3-ubyte.xz", tests::packed(kImages + "abcdef", ".xz"));
  CHECK(is_idx(images));
  CHECK(labels_beside(images).empty());
  const std::string labels =
      folder.write("train-labels-idx1-ubyte.gz", tests::packed(kLabels + "ab", ".gz"));
  CHECK(labels_beside(images) == labels);
  const std::string same =
      folder.write("train-labels-idx1-ubyte.xz", tests::packed(kLabels + "ab", ".xz"));
  CHECK(labels_beside(images) == same);
  CHECK(labels_beside(folder.write("pixels", kImages)).empty());

  const proto::Source guessed = guess_source(images);
  CHECK(guessed.idx().images() == images);
  CHECK(guessed.idx().labels() == same);
  const std::string text = folder.write("rows.txt", "1 1:1\n");
  CHECK_FALSE(is_idx(text));
  CHECK(guess_source(text).libsvm().path(0) == text);
}

TEST_CASE("with_path keeps what the config says about the file", "[data][dataset]") {
  proto::Source source;
  source.mutable_libsvm()->add_path("a");
  source.mutable_libsvm()->set_num_features(7);
  const proto::Source other = with_path(source, "b");
  CHECK(other.libsvm().path(0) == "b");
  CHECK(other.libsvm().num_features() == 7);
  proto::Source idx;
  idx.mutable_idx()->set_images("images");
  idx.mutable_idx()->set_labels("labels");
  CHECK(with_path(idx, "no-such-file").idx().images() == "no-such-file");
  CHECK_FALSE(with_path(idx, "no-such-file").idx().has_labels());
}
