#include <fstream>

#include "core/error.hpp"
#include "core/files.hpp"
#include "data/sources/input_files.hpp"
#include "data/storage/batch_store.hpp"
#include "data/storage/partition_file.hpp"
#include "data/storage/partition_packs.hpp"
#include "tests/catch.hpp"
#include "tests/data/temporary_folder.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

/// Row r: number r + 0.5, text "row r" (missing where r % 4 == 3), r % 3 sparse entries.
void put_row(PackedRows& rows, std::uint32_t r) {
  rows.number(r + 0.5);
  r % 4 == 3 ? rows.missing_text() : rows.text("row " + std::to_string(r));
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < r % 3; ++i) indices.push_back(i * 2);
  rows.sparse(indices, std::vector<double>(indices.size(), r + 0.25));
  rows.end_row();
}

RowFormat format() {
  RowFormat format;
  format.cells = {{"number", {ColumnType::Kind::Number}, Encoding::Number},
                  {"text", {ColumnType::Kind::String}, Encoding::Text},
                  {"vector", vector_type(5), Encoding::Sparse}};
  return format;
}

/// A partition with a column of every kind.
Partition every_kind() {
  Partition partition;
  partition.index = 7;
  partition.row_ids = {3, 1, 2};
  partition.set("number", Numbers{{1.5, kMissing, std::numeric_limits<double>::quiet_NaN()}});
  StringsBuilder strings;
  strings.push(std::string_view("a"));
  strings.push_missing();
  strings.push(std::string_view());
  partition.set("string", std::move(strings).finish());
  TokensBuilder tokens;
  tokens.push("x");
  tokens.push("yy");
  tokens.end_row();
  tokens.end_row();
  tokens.push("z");
  tokens.end_row();
  partition.set("tokens", std::move(tokens).finish());
  partition.set("sparse", SparseVectors{4, {0, 1, 1, 3}, {2, 0, 3}, {0.5, 1, 2}});
  partition.set("dense", DenseVectors{2, {1, 2, 3, 4, 5, 6}});
  partition.set("image", Images{{1, 1, 2}, {1, 2, 3, 4, 5, 6}});
  return partition;
}

}  // namespace

TEST_CASE(
    "PartitionPacks gives rows back in the order of their slots, however little memory it has",
    "[data][storage]") {
  const std::uint64_t limit = GENERATE(0, 1, 100, 1000000);
  PackedRows rows;
  for (std::uint32_t r = 0; r < 50; ++r) put_row(rows, r);
  PartitionPacks packs(2, limit, "/tmp");
  for (std::uint32_t r = 50; r-- > 0;) {  // odd rows to partition 1, the last ones first
    std::string piece;
    PartitionPacks::put_row(piece, r / 2, rows.row(r));
    packs.add(r % 2, piece);
  }
  for (std::size_t p = 0; p < 2; ++p) {
    const auto columns = packs.unpack(p, format(), 25);
    const auto& numbers = std::get<Numbers>(columns.at("number")).values;
    const auto& texts = std::get<Strings>(columns.at("text"));
    const auto& vectors = std::get<SparseVectors>(columns.at("vector"));
    REQUIRE(numbers.size() == 25);
    CHECK(vectors.width == 5);
    for (std::size_t i = 0; i < 25; ++i) {
      const std::size_t r = 2 * i + p;
      CHECK(numbers[i] == static_cast<double>(r) + 0.5);
      CHECK(texts.is_missing(i) == (r % 4 == 3));
      if (r % 4 != 3) CHECK(texts.text(i) == "row " + std::to_string(r));
      CHECK(vectors.begin[i + 1] - vectors.begin[i] == r % 3);
    }
  }
}

TEST_CASE("BatchStore gives batches back as they were, from memory and from disk",
          "[data][storage]") {
  const std::uint64_t limit = GENERATE(0, 1, 300);
  BatchStore store(limit);
  for (std::uint32_t b = 0; b < 5; ++b) {
    PackedRows rows;
    for (std::uint32_t r = 0; r < b; ++r) put_row(rows, 10 * b + r);
    store.push(std::move(rows));
  }
  CHECK(store.rows() == 10);
  REQUIRE(store.batches() == 4);  // an empty one is none
  for (std::uint32_t b = 1; b < 5; ++b) {
    CHECK(store.rows_of_batch(b - 1) == b);
    const PackedRows rows = store.take(b - 1);
    PackedRows expected;
    for (std::uint32_t r = 0; r < b; ++r) put_row(expected, 10 * b + r);
    REQUIRE(rows.rows() == b);
    for (std::size_t r = 0; r < b; ++r) CHECK(rows.row(r) == expected.row(r));
  }
}

TEST_CASE("a mapped partition has the columns that were written, bit for bit", "[data][storage]") {
  const tests::TemporaryFolder folder;
  const std::string path = folder.path() + "/part";
  const Partition partition = every_kind();
  write_partition(path, partition);
  verify_partition(path);
  const Partition mapped = map_partition(path);
  CHECK(mapped.index == 7);
  CHECK(mapped.row_ids == partition.row_ids);
  CHECK(to_file_bytes(mapped) == to_file_bytes(partition));
  CHECK(is_missing(mapped.get<Numbers>("number").values[1]));
  CHECK_FALSE(is_missing(mapped.get<Numbers>("number").values[2]));
  CHECK(mapped.get<Strings>("string").is_missing(1));
  CHECK(mapped.get<Tokens>("tokens").count(0) == 2);
  mapped.release();
  CHECK(mapped.get<DenseVectors>("dense").values[5] == 6);  // read again
  Partition copy = mapped;
  move_to_disk(copy, folder.path());
  CHECK(to_file_bytes(copy) == to_file_bytes(partition));
  CHECK(real_files().list(folder.path()) == std::vector<std::string>{"part"});
}

TEST_CASE("a partition file is written in pieces, small arrays and large ones", "[data][storage]") {
  const tests::TemporaryFolder folder;
  Partition partition = every_kind();
  std::vector<double> large(300'000);  // 2.4 MB
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<double>(i);
  partition.set("late", Numbers{{1, 2, 3}});
  partition.set("large", DenseVectors{100'000, std::move(large)});
  const std::string path = folder.path() + "/part";
  write_partition(path, partition);
  CHECK(real_files().read(path) == to_file_bytes(partition));
  verify_partition(path);
  CHECK(map_partition(path).get<DenseVectors>("large").values[299'999] == 299'999);
  write_partition(path, every_kind());  // in place of a longer one
  CHECK(real_files().read(path) == to_file_bytes(every_kind()));
}

TEST_CASE("a partition file that was cut, changed or is another's is noticed", "[data][storage]") {
  const tests::TemporaryFolder folder;
  const std::string whole = to_file_bytes(every_kind());
  for (std::size_t size = 0; size < whole.size(); size += 37) {
    const std::string path = folder.write("cut", whole.substr(0, size));
    CHECK_THROWS_AS(verify_partition(path), FileError);
    CHECK_THROWS_AS(map_partition(path), FileError);
  }
  for (std::size_t at = 0; at < whole.size(); at += 11) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    const std::string path = folder.write("changed", changed);
    bool padding = false;  // between the arrays: nobody reads it, nobody needs it
    try {
      verify_partition(path);
      padding = true;
    } catch (const FileError&) {
    }
    if (padding) CHECK(to_file_bytes(map_partition(path)) == whole);
  }
  CHECK_THROWS_AS(map_partition(folder.path() + "/none"), FileError);
}

TEST_CASE("list_files: files, folders and patterns, in the order of names", "[data][storage]") {
  const tests::TemporaryFolder folder;
  for (const std::string name : {"b.csv", "a.csv", "c.txt", ".hidden", "_meta"})
    folder.write(name, "x");
  const auto names = [&](const std::vector<std::string>& paths) {
    std::vector<std::string> found;
    for (const auto& file : list_files(paths))
      found.push_back(file.path.substr(folder.path().size() + 1));
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names({folder.path()}) == Names{"a.csv", "b.csv", "c.txt"});
  CHECK(names({folder.path() + "/*.csv"}) == Names{"a.csv", "b.csv"});
  CHECK(names({folder.path() + "/c.txt", folder.path() + "/[ab].csv"}) ==
        Names{"c.txt", "a.csv", "b.csv"});
  CHECK_THROWS_WITH(names({folder.path() + "/*.tsv"}), has_text("no file matches"));
  CHECK_THROWS_AS(names({folder.path() + "/none"}), FileError);
  CHECK(name_of({"a"}) == "a");
  CHECK(name_of({"a", "b", "c"}) == "a and 2 more");
}
