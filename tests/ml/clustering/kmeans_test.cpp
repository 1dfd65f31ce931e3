#include "ml/clustering/kmeans.hpp"

#include "core/error.hpp"
#include "tests/ml/pipeline/fitted_pipeline.hpp"

namespace lockstep::ml {
namespace {

const std::string kFields =
    "k: 2 prediction_col: 'cluster' model { training_cost: 4 iterations: 2 "
    "cluster_weight: 2 cluster_weight: 3 }";

Stages kmeans(const std::string& fields) {
  return stages_of("stage { kmeans { " + fields + " } }");
}

KMeansModel model(const Stages& stages) {
  return KMeansModel(stages[0], "stage[0].kmeans", {2, 3, {-1, -1, -1, 1, 1, 1}}, {"a", "b", "c"});
}

TEST_CASE("kmeans adds the cluster of a row, and reads features and weights", "[ml][kmeans]") {
  const Pipeline pipeline(kmeans("k: 4 prediction_col: 'cluster' weight_col: 'label'"));
  const auto schema = pipeline.stages().output_schema(source_schema());
  CHECK(schema.names() == std::vector<std::string>{"features", "label", "cluster"});
  CHECK(schema.at("cluster", "").features->front().arity == 4);
  const auto& stage = *pipeline.judged().stage;
  CHECK(stage.input_columns() == std::vector<std::string>{"features", "label"});
  CHECK(stage.can_do_without("label"));
  CHECK_FALSE(stage.can_do_without("features"));
  CHECK(stage.columns(source_schema()).task == Task::Clustering);
}

TEST_CASE("kmeans: what does not fit is told with its field", "[ml][kmeans]") {
  const auto field_of = [](const std::string& fields) {
    try {
      Pipeline(kmeans(fields)).stages().output_schema(source_schema());
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return std::string("none");
  };
  const std::string at = "stage[0].kmeans.";
  CHECK(field_of("") == "none");
  CHECK(field_of("input_col: 'label'") == at + "input_col");
  CHECK(field_of("weight_col: 'features'") == at + "weight_col");
  CHECK(field_of("prediction_col: 'label'") == at + "prediction_col");
  CHECK(field_of("initial_centers { value: [1, 2] } initial_centers { value: [3, 4] }") ==
        at + "initial_centers[0]");
  for (const std::string fields :
       {"k: 3 initial_centers { value: 1 }", "handle_invalid: KEEP",
        "n_init: 2 initial_centers { value: 1 } initial_centers { value: 2 }"}) {
    Problems problems;
    const auto stages = kmeans(fields);
    KMeansEstimator({stages[0], "stage[0].kmeans", stages}).check({}, problems);
    CHECK_FALSE(problems.empty());
  }
}

TEST_CASE("a saved and loaded kmeans predicts as before", "[ml][kmeans]") {
  const auto stages = kmeans(kFields);
  const auto before = model(stages);
  const auto saved = before.save();
  const auto after =
      KMeansModel::load({saved.stage, "stage[0].kmeans", stages},
                        from_safetensors(to_safetensors(saved.tensors), "x"), source_schema(), "x");
  auto rows = five_rows(), same = five_rows();
  before.transform(rows, data::Phase::Scoring);
  after->transform(same, data::Phase::Scoring);
  // Rows of -1.5 .. 1.5: the sum of the numbers tells which centre is nearer.
  const auto& clusters = rows.get<data::Numbers>("cluster").values;
  const auto& x = rows.get<data::DenseVectors>("features");
  double cost = 0;
  for (std::size_t row = 0; row < 5; ++row) {
    const auto p = x.row(row);
    const double sum = p[0] + p[1] + p[2], center = sum > 0 ? 1 : -1;
    CHECK(clusters[row] == (sum > 0 ? 1 : 0));
    for (const double v : p) cost += (v - center) * (v - center);
  }
  CHECK(rows.loss->loss == Approx(cost));
  CHECK(same.get<data::Numbers>("cluster").values == clusters);
  CHECK_THROWS_AS(KMeansModel::load({saved.stage, "at", stages}, {}, source_schema(), "x"),
                  FileError);
}

TEST_CASE("kmeans describes its clusters by the features' names", "[ml][kmeans]") {
  const auto description = model(kmeans(kFields)).describe();
  REQUIRE(description.tables.size() == 1);
  CHECK(description.tables[0].columns ==
        std::vector<std::string>{"cluster", "weight", "a", "b", "c"});
  CHECK(description.tables[0].rows.size() == 2);
}

}  // namespace
}  // namespace lockstep::ml
