// Stages that change the columns of a table or their values: select_columns, drop_columns, rename,
// fill_nulls, replace, clip, cast, arithmetic, weight_by_class.
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "data/features/catalogue.hpp"
#include "tests/data/features/stage_rig.hpp"

namespace lockstep::data {
namespace {

using Doubles = std::vector<double>;
using Texts = std::vector<std::string>;
using Format = ColumnType::Format;

const double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

// Bits, so that NaN equals NaN and missing is told from it.
std::vector<std::uint64_t> bits(const Doubles& values) {
  std::vector<std::uint64_t> all;
  for (const double v : values)
    all.push_back(std::isnan(v) && !is_missing(v) ? 1 : std::bit_cast<std::uint64_t>(v));
  return all;
}

struct Result {
  Dataset rows;
  std::uint64_t effect = 0, missing = 0;
  Doubles numbers(const std::string& name) const { return rig::numbers(rows, name); }
  Texts strings(const std::string& name) const { return rig::strings(rows, name); }
  ColumnType type(const std::string& name) const { return rows.schema.at(name, ""); }
};

Result run(const std::string& config, const std::vector<rig::TableColumn>& columns,
           std::size_t partitions = 1, Phase phase = Phase::Training) {
  Result result;
  result.rows =
      rig::apply(config, rig::table(columns, partitions), phase, &result.effect, &result.missing);
  return result;
}

// The field that a ConfigError of the stage itself, or of its schema, names.
std::string refused(const std::string& config,
                    const std::vector<rig::TableColumn>& columns = {rig::numbers("x", {1}),
                                                                    rig::strings("s", {"a"})}) {
  try {
    make_feature_stage(rig::stage(config), "stage[0]")->output_schema(rig::table(columns).schema);
  } catch (const ConfigError& error) {
    return error.where().field;
  }
  return "nothing";
}

rig::TableColumn category(const std::string& name, Doubles values) {
  auto column = rig::numbers(name, std::move(values));
  column.type.features = std::make_shared<const std::vector<Feature>>(
      1, Feature{name, Feature::Kind::Nominal, 2, {"no", "yes"}});
  return column;
}

TEST_CASE("select_columns keeps columns in the order given", "[cleaning]") {
  const std::vector<rig::TableColumn> columns{rig::numbers("a", {1}), rig::numbers("b", {2}),
                                              category("c", {1})};
  const auto result = run("select_columns { columns: ['c', 'a'] }", columns);
  CHECK(result.rows.schema.names() == Texts{"c", "a"});
  CHECK(result.rows.own[0].columns.size() == 2);
  CHECK(result.type("c").features->front().labels == Texts{"no", "yes"});
  CHECK(refused("select_columns {}") == "stage[0].select_columns.columns");
  CHECK(refused("select_columns { columns: 'y' }") == "stage[0].select_columns.columns[0]");
  CHECK(refused("select_columns { columns: ['x', 'x'] }") == "stage[0].select_columns.columns[1]");
}

TEST_CASE("drop_columns forgets columns", "[cleaning]") {
  const std::vector<rig::TableColumn> columns{rig::numbers("a", {1}), rig::numbers("b", {2}),
                                              rig::numbers("c", {3})};
  const auto result = run("drop_columns { columns: ['c', 'a'] }", columns);
  CHECK(result.rows.schema.names() == Texts{"b"});
  CHECK(result.rows.own[0].columns.size() == 1);
  CHECK(refused("drop_columns {}") == "stage[0].drop_columns.columns");
  CHECK(refused("drop_columns { columns: ['x', 'y'] }") == "stage[0].drop_columns.columns[1]");
}

TEST_CASE("rename keeps place, values and type", "[cleaning]") {
  const auto result =
      run("rename { column: 'a' to: 'z' }", {category("a", {1, 0}), rig::numbers("b", {2, 3})}, 2);
  CHECK(result.rows.schema.names() == Texts{"z", "b"});
  CHECK(result.numbers("z") == Doubles{1, 0});
  CHECK(result.rows.own[0].columns.count("a") == 0);
  CHECK(result.type("z").features->front() ==
        Feature{"z", Feature::Kind::Nominal, 2, {"no", "yes"}});
  CHECK(refused("rename { column: 'x' to: 's' }") == "stage[0].rename.to");
  CHECK(refused("rename { column: 'y' to: 'z' }") == "stage[0].rename.column");
  CHECK(refused("rename { column: 'x' to: '' }") == "stage[0].rename.to");
}

TEST_CASE("fill_nulls fills missing numbers, NaN and strings", "[cleaning]") {
  const std::vector<rig::TableColumn> columns{rig::numbers("x", {1, kMissing, kNaN, 4}),
                                              rig::numbers("y", {kMissing, kMissing, 3, 4}),
                                              rig::strings("s", {"a", "", nullptr, "d"})};
  const auto both = run("fill_nulls { number: -1 text: 'none' }", columns, 2);
  CHECK(both.numbers("x") == Doubles{1, -1, -1, 4});
  CHECK(both.numbers("y") == Doubles{-1, -1, 3, 4});
  CHECK(both.strings("s") == Texts{"a", "", "none", "d"});
  CHECK(both.effect == 3);  // rows, not cells
  const auto one = run("fill_nulls { number: 0 columns: 'y' }", columns);
  CHECK(bits(one.numbers("x")) == bits({1, kMissing, kNaN, 4}));
  CHECK(one.numbers("y") == Doubles{0, 0, 3, 4});
  CHECK(one.strings("s")[2] == "<missing>");
  CHECK(one.effect == 2);
  CHECK(run("fill_nulls { text: 'none' }", columns, 1, Phase::Scoring).effect == 1);
}

TEST_CASE("fill_nulls: a column stays one of integers or categories only if the value is one",
          "[cleaning]") {
  const auto whole = rig::numbers("x", {1, kMissing}, Format::Integer);
  CHECK(run("fill_nulls { number: 2 }", {whole}).type("x").format == Format::Integer);
  CHECK(run("fill_nulls { number: 2.5 }", {whole}).type("x").format == Format::Double);
  const auto flag = rig::numbers("x", {1, kMissing}, Format::Boolean);
  CHECK(run("fill_nulls { number: 0 }", {flag}).type("x").format == Format::Boolean);
  CHECK(run("fill_nulls { number: -1 }", {flag}).type("x").format == Format::Integer);
  const auto kind = [](const char* config) {
    return run(config, {category("x", {1, kMissing})}).type("x").features->front().kind;
  };
  CHECK(kind("fill_nulls { number: 0 }") == Feature::Kind::Nominal);
  CHECK(kind("fill_nulls { number: 2 }") == Feature::Kind::Numeric);
}

TEST_CASE("fill_nulls refuses values that do not fit", "[cleaning]") {
  CHECK(refused("fill_nulls {}") == "stage[0].fill_nulls");
  CHECK(refused("fill_nulls { number: nan }") == "stage[0].fill_nulls.number");
  CHECK(refused("fill_nulls { number: 1 columns: 's' }") == "stage[0].fill_nulls.columns[0]");
  CHECK(refused("fill_nulls { text: 'a' columns: 'x' }") == "stage[0].fill_nulls.columns[0]");
}

TEST_CASE("replace puts values in place of others, once", "[cleaning]") {
  const auto x = rig::numbers("x", {1, 2, 3, kMissing, kNaN});
  const auto result = run("replace { column: 'x' from: ['1', '2.0'] to: ['2', '1'] }", {x}, 2);
  CHECK(bits(result.numbers("x")) == bits({2, 1, 3, kMissing, kNaN}));
  CHECK(result.effect == 2);
  const auto gone = run("replace { column: 'x' from: ['nan', '3'] to_missing: true }", {x});
  CHECK(bits(gone.numbers("x")) == bits({1, 2, kMissing, kMissing, kMissing}));
  CHECK(gone.effect == 2);
  CHECK(run("replace { column: 'x' from: ['1', 'nan'] to: '0.5' }", {x}).numbers("x")[4] == 0.5);
}

TEST_CASE("replace in strings", "[cleaning]") {
  const auto s = rig::strings("s", {"n/a", "", nullptr, "b"});
  const auto gone = run("replace { column: 's' from: ['n/a', ''] to_missing: true }", {s});
  CHECK(gone.strings("s") == Texts{"<missing>", "<missing>", "<missing>", "b"});
  CHECK(gone.effect == 2);
  const auto renamed = run("replace { column: 's' from: ['b', 'n/a'] to: 'c' }", {s}, 2);
  CHECK(renamed.strings("s") == Texts{"c", "", "<missing>", "c"});
}

TEST_CASE("replace refuses lists that do not pair up", "[cleaning]") {
  CHECK(refused("replace { column: 'x' }") == "stage[0].replace.from");
  CHECK(refused("replace { column: 'x' from: '1' }") == "stage[0].replace.to");
  CHECK(refused("replace { column: 'x' from: '1' to: ['2', '3'] }") == "stage[0].replace.to");
  CHECK(refused("replace { column: 'x' from: '1' to: '2' to_missing: true }") ==
        "stage[0].replace");
  CHECK(refused("replace { column: 'x' from: ['1', '1'] to: '2' }") == "stage[0].replace.from[1]");
  CHECK(refused("replace { column: 'x' from: ['1', '1.0'] to: '2' }") ==
        "stage[0].replace.from[1]");
  CHECK(refused("replace { column: 'x' from: ['0', '-0'] to: '2' }") == "stage[0].replace.from[1]");
  CHECK(refused("replace { column: 'x' from: 'a' to: '2' }") == "stage[0].replace.from[0]");
  CHECK(refused("replace { column: 'x' from: '1' to: 'b' }") == "stage[0].replace.to[0]");
  CHECK(refused("replace { column: 's' from: '1' to: 'b' }") == "nothing");
}

TEST_CASE("clip cuts numbers to a range and leaves what is missing", "[cleaning]") {
  const auto x = rig::numbers("x", {-5, 0, 3, 10, kMissing, kNaN, kInfinity});
  const auto both = run("clip { column: 'x' min: 0 max: 3 }", {x}, 3);
  CHECK(bits(both.numbers("x")) == bits({0, 0, 3, 3, kMissing, kNaN, 3}));
  CHECK(both.effect == 3);
  CHECK(run("clip { column: 'x' min: -1 }", {x}).effect == 1);
  CHECK(run("clip { column: 'x' max: 3 }", {x}).numbers("x")[0] == -5);
  const auto whole = rig::numbers("x", {1}, Format::Integer);
  CHECK(run("clip { column: 'x' max: 3 }", {whole}).type("x").format == Format::Integer);
  CHECK(run("clip { column: 'x' max: 3.5 }", {whole}).type("x").format == Format::Double);
  CHECK(refused("clip { column: 'x' }") == "stage[0].clip");
  CHECK(refused("clip { column: 'x' min: 2 max: 1 }") == "stage[0].clip.min");
  CHECK(refused("clip { column: 'x' min: nan }") == "stage[0].clip");
  CHECK(refused("clip { column: 's' min: 1 }") == "stage[0].clip.column");
}

TEST_CASE("cast of strings to numbers", "[cleaning]") {
  const auto s = rig::strings("s", {"1.5", " -2e3 ", nullptr, "7"});
  const auto result = run("cast { column: 's' type: DOUBLE }", {s}, 2);
  CHECK(bits(result.numbers("s")) == bits({1.5, -2000, kMissing, 7}));
  CHECK(result.type("s").kind == ColumnType::Kind::Number);
  CHECK(result.effect == 3);
  CHECK(result.missing == 0);
  const auto whole = run("cast { column: 's' type: INTEGER }", {s});
  CHECK(bits(whole.numbers("s")) == bits({1, -2000, kMissing, 7}));
  CHECK(whole.type("s").format == Format::Integer);
}

TEST_CASE("cast names the row and the value it cannot read, or makes it missing", "[cleaning]") {
  const auto s = rig::strings("s", {"1", "x1", "", "12e", nullptr});
  CHECK_THROWS_WITH(run("cast { column: 's' type: DOUBLE }", {s}),
                    has_text("'x1'") && has_text("row 2 (counted from 1)"));
  const auto result = run("cast { column: 's' type: DOUBLE on_error: MISSING }", {s}, 2);
  CHECK(bits(result.numbers("s")) == bits({1, kMissing, kMissing, kMissing, kMissing}));
  CHECK(result.effect == 4);
  CHECK(result.missing == 3);
  try {
    run("cast { column: 's' type: DOUBLE }", {s});
  } catch (const DataError& error) {
    CHECK(error.where().field == "stage[0].cast.column");
  }
}

TEST_CASE("cast to integers goes towards zero and refuses what is not exact", "[cleaning]") {
  const auto x = rig::numbers("x", {2.9, -2.9, -0.5, kMissing, kNaN, kInfinity, 1e300});
  const auto result = run("cast { column: 'x' type: INTEGER on_error: MISSING }", {x});
  CHECK(bits(result.numbers("x")) == bits({2, -2, 0, kMissing, kMissing, kMissing, kMissing}));
  CHECK(result.effect == 6);
  CHECK(result.missing == 3);
  CHECK_THROWS_WITH(run("cast { column: 'x' type: INTEGER }", {x}), has_text("'NaN' in row 5"));
  const auto ids = rig::strings("s", {"9007199254740992", "9007199254740994"});
  CHECK_THROWS_WITH(run("cast { column: 's' type: INTEGER }", {ids}), has_text("2^53"));
}

TEST_CASE("cast to booleans", "[cleaning]") {
  const auto s = rig::strings("s", {"true", "T", "Yes", "y", "1", "FALSE", "f", "no", "N", "0"});
  const auto result = run("cast { column: 's' type: BOOLEAN }", {s});
  CHECK(result.numbers("s") == Doubles{1, 1, 1, 1, 1, 0, 0, 0, 0, 0});
  CHECK(result.type("s").format == Format::Boolean);
  CHECK_THROWS_WITH(run("cast { column: 's' type: BOOLEAN }", {rig::strings("s", {"maybe"})}),
                    has_text("'maybe'"));
  const auto x = run("cast { column: 'x' type: BOOLEAN on_error: MISSING }",
                     {rig::numbers("x", {0, -0.0, 2, -3, kMissing, kNaN})});
  CHECK(bits(x.numbers("x")) == bits({0, 0, 1, 1, kMissing, kMissing}));
  CHECK(x.effect == 5);
  CHECK(x.missing == 1);
}

TEST_CASE("cast to strings writes numbers in the way of their column", "[cleaning]") {
  const auto text = [](Format format) {
    return run("cast { column: 'x' type: STRING }", {rig::numbers("x", {1, 0, kMissing}, format)},
               2)
        .strings("x");
  };
  CHECK(text(Format::Double) == Texts{"1.0", "0.0", "<missing>"});
  CHECK(text(Format::Integer) == Texts{"1", "0", "<missing>"});
  CHECK(text(Format::Boolean) == Texts{"true", "false", "<missing>"});
  CHECK(
      run("cast { column: 's' type: STRING }", {rig::strings("s", {"a", nullptr})}).strings("s") ==
      Texts{"a", "<missing>"});
  // What is scored is written as the training rows were: the loaded stage knows.
  auto stage = rig::stage("cast { column: 'x' type: STRING from: INTEGER }");
  auto table = rig::table({rig::numbers("x", {3})});
  make_feature_stage(stage, "stage[0]")->transform(table.own[0], Phase::Scoring);
  CHECK(rig::strings(table, "x") == Texts{"3"});
}

TEST_CASE("cast to numbers keeps what is known of a category, to booleans it does not",
          "[cleaning]") {
  const auto c = category("x", {1, 0});
  CHECK(run("cast { column: 'x' type: INTEGER }", {c}).type("x").features->front().arity == 2);
  CHECK(run("cast { column: 'x' type: BOOLEAN }", {c}).type("x").features == nullptr);
  CHECK(refused("cast { column: 'v' type: DOUBLE }", {rig::dense("v", {{1}})}) ==
        "stage[0].cast.column");
}

TEST_CASE("arithmetic with a column or a number", "[cleaning]") {
  const std::vector<rig::TableColumn> columns{rig::numbers("a", {6, kMissing, 5, -1}),
                                              rig::numbers("b", {3, 1, kMissing, 0})};
  const auto value = [&](const std::string& rest) {
    return bits(
        run("arithmetic { output_col: 'o' left: 'a' " + rest + " }", columns, 2).numbers("o"));
  };
  CHECK(value("op: ADD right: 'b'") == bits({9, kMissing, kMissing, -1}));
  CHECK(value("op: SUBTRACT right: 'b'") == bits({3, kMissing, kMissing, -1}));
  CHECK(value("op: MULTIPLY number: 0.5") == bits({3, kMissing, 2.5, -0.5}));
  CHECK(value("op: DIVIDE right: 'b'") == bits({2, kMissing, kMissing, -kInfinity}));
  CHECK(value("op: ABS") == bits({6, kMissing, 5, 1}));
  CHECK(value("op: SQRT") == bits({std::sqrt(6.0), kMissing, std::sqrt(5.0), kNaN}));
  CHECK(value("op: MULTIPLY right: 'a'") == bits({36, kMissing, 25, 1}));
}

TEST_CASE("arithmetic: LOG1P is exact near zero", "[cleaning]") {
  const Doubles x{0, 1e-17, 1e-9, 1.718281828459045, -0.5, -1, -2, kInfinity, 1e300};
  const auto y = run("arithmetic { output_col: 'o' left: 'x' op: LOG1P }", {rig::numbers("x", x)})
                     .numbers("o");
  for (std::size_t i = 0; i < 5; ++i) CHECK(y[i] == Approx(std::log1p(x[i])).epsilon(1e-15));
  CHECK(y[2] == Approx(1e-9 - 0.5e-18).epsilon(1e-15));
  CHECK(y[5] == -kInfinity);
  CHECK(std::isnan(y[6]));
  CHECK(y[7] == kInfinity);
  CHECK(y[8] == Approx(std::log(1e300)));
}

TEST_CASE("arithmetic: integers stay integers where they can", "[cleaning]") {
  const auto format = [](const std::string& rest) {
    return run("arithmetic { output_col: 'o' left: 'x' " + rest + " }",
               {rig::numbers("x", {4}, Format::Integer), rig::numbers("y", {4})})
        .type("o")
        .format;
  };
  CHECK(format("op: ADD number: 2") == Format::Integer);
  CHECK(format("op: ADD number: 2.5") == Format::Double);
  CHECK(format("op: MULTIPLY right: 'x'") == Format::Integer);
  CHECK(format("op: MULTIPLY right: 'y'") == Format::Double);
  CHECK(format("op: DIVIDE number: 2") == Format::Double);
  CHECK(format("op: ABS") == Format::Integer);
  CHECK(format("op: SQRT") == Format::Double);
}

TEST_CASE("arithmetic refuses too many and too few operands", "[cleaning]") {
  CHECK(refused("arithmetic { output_col: 'o' left: 'x' op: ADD }") == "stage[0].arithmetic.right");
  CHECK(refused("arithmetic { output_col: 'o' left: 'x' op: ADD right: 'x' number: 1 }") ==
        "stage[0].arithmetic");
  CHECK(refused("arithmetic { output_col: 'o' left: 'x' op: SQRT number: 1 }") ==
        "stage[0].arithmetic");
  CHECK(refused("arithmetic { output_col: 'o' left: 's' op: ABS }") == "stage[0].arithmetic.left");
  CHECK(refused("arithmetic { output_col: 'o' left: 'x' op: ADD right: 's' }") ==
        "stage[0].arithmetic.right");
  CHECK(refused("arithmetic { output_col: 'x' left: 'x' op: ABS }") ==
        "stage[0].arithmetic.output_col");
}

TEST_CASE("weight_by_class gives every class the same sum", "[cleaning]") {
  const auto partitions = GENERATE(as<std::size_t>{}, 1, 2, 5);
  const auto label = rig::numbers("label", {0, 2, 0, 0, 2, 0});  // 6 / (2 * 4), 6 / (2 * 2)
  const Doubles weights{0.75, 1.5, 0.75, 0.75, 1.5, 0.75};
  CHECK(run("weight_by_class {}", {label}, partitions).numbers("weight") == weights);
  const auto text = rig::strings("y", {"a", "b", "a", "a", "b", "a"});
  CHECK(
      run("weight_by_class { label_col: 'y' output_col: 'w' }", {text}, partitions).numbers("w") ==
      weights);
}

TEST_CASE("weight_by_class: labels that are no class", "[cleaning]") {
  CHECK_THROWS_WITH(run("weight_by_class {}", {rig::numbers("label", {0, 1, kMissing})}),
                    has_text("row 3 (counted from 1)"));
  CHECK_THROWS_AS(run("weight_by_class {}", {rig::numbers("label", {kNaN})}), DataError);
  CHECK_THROWS_AS(run("weight_by_class {}", {rig::strings("label", {"a", nullptr})}), DataError);
  Doubles many(10001);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  CHECK_THROWS_WITH(run("weight_by_class {}", {rig::numbers("label", many)}, 3),
                    has_text("more than 10000 classes"));
}

TEST_CASE("weight_by_class: rows to be scored may be of other classes", "[cleaning]") {
  const auto stage = make_feature_stage(
      rig::stage("weight_by_class { model { label: ['0', '0.5'] weight: [0.75, 1.5] } }"),
      "stage[0]");
  CHECK(stage->is_fitted());
  auto table = rig::table({rig::numbers("label", {0.5, 3, kMissing, -0.0})});
  stage->transform(table.own[0], Phase::Scoring);
  CHECK(bits(rig::numbers(table, "weight")) == bits({1.5, kMissing, kMissing, 0.75}));
  CHECK_THROWS_WITH(stage->transform(table.own[0], Phase::Training), has_text("row 2"));
  CHECK(refused("weight_by_class { label_col: 'x' model { label: 'a' } }") ==
        "stage[0].weight_by_class.model");
}

}  // namespace
}  // namespace lockstep::data
