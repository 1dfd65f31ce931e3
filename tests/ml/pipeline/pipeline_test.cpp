#include "ml/pipeline/pipeline.hpp"

#include "core/error.hpp"
#include "ml/pipeline/predictions.hpp"
#include "tests/ml/pipeline/fitted_pipeline.hpp"

namespace lockstep::ml {
namespace {

using Names = std::vector<std::string>;

/// What the schema is after stages that are not fitted.
data::Schema after(const std::string& stages, const data::Schema& schema = source_schema()) {
  layers::prepare_thread();
  return Pipeline(stages_of(stages)).stages().output_schema(schema);
}

/// The field that a schema's error names.
std::string field_of(const std::string& stages, const data::Schema& schema = source_schema()) {
  try {
    after(stages, schema);
  } catch (const ConfigError& error) {
    return error.where().field;
  }
  return "none";
}

std::string autoencoder(const std::string& fields) {
  return "stage { autoencoder { encoder { layer { dense { units: 2 } } } decoder { layer { dense { "
         "units: 3 } } } lane_size: 4 " +
         fields + " } } ";
}

std::string network(const std::string& layers, const std::string& fields = "") {
  return "stage { network { layer { dense { " + layers + " } } lane_size: 4 " + fields + " } } ";
}

TEST_CASE("an autoencoder adds its error, its anomalies and its code", "[ml][pipeline]") {
  CHECK(after(autoencoder("")).names() ==
        Names{"features", "label", "reconstruction_error", "code"});
  CHECK(after(autoencoder("anomaly_quantile: 0.9 code_col: 'c' error_col: 'e'")).names() ==
        Names{"features", "label", "e", "anomaly", "c"});
  CHECK(after(autoencoder("reconstruction_col: 'again'")).names() ==
        Names{"features", "label", "reconstruction_error", "code", "again"});
  CHECK(data::to_string(after(autoencoder("")).at("code", "")) == "vector of 2");
}

TEST_CASE("a network adds its predictions, by the names of the config", "[ml][pipeline]") {
  const auto classes = after(network("units: 3 activation: SOFTMAX", "prediction_col: 'p'"));
  CHECK(classes.names() == Names{"features", "label", "p", "probability"});
  CHECK(data::to_string(classes.at("probability", "")) == "vector of 3");
  CHECK(classes.at("p", "").features->front().arity == 3);
  const auto binary = after(network("units: 1 activation: SIGMOID", "probability_col: 'q'"));
  CHECK(data::to_string(binary.at("q", "")) == "vector of 2");
  CHECK(after(network("units: 1")).names() == Names{"features", "label", "prediction"});
  CHECK(
      data::to_string(after(network("units: 3", "target_col: 'features'")).at("prediction", "")) ==
      "vector of 3");
}

TEST_CASE("stages may stand after an estimator, and several estimators anywhere",
          "[ml][pipeline]") {
  const auto schema = after(
      autoencoder("") + network("units: 2 activation: SOFTMAX", "input_col: 'code'") +
      "stage { one_hot_encoder { input_col: 'prediction' output_col: 'hot' drop_last: false } }");
  CHECK(schema.names() == Names{"features", "label", "reconstruction_error", "code", "prediction",
                                "probability", "hot"});
  Pipeline pipeline(stages_of(autoencoder("") + network("units: 2", "input_col: 'code'")));
  REQUIRE(pipeline.estimators().size() == 2);
  CHECK(pipeline.judged().position == 1);
  CHECK(pipeline.judged().stage->at() == "stage[1].network");
  CHECK(pipeline.lanes() == 32);
}

TEST_CASE("widths are open while that of the input is", "[ml][pipeline]") {
  auto open = data::vector_type(std::size_t{1});
  open.open_width = true;
  auto schema = source_schema();
  schema.add("features", open);
  CHECK(after(autoencoder(""), schema).at("code", "").open_width);
  CHECK_NOTHROW(after(network("units: 3 activation: SOFTMAX"), schema));
}

TEST_CASE("columns that do not fit an estimator are told with their fields", "[ml][pipeline]") {
  CHECK(field_of(autoencoder("")) == "none");
  CHECK(field_of(autoencoder("input_col: 'image'")) == "stage[0].autoencoder.input_col");
  CHECK(field_of(autoencoder("input_col: 'label'")) == "stage[0].autoencoder.input_col");
  CHECK(field_of(autoencoder("code_col: 'label'")) == "stage[0].autoencoder.code_col");
  CHECK(field_of(autoencoder("error_col: 'label'")) == "stage[0].autoencoder.error_col");
  auto wide = source_schema();
  wide.add("features", data::vector_type(std::size_t{4}));
  CHECK(field_of(autoencoder(""), wide) == "stage[0].autoencoder.decoder.layer[0]");
  CHECK(field_of(network("units: 2", "label_col: 'else'")) == "stage[0].network.label_col");
  CHECK(field_of(network("units: 2", "target_col: 'else'")) == "stage[0].network.target_col");
  CHECK(field_of(network("units: 2 activation: SOFTMAX", "prediction_col: 'label'")) ==
        "stage[0].network.prediction_col");
  auto text = source_schema();
  text.add("label", {data::ColumnType::Kind::String});
  CHECK(field_of(network("units: 2 activation: SOFTMAX"), text) == "stage[0].network.label_col");
}

TEST_CASE("a fitted model refuses rows of another width", "[ml][pipeline]") {
  const auto pipeline = fitted_pipeline(1);
  auto wide = source_schema();
  wide.add("features", data::vector_type(std::size_t{4}));
  CHECK_THROWS_WITH(pipeline.stages().output_schema(wide),
                    "the network was trained on 3, the column 'features' is 4");
}

TEST_CASE("an anomaly is a row whose error is above the threshold", "[ml][pipeline]") {
  const auto pipeline = fitted_pipeline(1);
  auto rows = five_rows();
  pipeline.stages().stages()[0]->transform(rows, data::Phase::Scoring);
  const auto& errors = rows.get<data::Numbers>("reconstruction_error").values;
  for (std::size_t row = 0; row < 5; ++row)
    CHECK(rows.get<data::Numbers>("anomaly").values[row] == (errors[row] > 0.7 ? 1 : 0));
}

TEST_CASE(
    "a model predicts the class of the largest probability, and tells its loss where rows "
    "have labels",
    "[ml][pipeline]") {
  const auto pipeline = fitted_pipeline(1);
  auto rows = five_rows();
  for (const auto& stage : pipeline.stages().stages()) stage->transform(rows, data::Phase::Scoring);
  const auto& probability = rows.get<data::DenseVectors>("probability");
  double loss = 0;
  for (std::size_t row = 0; row < 5; ++row) {
    const auto p = probability.row(row);
    CHECK(p[0] + p[1] + p[2] == Approx(1));
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    CHECK(rows.get<data::Numbers>("prediction").values[row] == static_cast<double>(best));
    loss -= std::log(p[static_cast<std::size_t>(rows.get<data::Numbers>("label").values[row])]);
  }
  REQUIRE(rows.loss);
  CHECK(rows.loss->loss == Approx(loss).epsilon(1e-5));
  CHECK(rows.loss->weight == 5);
  auto unlabelled = five_rows();
  unlabelled.columns.erase("label");
  for (const auto& stage : pipeline.stages().stages())
    stage->transform(unlabelled, data::Phase::Scoring);
  CHECK_FALSE(unlabelled.loss);
  CHECK(unlabelled.get<data::DenseVectors>("probability").values == probability.values);
}

TEST_CASE("what is kept to the end: label, and what the judged estimator and later stages add",
          "[ml][pipeline]") {
  layers::prepare_thread();
  const Pipeline pipeline(stages_of(
      network("units: 2 activation: SOFTMAX") +
      "stage { one_hot_encoder { input_col: 'prediction' output_col: 'hot' drop_last: false } }"));
  CHECK(pipeline.added_columns(source_schema()) == Names{"prediction", "probability", "hot"});
  CHECK(pipeline.kept_columns(source_schema()) ==
        Names{"prediction", "probability", "hot", "label"});
}

TEST_CASE("a prediction table has the label first, and no label that is a vector",
          "[ml][pipeline]") {
  data::Schema schema = source_schema();
  schema.add("prediction", {});
  PredictionColumns columns;
  columns.label = "label";
  columns.prediction = "prediction";
  CHECK(prediction_table(schema, columns, {"prediction"}).schema.names() ==
        Names{"label", "prediction"});
  columns.label = "features";
  CHECK(prediction_table(schema, columns, {"prediction"}).schema.names() == Names{"prediction"});
}

}  // namespace
}  // namespace lockstep::ml
