#include "apps/tables.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

TEST_CASE("a table has columns as wide as they need, numbers to the right", "[apps][tables]") {
  CHECK(table({"name", "count"}, {{"a", "7"}, {"longer", "1,234"}}) ==
        "  name    count\n"
        "  ------  -----\n"
        "  a           7\n"
        "  longer  1,234\n");
  CHECK(table({"a"}, {}) == "  a\n  -\n");
}

TEST_CASE("metrics are a line each, a matrix is a grid with the names of the classes",
          "[apps][tables]") {
  const Json metrics{{"rows", 3},
                     {"accuracy", 0.5},
                     {"classes", {"cat", "dog"}},
                     {"confusion_matrix", {{1, 0}, {1, 1}}}};
  CHECK(metrics_text(metrics) ==
        "  rows                 3\n"
        "  accuracy             0.5\n"
        "  confusion_matrix\n"
        "  true \\ predicted  cat  dog\n"
        "  ----------------  ---  ---\n"
        "  cat                 1    0\n"
        "  dog                 1    1\n");
}

TEST_CASE("a description is its tables, then its facts, then advice", "[apps][tables]") {
  const Json description{{"loss", "mean_squared_error"},
                         {"parameters", 12345},
                         {"memory_bytes_per_rank", 2500000},
                         {"layers", {{{"name", "dense_0"}, {"parameters", 30}}}},
                         {"advice", {"lower lane_size"}}};
  const std::string text = description_text(description);
  CHECK(text.find("name     parameters") != std::string::npos);
  CHECK(text.find("dense_0") < text.find("mean_squared_error"));
  CHECK(text.find("12,345") != std::string::npos);
  CHECK(text.find("2.5 MB") != std::string::npos);
  CHECK(text.find("advice: lower lane_size") != std::string::npos);
}

TEST_CASE("bytes and counts for people", "[apps][tables]") {
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1500) == "1.5 kB");
  CHECK(bytes_text(2.25e9) == "2.2 GB");
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1234567) == "1,234,567");
}

TEST_CASE("split: a separator at the end only ends the last piece", "[apps][tables]") {
  CHECK(split("a,b", ',') == std::vector<std::string>{"a", "b"});
  CHECK(split("a,,b,", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',').empty());
}

}  // namespace
}  // namespace lockstep::apps
