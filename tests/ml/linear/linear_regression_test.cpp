#include "ml/linear/linear_regression.hpp"

#include "core/error.hpp"
#include "tests/ml/pipeline/fitted_pipeline.hpp"

namespace lockstep::ml {
namespace {

Stages linear(const std::string& fields) {
  return stages_of("stage { linear_regression { " + fields + " } }");
}

const std::string kModel =
    "model { rows: 5 degrees_of_freedom: 1 rmse: 1 feature_name: ['a', 'b', 'c'] "
    "std_error: [0.5, 1, 2, 4] }";

LinearRegressionModel model(const Stages& stages) {
  return LinearRegressionModel(stages[0], "stage[0].linear_regression", {{1, -3, 0}, 2});
}

TEST_CASE("linear_regression adds a number, and reads features, label and weights",
          "[ml][linear]") {
  const Pipeline pipeline(linear("prediction_col: 'y'"));
  CHECK(pipeline.stages().output_schema(source_schema()).names() ==
        std::vector<std::string>{"features", "label", "y"});
  const auto& stage = *pipeline.judged().stage;
  CHECK(stage.input_columns() == std::vector<std::string>{"features", "label"});
  CHECK(stage.can_do_without("label"));
  CHECK_FALSE(stage.can_do_without("features"));
  CHECK(stage.columns(source_schema()).task == Task::Regression);
}

TEST_CASE("linear_regression: what does not fit is told with its field", "[ml][linear]") {
  const auto field_of = [](const std::string& fields, std::size_t width = 3) {
    auto schema = source_schema();
    schema.add("features", data::vector_type(width));
    try {
      Pipeline(linear(fields)).stages().output_schema(schema);
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return std::string("none");
  };
  const std::string at = "stage[0].linear_regression.";
  CHECK(field_of("", 4096) == "none");
  CHECK(field_of("", 4097) == at + "input_col");
  CHECK(field_of("input_col: 'label'") == at + "input_col");
  CHECK(field_of("label_col: 'features'") == at + "label_col");
  CHECK(field_of("weight_col: 'features'") == at + "weight_col");
  CHECK(field_of("prediction_col: 'label'") == at + "prediction_col");
}

TEST_CASE("a saved and loaded linear model predicts as before", "[ml][linear]") {
  const auto stages = linear("");
  const auto before = model(stages);
  const auto saved = before.save();
  const auto after = LinearRegressionModel::load(
      {saved.stage, "stage[0].linear_regression", stages},
      from_safetensors(to_safetensors(saved.tensors), "x"), source_schema(), "x");
  auto rows = five_rows(), same = five_rows();
  before.transform(rows, data::Phase::Scoring);
  after->transform(same, data::Phase::Scoring);
  const auto& predictions = rows.get<data::Numbers>("prediction").values;
  double loss = 0;
  for (std::size_t row = 0; row < 5; ++row) {
    const auto x = rows.get<data::DenseVectors>("features").row(row);
    CHECK(predictions[row] == x[0] - 3 * x[1] + 2);
    const double error = rows.get<data::Numbers>("label").values[row] - predictions[row];
    loss += error * error / 2;
  }
  CHECK(rows.loss->loss == Approx(loss));
  CHECK(same.get<data::Numbers>("prediction").values == predictions);
  CHECK_THROWS_AS(
      LinearRegressionModel::load({saved.stage, "at", stages}, {}, source_schema(), "x"),
      FileError);
}

TEST_CASE("linear_regression describes its coefficients, the largest first", "[ml][linear]") {
  const auto description = model(linear(kModel)).describe();
  REQUIRE(description.tables.size() == 1);
  const auto& table = description.tables[0];
  CHECK(table.columns == std::vector<std::string>{"feature", "coefficient", "std_error", "t", "p"});
  REQUIRE(table.rows.size() == 4);
  CHECK(std::get<std::string>(table.rows[0][0]) == "b");
  CHECK(std::get<double>(table.rows[0][3]) == -3);
  // Student's t with one degree of freedom: p = 1 - 2 atan(3) / pi.
  CHECK(std::get<double>(table.rows[0][4]) == Approx(0.20483276469913345));
  CHECK(std::get<std::string>(table.rows[3][0]) == "(intercept)");
  CHECK(std::get<double>(table.rows[3][2]) == 4);
}

}  // namespace
}  // namespace lockstep::ml
