#include "core/problems.hpp"

#include "tests/catch.hpp"

namespace lockstep {
namespace {

Locations some_locations() {
  Locations locations;
  locations.file = "a.textproto";
  locations.lines = {
      {"seed", {2, 1}}, {"stage[1].network", {5, 3}}, {"stage[1].network.layer[0]", {6, 5}}};
  return locations;
}

TEST_CASE("Locations::find gives the field's place, or the nearest message around it",
          "[core][problems]") {
  const auto locations = some_locations();
  CHECK(to_string(locations.find("seed")) == "a.textproto:2:1: seed");
  CHECK(to_string(locations.find("stage[1].network.epochs")) ==
        "a.textproto:5:3: stage[1].network.epochs");
  CHECK(to_string(locations.find("stage[1].network.layer[0].dense.units")) ==
        "a.textproto:6:5: stage[1].network.layer[0].dense.units");
  CHECK(to_string(locations.find("stage[0].image_feature")) ==
        "a.textproto: stage[0].image_feature");
}

TEST_CASE("Locations::locate fills in the place of an error that names a field only",
          "[core][problems]") {
  const auto locations = some_locations();
  const Error found = locations.locate(ConfigError("bad", {.field = "seed", .rank = 3}, "do this"));
  CHECK(found.where().line == 2);
  CHECK(found.where().rank == 3);
  CHECK(found.advice() == "do this");
  CHECK(found.exit_code() == ExitCode::Config);
  CHECK(locations.locate(DataError("bad", {.file = "rows.csv", .field = "seed"})).where().line ==
        -1);
  CHECK(locations.locate(DataError("bad")).where().file.empty());
}

TEST_CASE("Problems: none is no error, one keeps its place and advice", "[core][problems]") {
  Problems problems;
  problems.require(true, "seed", "not said");
  CHECK(problems.empty());
  CHECK_NOTHROW(problems.throw_if_any(some_locations()));
  problems.require(false, "seed", "too small", "try 7");
  try {
    problems.throw_if_any(some_locations());
    FAIL("one problem was not thrown");
  } catch (const ConfigError& error) {
    CHECK(describe(error) == "error: too small\n   at: a.textproto:2:1: seed\n hint: try 7");
  }
}

TEST_CASE("Problems are listed together in the order of the file", "[core][problems]") {
  Problems problems;
  problems.add("stage[1].network.layer[0].dense", "third");
  problems.add_at({.line = 2, .column = 9}, "second", "advice");
  problems.add("seed", "first");
  CHECK_THROWS_WITH(problems.throw_if_any(some_locations()),
                    "a.textproto has 3 errors\n"
                    "  a.textproto:2:1: seed: first\n"
                    "  a.textproto:2:9: second (advice)\n"
                    "  a.textproto:6:5: stage[1].network.layer[0].dense: third");
}

}  // namespace
}  // namespace lockstep
