#include "data/storage/packed_rows.hpp"

#include <bit>
#include <limits>

#include "tests/catch.hpp"

using namespace lockstep;
using namespace lockstep::data;
using Kind = ColumnType::Kind;

namespace {

std::map<std::string, Column> unpacked(const RowFormat& format, const PackedRows& rows) {
  return unpack(format, rows.rows(), [&](std::size_t i) { return rows.row(i); });
}

struct SparseRow {
  std::vector<std::uint32_t> indices;
  std::vector<double> values;
  bool operator==(const SparseRow&) const = default;
};

SparseRow row_of(const SparseVectors& rows, std::size_t i) {
  const auto begin = rows.begin[i], count = rows.begin[i + 1] - begin;
  const auto indices = rows.indices.span().subspan(begin, count);
  const auto values = rows.values.span().subspan(begin, count);
  return {{indices.begin(), indices.end()}, {values.begin(), values.end()}};
}

const RowFormat kAll{{{"n", {Kind::Number}, Encoding::Number},
                      {"m", {Kind::Number}, Encoding::Number},
                      {"text", {Kind::String}, Encoding::Text},
                      {"tokens", {Kind::Tokens}, Encoding::Tokens},
                      {"sparse", {Kind::Vector, {10}}, Encoding::Sparse},
                      {"last", {Kind::Number}, Encoding::Number},
                      {"bytes", {Kind::Vector, {3}}, Encoding::Bytes},
                      {"dense", {Kind::Vector, {2}}, Encoding::Dense},
                      {"image", {Kind::Image, {1, 1, 2}}, Encoding::Floats}}};

PackedRows two_rows() {
  PackedRows rows;
  for (const int i : {0, 1}) {
    rows.number(i);
    rows.number(i == 0 ? kMissing : 0.1);
    i == 0 ? rows.missing_text() : rows.text("ä,b");
    rows.count(i == 0 ? 0 : 3);
    if (i == 1) {
      for (const char* token : {"x", "", "long"}) rows.token(token);
    }
    i == 0 ? rows.sparse({}, {})
           : rows.sparse(std::vector<std::uint32_t>{2, 9}, std::vector<double>{-1, 0.5});
    rows.number(-i);
    rows.bytes(i == 0 ? std::string_view("\x00\x7f\xff", 3) : "abc");
    rows.raw(std::span<const double>(std::vector<double>{0.25 + i, 1e300}));
    rows.raw(std::span<const float>(std::vector<float>{0.5F, 1.5F + static_cast<float>(i)}));
    rows.end_row();
  }
  return rows;
}

}  // namespace

TEST_CASE("packed sparse rows come back as they were", "[data][packed_rows]") {
  const std::vector<SparseRow> rows{{{}, {}},
                                    {{0}, {1}},
                                    {{3, 4, 200, 70000, 4294967294}, {1, 1, 1, 1, 1}},
                                    {{0, 1, 2}, {0, 17, 255}},
                                    {{5, 7}, {256, 1}},
                                    {{5, 7}, {-1, 1}},
                                    {{5, 128, 129}, {0.1, 1e300, -3}}};
  PackedRows packed;
  for (const SparseRow& row : rows) {
    packed.sparse(row.indices, row.values);
    packed.end_row();
  }
  packed.shrink();
  REQUIRE(packed.rows() == rows.size());
  const RowFormat format{{{"x", {Kind::Vector, {4294967295}}, Encoding::Sparse}}};
  const auto columns = unpacked(format, packed);
  const auto& x = std::get<SparseVectors>(columns.at("x"));
  CHECK(x.width == 4294967295);
  REQUIRE(x.rows() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(row_of(x, i) == rows[i]);
}

TEST_CASE("a packed pixel takes two bytes, an entry of ones one", "[data][packed_rows]") {
  PackedRows packed;
  packed.sparse(std::vector<std::uint32_t>{10, 11, 12}, std::vector<double>{255, 7, 1});
  packed.end_row();
  packed.sparse(std::vector<std::uint32_t>{10, 11, 12}, std::vector<double>{1, 1, 1});
  packed.end_row();
  CHECK(packed.row(0).size() == 1 + 3 * 2);
  CHECK(packed.row(1).size() == 1 + 3);
}

TEST_CASE("cells of every encoding come back, numbers bit by bit", "[data][packed_rows]") {
  const auto columns = unpacked(kAll, two_rows());
  const auto numbers = [&](const char* name) { return std::get<Numbers>(columns.at(name)).values; };
  CHECK(numbers("n") == Values<double>{0, 1});
  CHECK(is_missing(numbers("m")[0]));
  CHECK(numbers("m")[1] == 0.1);
  CHECK(numbers("last") == Values<double>{0, -1});
  const auto& text = std::get<Strings>(columns.at("text"));
  CHECK(text.at(0) == std::nullopt);
  CHECK(text.at(1) == "ä,b");
  const auto& tokens = std::get<Tokens>(columns.at("tokens"));
  REQUIRE(tokens.rows() == 2);
  CHECK(tokens.count(0) == 0);
  REQUIRE(tokens.count(1) == 3);
  CHECK(tokens.token(0) == "x");
  CHECK(tokens.token(1).empty());
  CHECK(tokens.token(2) == "long");
  CHECK(row_of(std::get<SparseVectors>(columns.at("sparse")), 1) == SparseRow{{2, 9}, {-1, 0.5}});
  CHECK(std::get<DenseVectors>(columns.at("bytes")).values ==
        Values<double>{0, 127, 255, 97, 98, 99});
  CHECK(std::get<DenseVectors>(columns.at("dense")).values ==
        Values<double>{0.25, 1e300, 1.25, 1e300});
  CHECK(std::get<Images>(columns.at("image")).values == Values<float>{0.5F, 1.5F, 0.5F, 2.5F});
}

TEST_CASE("a string column without missing texts has no marks", "[data][packed_rows]") {
  PackedRows rows;
  for (const char* text : {"", "b"}) {
    rows.text(text);
    rows.end_row();
  }
  const auto columns = unpacked({{{"s", {Kind::String}, Encoding::Text}}}, rows);
  const auto& strings = std::get<Strings>(columns.at("s"));
  CHECK(strings.missing.empty());
  CHECK(strings.at(0) == "");
}

TEST_CASE("long texts and many columns are no exception", "[data][packed_rows]") {
  const std::string text(300000, 'x');
  PackedRows rows;
  RowFormat format;
  for (int c = 0; c < 3000; ++c) {
    format.cells.push_back({"c" + std::to_string(c), {Kind::Number}, Encoding::Number});
    rows.number(c);
  }
  format.cells.push_back({"s", {Kind::String}, Encoding::Text});
  rows.text(text);
  rows.end_row();
  const auto columns = unpacked(format, rows);
  CHECK(std::get<Numbers>(columns.at("c2999")).values[0] == 2999);
  CHECK(std::get<Strings>(columns.at("s")).text(0) == text);
}

TEST_CASE("bytes may be a number or an image, floats a vector", "[data][packed_rows]") {
  PackedRows rows;
  rows.bytes("\x07");
  rows.bytes("\x01\x02");
  rows.raw(std::span<const float>(std::vector<float>{0.5F}));
  rows.end_row();
  const auto columns = unpacked({{{"label", {Kind::Number}, Encoding::Bytes},
                                  {"image", {Kind::Image, {1, 1, 2}}, Encoding::Bytes},
                                  {"x", {Kind::Vector, {1}}, Encoding::Floats}}},
                                rows);
  CHECK(std::get<Numbers>(columns.at("label")).values == Values<double>{7});
  CHECK(std::get<Images>(columns.at("image")).values == Values<float>{1, 2});
  CHECK(std::get<DenseVectors>(columns.at("x")).values == Values<double>{0.5});
}

TEST_CASE("a row that is dropped leaves nothing", "[data][packed_rows]") {
  PackedRows rows;
  rows.text("gone");
  rows.drop_row();
  rows.text("a");
  rows.end_row();
  rows.text("gone too");
  rows.drop_row();
  rows.packed(std::string(rows.row(0)));
  const auto columns = unpacked({{{"s", {Kind::String}, Encoding::Text}}}, rows);
  const auto& strings = std::get<Strings>(columns.at("s"));
  REQUIRE(strings.rows() == 2);
  CHECK(strings.text(0) == "a");
  CHECK(strings.text(1) == "a");
}

TEST_CASE("no rows give empty columns", "[data][packed_rows]") {
  const auto columns = unpacked(kAll, PackedRows());
  CHECK(columns.size() == kAll.cells.size());
  for (const auto& [name, column] : columns) CHECK(rows_of(column) == 0);
}

TEST_CASE("a row that is not of the format is a bug, not a crash", "[data][packed_rows]") {
  PackedRows rows;
  rows.number(1);
  rows.number(2);
  rows.end_row();
  CHECK_THROWS_WITH(unpacked({{{"n", {Kind::Number}, Encoding::Number}}}, rows),
                    has_text("cells of its format"));
}

TEST_CASE("columns can be packed again, any rows in any order", "[data][packed_rows]") {
  RowFormat as_dense = kAll;
  as_dense.cells[6].encoding = Encoding::Dense;
  Partition partition;
  partition.row_ids = Values<std::uint64_t>{0, 1};
  partition.columns = unpacked(kAll, two_rows());
  const RowFormat format = format_of(kAll.schema(), partition);
  REQUIRE(format.cells.size() == kAll.cells.size());
  for (std::size_t c = 0; c < format.cells.size(); ++c) {
    CHECK(format.cells[c].name == kAll.cells[c].name);
    CHECK(format.cells[c].encoding == as_dense.cells[c].encoding);
  }
  PackedRows packed;
  for (const std::size_t row : {1, 0, 1}) pack(format, partition, row, packed);
  const auto columns = unpacked(format, packed);
  CHECK(std::get<Numbers>(columns.at("n")).values == Values<double>{1, 0, 1});
  CHECK(is_missing(std::get<Numbers>(columns.at("m")).values[1]));
  CHECK(std::get<Strings>(columns.at("text")).at(2) == "ä,b");
  CHECK(std::get<Strings>(columns.at("text")).at(1) == std::nullopt);
  CHECK(std::get<Tokens>(columns.at("tokens")).count(2) == 3);
  CHECK(row_of(std::get<SparseVectors>(columns.at("sparse")), 2) == SparseRow{{2, 9}, {-1, 0.5}});
  CHECK(std::get<DenseVectors>(columns.at("bytes")).values ==
        Values<double>{97, 98, 99, 0, 127, 255, 97, 98, 99});
  CHECK(std::get<Images>(columns.at("image")).values ==
        Values<float>{0.5F, 2.5F, 0.5F, 1.5F, 0.5F, 2.5F});
}
