#include "core/error.hpp"

#include <new>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

TEST_CASE("describe tells what, where, what to do, and which rank", "[core][error]") {
  const DataError error("label 7 is bad",
                        {.file = "a.csv", .line = 3, .column = 5, .field = "label"}, "fix it");
  CHECK(describe(error) == "error: label 7 is bad\n   at: a.csv:3:5: label\n hint: fix it");
  CHECK(describe(error, 2) ==
        "error: label 7 is bad\n   at: a.csv:3:5: label\n hint: fix it\n rank: 2");
}

TEST_CASE("describe leaves out what is not known", "[core][error]") {
  CHECK(describe(FileError("gone")) == "error: gone");
  CHECK(describe(FileError("gone", {.rank = 4})) == "error: gone\n rank: 4");
  CHECK(describe(FileError("gone", {.rank = 4}), 1) == "error: gone\n rank: 1");
  CHECK(describe(std::runtime_error("foreign")) == "error: foreign");
  CHECK(describe(std::bad_alloc()) == "error: out of memory");
}

TEST_CASE("to_string gives as much of a place as is known", "[core][error]") {
  CHECK(to_string(Where{}).empty());
  CHECK(to_string(Where{.file = "a"}) == "a");
  CHECK(to_string(Where{.file = "a", .line = 2}) == "a:2");
  CHECK(to_string(Where{.field = "x.y"}) == "x.y");
  CHECK(to_string(Where{.file = "a", .line = 1, .column = 9, .field = "x", .partition = 6}) ==
        "a:1:9: x, partition 6");
  CHECK(to_string(Where{.partition = 0, .rank = 3}) == "partition 0");
}

TEST_CASE("exit_code_of keeps the promise to batch scripts", "[core][error]") {
  const auto code = [](const std::exception& error) {
    return static_cast<int>(exit_code_of(error));
  };
  CHECK(code(InternalError("x")) == 1);
  CHECK(code(ConfigError("x")) == 2);
  CHECK(code(DataError("x")) == 3);
  CHECK(code(FileError("x")) == 4);
  CHECK(code(NumericError("x")) == 5);
  CHECK(code(CommunicationError("x")) == 6);
  CHECK(code(AgreedError("x", {}, "", ExitCode::Stopped)) == 75);
  CHECK(code(std::runtime_error("x")) == 1);
  CHECK(code(std::bad_alloc()) == 1);
}

TEST_CASE("expects is silent while the promise holds", "[core][error]") {
  CHECK_NOTHROW(expects(true, "one is one"));
  CHECK_THROWS_WITH(expects(false, "one is one"), "broken promise: one is one");
  CHECK_THROWS_AS(expects(false, ""), InternalError);
}

}  // namespace
}  // namespace lockstep
