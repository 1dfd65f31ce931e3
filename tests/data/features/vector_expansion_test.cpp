#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/features/catalogue.hpp"
#include "data/features/vectors/vector_stage.hpp"
#include "data/jobs/eigenpairs.hpp"
#include "tests/data/features/numeric_csv.hpp"
#include "tests/parity/golden/features.hpp"

namespace lockstep::data {
namespace {

using rig::apply_to;
using rig::check_close;
using rig::Rows;
using rig::xy;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> names(const Schema& schema, const std::string& column) {
  std::vector<std::string> names;
  for (const Feature& feature : features_of(column, schema.at(column, "")))
    names.push_back(feature.name);
  return names;
}

rig::TableColumn named(rig::TableColumn column, const std::vector<std::string>& feature_names) {
  std::vector<Feature> features;
  for (const auto& name : feature_names) features.push_back(numeric_feature(name));
  column.type = vector_type(std::move(features));
  return column;
}

/// The rows with sample standardised columns.
Rows standardised(const Rows& rows) {
  return apply_to(xy("standard_scaler", "with_mean: true"), rows, 1e-9);
}

}  // namespace

// ---- VectorSlicer

TEST_CASE("VectorSlicer takes indices as listed, then names as listed",
          "[vectors][vector_slicer]") {
  const std::string config = xy("vector_slicer", "indices: [3, 0] names: ['c', 'b']");
  const Rows rows = {{1, 2, 3, 4}, {0, 0, 7, 8}};
  for (const auto& column : {rig::dense("x", rows), rig::sparse("x", rows)}) {
    const auto out = rig::apply(config, rig::table({named(column, {"a", "b", "c", "d"})}, 2));
    CHECK(rig::vectors(out, "y") == Rows{{4, 1, 3, 2}, {8, 0, 7, 0}});
    CHECK(names(out.schema, "y") == std::vector<std::string>{"d", "a", "c", "b"});
    CHECK(out.own[0].column("y").index() == column.column.index());
  }
}

TEST_CASE("VectorSlicer: what a name stands for is settled by the training rows",
          "[vectors][vector_slicer]") {
  const auto model = rig::fitted(xy("vector_slicer", "names: 'b'"),
                                 rig::table({named(rig::dense("x", {{1, 2}}), {"a", "b"})}));
  CHECK(rig::transformed(model, rig::table({rig::dense("x", {{5, 6}})}), "y") == Rows{{6}});
}

TEST_CASE("VectorSlicer keeps all that is known of a feature", "[vectors][vector_slicer]") {
  auto column = rig::dense("x", {{0, 1}});
  const Feature colour{"colour", Feature::Kind::Nominal, 3, {"r", "g", "b"}};
  column.type = vector_type(std::vector<Feature>{colour, numeric_feature("size")});
  const auto out = rig::apply(xy("vector_slicer", "indices: 0"), rig::table({column}));
  CHECK(*out.schema.at("y", "").features == std::vector<Feature>{colour});
}

TEST_CASE("VectorSlicer names what it cannot find or finds twice", "[vectors][vector_slicer]") {
  const auto error = [](const std::string& rest) {
    const auto dataset = rig::table({named(rig::dense("x", {{1, 2}}), {"age", "size"})});
    try {
      make_feature_stage(rig::stage(xy("vector_slicer", rest)), "stage[0]")
          ->output_schema(dataset.schema);
    } catch (const ConfigError& e) {
      return describe(e);
    }
    return std::string();
  };
  CHECK_THAT(error("indices: 2"), has_text("there is no index 2") && has_text(".indices[0]"));
  CHECK_THAT(error("names: 'agee'"), has_text("no feature 'agee'") && has_text("did you mean age"));
  CHECK_THAT(error("indices: 0 names: 'age'"), has_text("listed already"));
  CHECK_THAT(error("indices: [1, 1]"), has_text("1 is listed twice"));
  CHECK_THAT(error("names: ['age', 'age']"), has_text("age is listed twice"));
  CHECK_THAT(error(""), has_text("no feature is listed"));
}

// ---- PolynomialExpansion

TEST_CASE("PolynomialExpansion lists the products of Spark in Spark's order",
          "[vectors][polynomial_expansion]") {
  CHECK(apply_to(xy("polynomial_expansion"), {{2, 3}}) == Rows{{2, 4, 3, 6, 9}});
  CHECK(apply_to(xy("polynomial_expansion", "degree: 3"), {{2, 3}}) ==
        Rows{{2, 4, 8, 3, 6, 12, 9, 18, 27}});
  CHECK(apply_to(xy("polynomial_expansion", "degree: 1"), {{2, 0, 3}}) == Rows{{2, 0, 3}});
}

TEST_CASE("PolynomialExpansion names its products", "[vectors][polynomial_expansion]") {
  const auto table = rig::table({named(rig::dense("x", {{2, 3}}), {"x", "y"})});
  CHECK(names(rig::apply(xy("polynomial_expansion"), table).schema, "y") ==
        std::vector<std::string>{"x", "x^2", "y", "x*y", "y^2"});
  CHECK(names(rig::apply(xy("polynomial_expansion", "degree: 3"), table).schema, "y") ==
        std::vector<std::string>{"x", "x^2", "x^3", "y", "x*y", "x^2*y", "y^2", "x*y^2", "y^3"});
}

TEST_CASE("PolynomialExpansion: each number is the product its name says",
          "[vectors][polynomial_expansion]") {
  const std::vector<double> primes = {2, 3, 5, 7};
  const auto out = rig::apply(xy("polynomial_expansion", "degree: 3"),
                              rig::table({named(rig::dense("x", {primes}), {"2", "3", "5", "7"})}));
  const auto products = names(out.schema, "y");
  const auto values = rig::vectors(out, "y")[0];
  REQUIRE(values.size() == 34);  // C(7, 3) - 1
  for (std::size_t i = 0; i < values.size(); ++i) {
    double product = 1;
    std::istringstream factors(products[i]);
    for (std::string factor; std::getline(factors, factor, '*');) {
      const auto hat = factor.find('^');
      const int power = hat == std::string::npos ? 1 : std::stoi(factor.substr(hat + 1));
      for (int k = 0; k < power; ++k) product *= std::stod(factor.substr(0, hat));
    }
    CHECK(values[i] == product);
  }
}

TEST_CASE("PolynomialExpansion of sparse rows is sparse and the same",
          "[vectors][polynomial_expansion]") {
  const Rows rows = {{0, 2, 0, 3, 0}, {0, 0, 0, 0, 0}, {1, 0, 0, 0, -2}, {1, 2, 3, 4, 5}};
  apply_to(xy("polynomial_expansion", "degree: 4"), rows);
  CHECK(rig::stays_sparse(xy("polynomial_expansion"), rows));
  const auto out = rig::apply(xy("polynomial_expansion"), rig::table({rig::sparse("x", rows)}));
  CHECK(out.own[0].get<SparseVectors>("y").values.size() == 5 + 0 + 5 + 20);
}

TEST_CASE("PolynomialExpansion of a narrower row is the beginning of that of a wider one",
          "[vectors][polynomial_expansion]") {
  const auto narrow = apply_to(xy("polynomial_expansion", "degree: 3"), {{2, 3}})[0];
  const auto wide = apply_to(xy("polynomial_expansion", "degree: 3"), {{2, 3, 0}})[0];
  CHECK(std::equal(narrow.begin(), narrow.end(), wide.begin()));
}

TEST_CASE("PolynomialExpansion refuses more products than a vector can have",
          "[vectors][polynomial_expansion]") {
  const auto stage =
      make_feature_stage(rig::stage(xy("polynomial_expansion", "degree: 32")), "stage[0]");
  Schema schema;
  schema.add("x", vector_type(std::size_t{1000}));
  CHECK_THROWS_WITH(stage->output_schema(schema), has_text("too many products"));
  CHECK_THROWS_AS(make_feature_stage(rig::stage(xy("polynomial_expansion", "degree: 0")), "s"),
                  ConfigError);
}

// ---- Interaction

TEST_CASE("Interaction: the last column varies fastest", "[vectors][interaction]") {
  const std::string config = "interaction { input_cols: ['a', 'b'] output_col: 'y' }";
  auto out = rig::apply(config, rig::table({rig::dense("a", {{2, 3}}), rig::dense("b", {{5, 7}})}));
  CHECK(rig::vectors(out, "y") == Rows{{10, 14, 15, 21}});
  CHECK(names(out.schema, "y") ==
        std::vector<std::string>{"a_0:b_0", "a_0:b_1", "a_1:b_0", "a_1:b_1"});
  CHECK(std::holds_alternative<DenseVectors>(out.own[0].column("y")));
  out = rig::apply(config, rig::table({rig::sparse("a", {{2, 0}}), rig::dense("b", {{5, 7}})}));
  CHECK(rig::vectors(out, "y") == Rows{{10, 14, 0, 0}});
  CHECK(std::holds_alternative<SparseVectors>(out.own[0].column("y")));
}

TEST_CASE("Interaction takes three columns and numbers", "[vectors][interaction]") {
  const auto out =
      rig::apply("interaction { input_cols: ['a', 'n', 'b'] output_col: 'y' }",
                 rig::table({rig::dense("a", {{2, 3}, {1, 1}}), rig::numbers("n", {10, -1}),
                             rig::dense("b", {{5, 7}, {1, 2}})},
                            2));
  CHECK(rig::vectors(out, "y") == Rows{{100, 140, 150, 210}, {-1, -2, -1, -2}});
}

TEST_CASE("Interaction encodes categories one-hot, sparse zeros included",
          "[vectors][interaction]") {
  auto colour = rig::numbers("colour", {2, 0});
  colour.type.features = std::make_shared<const std::vector<Feature>>(
      std::vector<Feature>{{"colour", Feature::Kind::Nominal, 3, {"r", "g", "b"}}});
  const std::string config = "interaction { input_cols: ['colour', 'a'] output_col: 'y' }";
  const auto out = rig::apply(config, rig::table({colour, rig::dense("a", {{5, 7}, {1, 2}})}));
  CHECK(rig::vectors(out, "y") == Rows{{0, 0, 0, 0, 5, 7}, {1, 2, 0, 0, 0, 0}});
  CHECK(names(out.schema, "y")[5] == "colour_b:a_1");

  auto both = rig::sparse("colour", {{0, 3}, {1, 0}});  // a category of two, and a number
  both.type =
      vector_type(std::vector<Feature>{{"c", Feature::Kind::Nominal, 2, {}}, numeric_feature("n")});
  const auto mixed = rig::apply(config, rig::table({both, rig::dense("a", {{5}, {2}})}));
  CHECK(rig::vectors(mixed, "y") == Rows{{5, 0, 15}, {0, 2, 0}});
}

TEST_CASE("Interaction refuses missing numbers and unknown categories, naming the row",
          "[vectors][interaction]") {
  const std::string config = "interaction { input_cols: ['a', 'b'] output_col: 'y' }";
  const auto run = [&](rig::TableColumn a) {
    rig::apply(config, rig::table({std::move(a), rig::numbers("b", {1, 1})}));
  };
  CHECK_THROWS_WITH(run(rig::numbers("a", {1, kMissing})),
                    has_text("row 2 (counted from 1) has no value"));
  auto category = rig::numbers("a", {0, 2});
  category.type.features = std::make_shared<const std::vector<Feature>>(
      std::vector<Feature>{{"a", Feature::Kind::Nominal, 2, {}}});
  CHECK_THROWS_WITH(run(category), has_text("the category 2, but categories are 0 to 1"));
  category.column = Numbers{{0.5, kNaN}};
  CHECK_THROWS_WITH(run(category), has_text("the category 0.5"));
  CHECK_THROWS_AS(
      make_feature_stage(rig::stage("interaction { input_cols: 'a' output_col: 'y' }"), "s"),
      ConfigError);
}

// ---- DCT

TEST_CASE("DCT is the orthonormal cosine transform, and its inverse undoes it", "[vectors][dct]") {
  check_close(apply_to(xy("dct"), {{1, 2, 3, 4}})[0], {5, -2.2304424974, 0, -0.1585126678});
  check_close(apply_to(xy("dct", "inverse: true"), apply_to(xy("dct"), {{1, 2, 3, 4}}))[0],
              {1, 2, 3, 4}, 1e-14);
  CHECK(apply_to(xy("dct"), {{3}}) == Rows{{3}});
}

TEST_CASE("DCT gives the numbers of SciPy", "[vectors][dct][golden]") {
  check_close(apply_to(xy("dct"), {tests::golden::kWave})[0], tests::golden::kWaveDct, 1e-14,
              1e-14);
  check_close(apply_to(xy("dct", "inverse: true"), {tests::golden::kWave})[0],
              tests::golden::kWaveInverseDct, 1e-14, 1e-14);
}

TEST_CASE("DCT of many rows and numbers keeps lengths", "[vectors][dct]") {
  const Random random(3, Purpose::Test);
  Rows rows(70, std::vector<double>(129));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < 129; ++j) rows[i][j] = random.normal(i * 129 + j);
  const Rows turned = apply_to(xy("dct"), rows),
             back = apply_to(xy("dct", "inverse: true"), turned);
  for (std::size_t i = 0; i < rows.size(); ++i) check_close(back[i], rows[i], 1e-13, 1e-13);
}

TEST_CASE("DCT takes narrower sparse rows as those of the training", "[vectors][dct]") {
  const auto model = rig::fitted(xy("dct"), rig::table({rig::dense("x", {{1, 2, 3, 0}})}));
  auto narrow = rig::sparse("x", {{1, 2, 3}});
  narrow.type.open_width = true;
  CHECK(rig::transformed(model, rig::table({narrow}), "y") ==
        rig::transformed(model, rig::table({rig::dense("x", {{1, 2, 3, 0}})}), "y"));
}

// ---- PCA

TEST_CASE("PCA of four rows, by hand", "[vectors][pca]") {
  const Rows rows = {{2, 0}, {0, 1}, {4, 5}, {6, 6}};
  const auto message = rig::fitted(xy("pca", "k: 1"), rig::table({rig::dense("x", rows)}, 3));
  const auto& model = message.pca().model();
  check_close({model.pc(0), model.pc(1)}, {.6525563374, .7577402104});
  check_close({model.explained_variance(0)}, {.9396467047});
  check_close({model.mean(0), model.mean(1)}, {3, 3});
  check_close(apply_to(xy("pca", "k: 1"), rows),
              {{1.3051126749}, {.7577402104}, {6.3989264018}, {8.4617792871}});
  const double shift = 3 * (.6525563374 + .7577402104);
  check_close(apply_to(xy("pca", "k: 1 center_output: true"), rows)[3], {8.4617792871 - shift},
              1e-9);
}

TEST_CASE("PCA: of each direction the largest entry is positive", "[vectors][pca]") {
  const auto message = rig::fitted(
      xy("pca", "k: 2"), rig::table({rig::dense("x", {{1, -10}, {2, -20.5}, {3, -29}, {4, -41}})}));
  const auto& pc = message.pca().model().pc();  // [2, 2]
  CHECK(pc[2] > 0.9);
  CHECK(pc[0] < 0);
  CHECK(pc[1] > 0.9);
}

TEST_CASE("PCA gives the golden numbers of the datasets", "[vectors][pca][golden]") {
  struct Case {
    const char* name;
    bool scaled;
    std::vector<double> shares, pc1, pc2, first;
  };
  const std::vector<Case> cases = {{"breast_cancer",
                                    false,
                                    {.98204467, .01617649},
                                    {.00508623, .00219657, .03507633, .51682647},
                                    {.00928706, -.00288161, .06274808, .85182372},
                                    {2260.01388629, -187.96030122}},
                                   {"breast_cancer",
                                    true,
                                    {.44272026, .18971182},
                                    {.21890244, .10372458, .22753729, .22099499},
                                    {-.23385713, -.05970609, -.21518136, -.23107671},
                                    {9.18475521, 1.94687003}},
                                   {"iris",
                                    false,
                                    {.92461872, .05306648},
                                    {.36138659, -.08452251, .85667061, .35828920},
                                    {.65658877, .73016143, -.17337266, -.07548102},
                                    {2.81823951, 5.64634982}},
                                   {"iris",
                                    true,
                                    {.72962445, .22850762},
                                    {.52106591, -.26934744, .58041310, .56485654},
                                    {.37741762, .92329566, .02449161, .06694199},
                                    {-2.25714118, .47842383}},
                                   {"wine",
                                    true,
                                    {.36198848, .19207490},
                                    {.14432940, -.24518758, -.00205106, -.23932041},
                                    {.48365155, .22493093, .31606881, -.01059050},
                                    {3.30742097, 1.43940225}}};
  for (const Case& c : cases) {
    INFO(c.name << (c.scaled ? ", scaled" : ""));
    const auto data = rig::read_labelled_csv(c.name);
    if (!data) continue;
    const Rows rows = c.scaled ? standardised(data->features) : data->features;
    const auto table = rig::table({rig::dense("x", rows)}, 4);
    const auto message = rig::fitted(xy("pca", "k: 2"), table);
    const auto& model = message.pca().model();
    check_close({model.explained_variance().data(), 2}, c.shares, 0, 5.1e-9);
    for (std::size_t j = 0; j < 4; ++j) {
      CHECK(model.pc(static_cast<int>(2 * j)) == Approx(c.pc1[j]).epsilon(0).margin(5.1e-9));
      CHECK(model.pc(static_cast<int>(2 * j + 1)) == Approx(c.pc2[j]).epsilon(0).margin(5.1e-9));
    }
    check_close(rig::transformed(message, table, "y")[0], c.first, 0, 5.1e-9);
  }
}

TEST_CASE("PCA gives the numbers of scikit-learn", "[vectors][pca][golden]") {
  // scikit-learn goes by the singular values of the rows, which double the digits of a covariance:
  // 1e-9 of the largest entry is what both have.
  for (const auto& [name, expected] : {std::pair{"breast_cancer", tests::golden::kCancerPca},
                                       std::pair{"digits", tests::golden::kDigitsPca}}) {
    INFO(name);
    const auto data = rig::read_labelled_csv(name);
    if (!data) continue;
    const auto table = rig::table({rig::sparse("x", data->features)}, 8);
    const auto k = expected.shares.size();
    const auto message =
        rig::fitted(xy("pca", "center_output: true k: " + std::to_string(k)), table);
    const auto& model = message.pca().model();
    check_close({model.explained_variance().data(), k}, expected.shares, 1e-9);
    check_close({model.pc().data(), static_cast<std::size_t>(model.pc_size())}, expected.pc, 0,
                1e-9);
    const Rows scores = rig::transformed(message, table, "y");
    check_close(scores[0], std::span(expected.scores).first(k), 1e-9, 1e-7);
    check_close(scores[1], std::span(expected.scores).last(k), 1e-9, 1e-7);
  }
}

TEST_CASE("PCA of rows that do not vary: nothing is explained", "[vectors][pca]") {
  const auto message =
      rig::fitted(xy("pca", "k: 1"), rig::table({rig::dense("x", {{0.1, 7}, {0.1, 7}, {0.1, 7}})}));
  CHECK(message.pca().model().explained_variance(0) == 0);
}

TEST_CASE("PCA says what does not fit", "[vectors][pca]") {
  const auto fit = [](const Rows& rows, const char* k) {
    return rig::fitted(xy("pca", k), rig::table({rig::dense("x", rows)}));
  };
  CHECK_THROWS_WITH(fit({{1, 2}, {3, 4}}, "k: 3"), has_text("k is 3, but there are 2 features"));
  CHECK_THROWS_WITH(fit({{1, 2}}, "k: 1"), has_text("at least two rows"));
  CHECK_THROWS_WITH(fit({{1, 2}, {3, kNaN}}, "k: 1"),
                    has_text("row 2 (counted from 1) has the value nan at index 1"));
  CHECK_THROWS_AS(make_feature_stage(rig::stage(xy("pca", "k: 0")), "stage[0]"), ConfigError);
  const auto stage = make_feature_stage(rig::stage(xy("pca", "k: 2")), "stage[0]");
  Schema schema;
  schema.add("x", vector_type(std::size_t{65536}));
  CHECK_THROWS_WITH(stage->output_schema(schema), has_text("PCA takes 65535 at most"));
}

TEST_CASE("Few eigenpairs of a large matrix are those of the whole", "[vectors][pca]") {
  // A = D + u u^T / n with known structure: checked by its own definition, A v = lambda v, and
  // against the trace's share of the part that is solved whole.
  const std::size_t n = 1100, k = 3;
  const Random random(5, Purpose::Test);
  std::vector<double> upper, u(n);
  for (std::size_t i = 0; i < n; ++i) u[i] = random.normal(i);
  const auto entry = [&](std::size_t i, std::size_t j) {
    const double diagonal = i == j ? 1 + static_cast<double>(i % 10) + (i == 17 ? 30 : 0) : 0;
    return diagonal + u[i] * u[j] / 10;
  };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i; j < n; ++j) upper.push_back(entry(i, j));
  const EigenPairs few = largest_eigenpairs(upper, n, k);
  REQUIRE(few.values.size() == k);
  CHECK(few.values[0] > few.values[1]);
  CHECK(few.values[1] > few.values[2]);
  for (std::size_t c = 0; c < k; ++c) {
    double length = 0, worst = 0, largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double product = 0;
      for (std::size_t j = 0; j < n; ++j) product += entry(i, j) * few.vectors[j * k + c];
      const double v = few.vectors[i * k + c];
      worst = std::max(worst, std::abs(product - few.values[c] * v));
      if (std::abs(v) > std::abs(largest)) largest = v;
      length += v * v;
    }
    CHECK(worst < 1e-9);
    CHECK(length == Approx(1).epsilon(1e-12));
    CHECK(largest > 0);
  }
  const EigenPairs all = largest_eigenpairs(upper, n, n / 2);  // too many for Lanczos
  for (std::size_t c = 0; c < k; ++c) CHECK(few.values[c] == Approx(all.values[c]).epsilon(1e-12));
  for (std::size_t i = 0; i < n; ++i)
    CHECK(few.vectors[i * k] == Approx(all.vectors[i * (n / 2)]).margin(1e-9));
}

TEST_CASE("Lanczos finds directions of no variance, too", "[vectors][pca]") {
  const std::size_t n = 1010, k = 4;  // rank 2
  std::vector<double> upper(n * (n + 1) / 2);
  upper[0] = 4;
  upper[n] = 9;
  const EigenPairs pairs = largest_eigenpairs(upper, n, k);
  check_close(pairs.values, {9, 4, 0, 0});
  CHECK(pairs.vectors[1 * k + 0] == Approx(1));
  CHECK(pairs.vectors[0 * k + 1] == Approx(1));
}

}  // namespace lockstep::data
