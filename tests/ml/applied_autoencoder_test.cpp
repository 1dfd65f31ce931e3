#include "ml/applied_autoencoder.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "ml/earlier_estimator.hpp"
#include "ml/experiment.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

using Names = std::vector<std::string>;

template <typename Message>
Message parsed(const std::string& text) {
  Message message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

const std::string kLayers =
    "encoder { layer { dense { units: 2 activation: TANH } } } "
    "decoder { layer { dense { units: 3 } } } ";

proto::Stage autoencoder(const std::string& fields = "") {
  return parsed<proto::Stage>("autoencoder { " + kLayers + fields + " lane_size: 4 }");
}

data::Schema schema_of(std::size_t width, bool open = false) {
  auto features = data::vector_type(width);
  features.open_width = open;
  data::Schema schema;
  schema.add("features", features);
  return schema;
}

/// Five rows of three numbers.
data::Partition five_rows() {
  data::Partition partition;
  partition.row_ids = std::vector<std::uint64_t>{0, 1, 2, 3, 4};
  std::vector<double> values;
  for (int i = 0; i < 15; ++i) values.push_back(i % 4 - 1.5);
  partition.set("features", data::DenseVectors{3, std::move(values)});
  return partition;
}

/// One in a pipeline, with the weights it starts with.
struct Applied {
  explicit Applied(const std::string& fields = "", std::size_t width = 3) {
    layers::prepare_thread();
    pipeline = make_pipeline({parsed<proto::Stage>("normalizer { input_col: 'features' output_col: "
                                                   "'unit' }"),
                              autoencoder(fields)});
    earlier = earlier_estimators(pipeline, {});
    stage().compile(schema_of(width));
    Buffer<float> parameters(stage().network().parameter_floats());
    stage().network().initialize(5, parameters.span());
    stage().take_weights(parameters.span());
  }

  AppliedAutoencoder& stage() { return *earlier.at(0).stage; }

  data::Partition transformed() {
    auto partition = five_rows();
    stage().transform(partition, data::Phase::Training);
    return partition;
  }

  data::Pipeline pipeline;
  std::vector<EarlierEstimator> earlier;
};

const Values<double>& numbers(const data::Partition& partition, const std::string& name) {
  return partition.get<data::Numbers>(name).values;
}

/// What check_experiment says of these stages, problem by problem.
Names complaints(const std::string& stages, const std::string& more = "") {
  Problems problems;
  check_experiment(parsed<proto::Experiment>("name: 'a' data { train { synthetic { rows: 9 } } } " +
                                             stages + more),
                   problems, false);
  try {
    problems.throw_if_any({});
  } catch (const ConfigError& error) {
    return {to_string(error.where()) + ": " + error.what()};
  }
  return {};
}

}  // namespace

TEST_CASE("an autoencoder before other stages adds its code, its error and its anomalies",
          "[ml][applied_autoencoder]") {
  layers::prepare_thread();
  const AppliedAutoencoder plain(autoencoder(), "stage[1]");
  CHECK_FALSE(plain.is_fitted());
  CHECK(plain.input_columns() == Names{"features"});
  const auto schema = plain.output_schema(schema_of(3));
  CHECK(schema.names() == Names{"features", "code", "reconstruction_error"});
  CHECK(data::to_string(schema.at("code", "")) == "vector of 2");
  CHECK(data::to_string(schema.at("reconstruction_error", "")) == "number");
  const AppliedAutoencoder judging(
      autoencoder("anomaly_quantile: 0.9 code_col: 'c' error_col: 'e'"), "stage[1]");
  CHECK(judging.output_schema(schema_of(3)).names() == Names{"features", "c", "e", "anomaly"});
}

TEST_CASE("the width of a code is open while that of the input is", "[ml][applied_autoencoder]") {
  layers::prepare_thread();
  AppliedAutoencoder stage(autoencoder(), "stage[1]");
  CHECK(stage.output_schema(schema_of(1, true)).at("code", "").open_width);
  stage.compile(schema_of(3, true));  // as the rows have shown it
  stage.take_weights(std::vector<float>(stage.network().parameter_floats()));
  const auto code = stage.output_schema(schema_of(3, true)).at("code", "");
  CHECK_FALSE(code.open_width);
  CHECK(code.shape == Shape{2});
}

TEST_CASE("columns that do not fit an autoencoder are told with their fields",
          "[ml][applied_autoencoder]") {
  layers::prepare_thread();
  const auto field_of = [](const std::string& fields, const data::Schema& schema) {
    try {
      (void)AppliedAutoencoder(autoencoder(fields), "stage[1]").output_schema(schema);
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return std::string("none");
  };
  auto schema = schema_of(3);
  schema.add("label", {});
  CHECK(field_of("", schema) == "none");
  CHECK(field_of("input_col: 'image'", schema) == "stage[1].autoencoder.input_col");
  CHECK(field_of("input_col: 'label'", schema) == "stage[1].autoencoder.input_col");
  CHECK(field_of("code_col: 'label'", schema) == "stage[1].autoencoder.code_col");
  CHECK(field_of("error_col: 'label'", schema) == "stage[1].autoencoder.error_col");
  CHECK(field_of("", schema_of(4)) == "stage[1].autoencoder.decoder.layer[0]");
  Applied trained;
  CHECK_THROWS_WITH(trained.stage().output_schema(schema_of(4)),
                    "the autoencoder was trained on 3, the column 'features' is 4");
}

TEST_CASE("what it adds to rows is what its scorer says of them", "[ml][applied_autoencoder]") {
  Applied applied("anomaly_quantile: 0.5");
  Buffer<float> packed(applied.stage().network().packed_floats());
  applied.stage().network().pack(applied.stage().parameters(), packed.span());
  std::vector<double> codes, errors;
  Scorer(applied.stage().network(), applied.stage().parameters(), packed.span(), 4)
      .score(five_rows(), {"features", "features", ""},
             [&](const Scored& scored, std::size_t, const layers::LaneResult&) {
               codes.insert(codes.end(), scored.codes.begin(), scored.codes.end());
               errors.insert(errors.end(), scored.errors.begin(), scored.errors.end());
             });
  const auto rows = applied.transformed();
  CHECK(rows.get<data::DenseVectors>("code").width == 2);
  CHECK(rows.get<data::DenseVectors>("code").values == Values<double>(std::move(codes)));
  CHECK(numbers(rows, "reconstruction_error") == Values<double>(std::move(errors)));
}

TEST_CASE("an anomaly is a row whose error is above the threshold", "[ml][applied_autoencoder]") {
  Applied applied;
  const auto errors = numbers(applied.transformed(), "reconstruction_error");
  const double threshold = errors[2];
  Applied judging("model { anomaly_threshold: " + std::to_string(threshold + 1e-6) + " }");
  const auto rows = judging.transformed();
  for (std::size_t row = 0; row < 5; ++row)
    CHECK(numbers(rows, "anomaly")[row] == (errors[row] > threshold + 1e-6 ? 1 : 0));
  CHECK(judging.pipeline.save().at(1).autoencoder().model().has_anomaly_threshold());
}

TEST_CASE("saved weights bring an applied autoencoder back", "[ml][applied_autoencoder]") {
  Applied applied;
  const auto files = weights_of(applied.earlier);
  REQUIRE(files.size() == 1);
  CHECK(files[0].name == "stage_1.safetensors");
  auto back = make_pipeline(applied.pipeline.save());
  const auto earlier = earlier_estimators(back, {});
  CHECK(back.output_schema(schema_of(3)).has("code"));
  CHECK_FALSE(earlier.at(0).stage->is_fitted());
  take_up_weights(earlier, {files[0].bytes}, "m");
  CHECK(earlier.at(0).stage->is_fitted());
  auto partition = five_rows();
  back.stages().at(1)->transform(partition, data::Phase::Scoring);
  CHECK(partition.get<data::DenseVectors>("code").values ==
        applied.transformed().get<data::DenseVectors>("code").values);
  CHECK_THROWS_AS(take_up_weights(earlier, {}, "m"), FileError);
}

TEST_CASE("estimators do not share random numbers", "[ml][applied_autoencoder]") {
  CHECK(earlier_seed(1, 0) != 1);
  CHECK(earlier_seed(1, 0) != earlier_seed(1, 1));
  CHECK(earlier_seed(1, 0) != earlier_seed(2, 0));
  CHECK(earlier_seed(1, 0) == earlier_seed(1, 0));
}

TEST_CASE("check_experiment: what may stand before the end", "[ml][applied_autoencoder]") {
  const std::string first = "stage { autoencoder { " + kLayers, end = " } } ",
                    scaler = "stage { standard_scaler { input_col: 'code' output_col: 's' } } ",
                    network = "stage { network { layer { dense { units: 2 } } ";
  CHECK(complaints(first + end + scaler + network + end).empty());
  CHECK(complaints(first + end + first + end).empty());
  CHECK(complaints(first + end + scaler) == Names{"stage: the last stage must be an estimator"});
  CHECK(complaints(network + end + scaler + network + end) ==
        Names{"stage[0]: only an autoencoder may stand before other stages, this estimator must be "
              "the last"});
  // The same number of lanes, of any size.
  CHECK(complaints(first + "global_batch: 24 lane_size: 8" + end + network +
                   "global_batch: 96 lane_size: 32" + end)
            .empty());
  CHECK(complaints(first + "global_batch: 24 lane_size: 8" + end + network + end) ==
        Names{"stage[0].autoencoder.global_batch: 3 lanes (global_batch / lane_size), but the "
              "estimator at the end has 8: rows would have to move between the ranks"});
  CHECK(complaints(first + "label_col: 'known'" + end + network + end) ==
        Names{"stage[0].autoencoder.label_col: only the estimator at the end is evaluated: nobody "
              "would read the known anomalies"});
  // What is wrong with it alone is told as at the end; what evaluates it is not looked for.
  CHECK(complaints(first + "tied_weights: true early_stopping {}" + end + network + end) ==
        Names{"stage[0].autoencoder.early_stopping: early stopping needs validation rows"});
  CHECK(complaints(first + end + network + "loss { binary_cross_entropy {} }" + end,
                   "evaluate { binary {} }")
            .empty());
}

}  // namespace lockstep::ml
