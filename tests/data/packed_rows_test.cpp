#include "data/packed_rows.hpp"

#include "tests/catch.hpp"

using namespace lockstep::data;

namespace {
struct SparseRow {
  std::vector<std::uint32_t> indices;
  std::vector<double> values;
  bool operator==(const SparseRow&) const = default;
};
SparseRow unpacked(std::string_view row) {
  SparseRow result{std::vector<std::uint32_t>(packed_entries(row)),
                   std::vector<double>(packed_entries(row))};
  unpack(row, result.indices.data(), result.values.data());
  return result;
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
  for (const SparseRow& row : rows) packed.push(row.indices, row.values);
  packed.shrink();
  REQUIRE(packed.rows() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(unpacked(packed.row(i)) == rows[i]);
}

TEST_CASE("a packed pixel takes two bytes", "[data][packed_rows]") {
  PackedRows packed;
  packed.push(std::vector<std::uint32_t>{10, 11, 12}, std::vector<double>{255, 7, 1});
  CHECK(packed.row(0).size() == 1 + 3 * 2);
}

TEST_CASE("dense rows are kept byte by byte", "[data][packed_rows]") {
  PackedRows packed;
  packed.push(std::string_view("ab"));
  packed.push(std::string_view("\0c", 2));
  CHECK(packed.row(1) == std::string_view("\0c", 2));
}
