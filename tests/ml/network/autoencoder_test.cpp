#include "ml/network/autoencoder.hpp"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/proto/experiment.pb.h"
#include "core/random.hpp"
#include "ml/network/network_config.hpp"
#include "ml/network/network_models.hpp"
#include "ml/pipeline/experiment.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

template <typename Message>
Message parsed(const std::string& text) {
  Message message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

proto::Autoencoder autoencoder(const std::string& text) { return parsed<proto::Autoencoder>(text); }

const std::string kLayers =
    "encoder { layer { dense { units: 4 activation: TANH } } layer { dense { units: 2 } } } "
    "decoder { layer { dense { units: 4 } } layer { name: 'out' dense { units: 6 } } } ";

std::vector<std::string> names_of(const proto::Network& network) {
  std::vector<std::string> names;
  for (const auto& layer : network.layer()) names.push_back(layer.name());
  return names;
}

// What check_experiment says of an autoencoder of these fields.
std::string complaint(const std::string& fields, const std::string& more = "") {
  const auto experiment = parsed<proto::Experiment>(
      "name: 'a' data { train { synthetic { rows: 9 } } } stage { autoencoder { " + fields +
      " } } " + more);
  Problems problems;
  check_experiment(experiment, problems);
  try {
    problems.throw_if_any({});
  } catch (const ConfigError& error) {
    return to_string(error.where()) + ": " + error.what();
  }
  return "";
}

// The field and the words of the error that compiling it for this input ends with.
std::string compile_error(const std::string& fields, const Shape& input) {
  proto::Stage stage;
  *stage.mutable_autoencoder() = autoencoder(fields);
  try {
    layers::prepare_thread();
    (void)compile(stage, network_of(stage), input, "stage[1].autoencoder");
  } catch (const ConfigError& error) {
    return error.where().field + ": " + error.what();
  }
  return "";
}

/// Rows of six numbers in [0, 1), cut into partitions.
data::Dataset rows_of(std::size_t rows, std::size_t partitions) {
  const Random random(3, Purpose::Test);
  data::Dataset dataset;
  dataset.rows = rows;
  dataset.partitions = partitions;
  dataset.block = {0, partitions};
  dataset.schema.add("features", data::vector_type(6));
  for (std::size_t p = 0; p < partitions; ++p) {
    data::Partition partition;
    partition.index = p;
    std::vector<std::uint64_t> ids;
    std::vector<double> values;
    for (auto i = data::partition_begin(rows, partitions, p);
         i < data::partition_begin(rows, partitions, p + 1); ++i) {
      ids.push_back(i);
      for (std::size_t j = 0; j < 6; ++j) values.push_back(random.uniform(i * 6 + j));
    }
    partition.row_ids = std::move(ids);
    partition.set("features", data::DenseVectors{6, std::move(values)});
    dataset.own.push_back(std::move(partition));
  }
  return dataset;
}

/// A small autoencoder with the weights it starts with.
struct Bench {
  explicit Bench(const std::string& fields) {
    layers::prepare_thread();
    *stage.mutable_autoencoder() = autoencoder(fields);
    const auto config = network_of(stage);
    network = compile(stage, config, {6}, "stage[0].autoencoder");
    parameters = Buffer<float>(network->parameter_floats());
    packed = Buffer<float>(network->packed_floats());
    network->initialize(7, parameters.span());
    network->pack(parameters.span(), packed.span());
    scorer = std::make_unique<Scorer>(*network, parameters.span(), packed.span(), 4);
  }

  proto::Stage stage;
  std::unique_ptr<layers::Network> network;
  Buffer<float> parameters, packed;
  std::unique_ptr<Scorer> scorer;
  LaneColumns columns{"features", "features"};
};

std::vector<double> all_errors(const data::Dataset& errors) {
  std::vector<double> all;
  for (const auto& partition : errors.own) {
    const auto& values = partition.get<data::Numbers>(kErrorColumn).values;
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("an autoencoder is a network whose target is its input", "[ml][autoencoder]") {
  const auto network =
      network_of(autoencoder(kLayers + "input_col: 'x' label_col: 'known' epochs: 3 max_steps: 9 "
                                       "optimizer { sgd { momentum: 0.5 } } monitor: LOSS "
                                       "shuffle: false checkpoint { every_steps: 2 }"));
  CHECK(network.input_col() == "x");
  CHECK(network.target_col() == "x");
  CHECK_FALSE(network.has_label_col());
  CHECK(network.epochs() == 3);
  CHECK(network.max_steps() == 9);
  CHECK(network.optimizer().sgd().momentum() == 0.5);
  CHECK(network.has_monitor());
  CHECK_FALSE(network.shuffle());
  CHECK(network.checkpoint().every_steps() == 2);
  CHECK(network.loss().has_mean_squared_error());
  CHECK(names_of(network) ==
        std::vector<std::string>{"encoder.dense_0", "encoder.dense_1", "decoder.dense_0", "out"});
  CHECK(network_of(autoencoder(kLayers + "loss { huber {} }")).loss().has_huber());
}

TEST_CASE("the training fields of an autoencoder and a network have the same defaults",
          "[ml][autoencoder]") {
  const auto& of_network = *proto::Network::descriptor();
  int compared = 0;
  for (int i = 0; i < proto::Autoencoder::descriptor()->field_count(); ++i) {
    const auto* field = proto::Autoencoder::descriptor()->field(i);
    const auto* namesake = of_network.FindFieldByName(field->name());
    if (namesake == nullptr || field->name() == "model" || field->name() == "label_col") continue;
    INFO(field->name());
    CHECK(field->type() == namesake->type());
    CHECK(field->has_default_value() == namesake->has_default_value());
    CHECK(field->DebugString().substr(0, field->DebugString().find('=')) ==
          namesake->DebugString().substr(0, namesake->DebugString().find('=')));
    switch (field->cpp_type()) {
      case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
        CHECK(field->default_value_uint32() == namesake->default_value_uint32());
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
        CHECK(field->default_value_bool() == namesake->default_value_bool());
        break;
      case google::protobuf::FieldDescriptor::CPPTYPE_ENUM:
        CHECK(field->default_value_enum() == namesake->default_value_enum());
        break;
      default:
        break;
    }
    ++compared;
  }
  CHECK(compared == 16);
}

TEST_CASE("noise comes before the encoder, the drawn code before the decoder",
          "[ml][autoencoder]") {
  const auto config =
      autoencoder(kLayers + "noise: 0.2 corruption: 0.3 variational { kl_weight: 0.5 }");
  const auto network = network_of(config);
  CHECK(names_of(network) == std::vector<std::string>{"noise", "corruption", "encoder.dense_0",
                                                      "encoder.dense_1", "mean_and_log_variance",
                                                      "code", "decoder.dense_0", "out"});
  CHECK(network.layer(0).gaussian_noise().deviation() == 0.2);
  CHECK(network.layer(1).dropout().rate() == 0.3);
  CHECK(network.layer(4).dense().units() == 4);
  CHECK(network.layer(5).variational_code().kl_weight() == 0.5);
  const auto outline = outline_of(config, "stage[1].autoencoder");
  CHECK(outline.tap == 5u);
  CHECK(outline.fields ==
        std::vector<std::string>{
            "stage[1].autoencoder.noise", "stage[1].autoencoder.corruption",
            "stage[1].autoencoder.encoder.layer[0]", "stage[1].autoencoder.encoder.layer[1]",
            "stage[1].autoencoder.variational", "stage[1].autoencoder.variational",
            "stage[1].autoencoder.decoder.layer[0]", "stage[1].autoencoder.decoder.layer[1]"});
}

TEST_CASE("tied weights: the decoder's dense layers mirror the encoder's", "[ml][autoencoder]") {
  const auto network = network_of(autoencoder(kLayers + "tied_weights: true"));
  CHECK(network.layer(2).dense().tied_to() == "encoder.dense_1");
  CHECK(network.layer(3).dense().tied_to() == "encoder.dense_0");
  CHECK_FALSE(network.layer(1).dense().has_tied_to());
}

TEST_CASE("check_experiment: what an autoencoder needs", "[ml][autoencoder]") {
  const std::string at = "stage[0].autoencoder.";
  CHECK(complaint(kLayers).empty());
  CHECK(complaint("decoder { layer { flatten {} } }") ==
        at + "encoder: an autoencoder needs at least one layer in its encoder");
  CHECK(complaint("encoder { layer { flatten {} } }") ==
        at + "decoder: an autoencoder needs at least one layer in its decoder");
  CHECK(complaint(kLayers + "loss { cross_entropy {} }").find(at + "loss: cross_entropy") == 0);
  CHECK(complaint("tied_weights: true encoder { layer { dense { units: 2 } } } decoder { layer { "
                  "activation { kind: RELU } } }")
            .find("there are 1 and 0") != std::string::npos);
  CHECK(complaint("variational {} encoder { layer { flatten {} } } decoder { layer { dense { "
                  "units: 2 } } }")
            .find(at + "variational: the encoder") == 0);
  CHECK(complaint(kLayers, "evaluate { regression {} } evaluate { binary {} }") ==
        "evaluate[1].binary: there are no known anomalies to compare an autoencoder's errors with");
  CHECK(complaint(kLayers + "label_col: 'known'", "evaluate { binary {} }").empty());
  CHECK(complaint(kLayers + "global_batch: 20 lane_size: 8") ==
        at + "global_batch: global_batch 20 is not a multiple of lane_size 8");
}

TEST_CASE("compiling an autoencoder names the fields of its own layers", "[ml][autoencoder]") {
  CHECK(compile_error(kLayers, {6}).empty());
  CHECK(compile_error(kLayers, {1, 2, 3}).empty());  // an image, given back flat
  CHECK(compile_error(kLayers, {7}) ==
        "stage[1].autoencoder.decoder.layer[1]: the decoder gives 6, the input column 'features' "
        "is 7");
  const std::string convolution = "layer { conv2d { filters: 3 kernel_size: 3 padding: SAME } } ";
  CHECK(compile_error("encoder { " + convolution + "} decoder { " + convolution + "}", {3, 4, 4})
            .empty());
  CHECK(compile_error("encoder { " + convolution + "} decoder { " + convolution + "}", {1, 4, 4}) ==
        "stage[1].autoencoder.decoder.layer[0]: the decoder gives 3x4x4, the input column "
        "'features' is 1x4x4");
  CHECK(
      compile_error("encoder { layer { dense { units: 2 } } } decoder { " + convolution + "}", {6})
          .find("stage[1].autoencoder.decoder.layer[0].conv2d: ") == 0);
  CHECK(compile_error("encoder { layer { residual { " + convolution +
                          " } } } decoder { layer { "
                          "dense { units: 6 } } }",
                      {6})
            .find("stage[1].autoencoder.encoder.layer[0].residual.layer[0].conv2d: ") == 0);
}

TEST_CASE("codes are what the encoder alone gives, errors the mean squares of what is missing",
          "[ml][autoencoder]") {
  Bench bench(kLayers);
  CHECK(bench.network->tap_size() == 2);
  const auto rows = rows_of(11, 1);
  const auto& x = rows.own[0].get<data::DenseVectors>("features");

  // The encoder as a network of its own, with the same weights.
  proto::Network config;
  config.set_lane_size(4);
  *config.add_layer() = network_of(bench.stage).layer(0);
  *config.add_layer() = network_of(bench.stage).layer(1);
  const layers::Network encoder(config, {6}, "network");
  Buffer<float> parameters(encoder.parameter_floats()), packed(encoder.packed_floats());
  for (const auto& parameter : encoder.parameters()) {
    for (const auto& whole : bench.network->parameters()) {
      if (whole.info.name != parameter.info.name) continue;
      std::vector<float> plain(Shape(whole.info.shape).size());
      bench.network->to_plain(whole, bench.parameters.span(), plain);
      encoder.from_plain(parameter, plain, parameters.span());
    }
  }
  encoder.pack(parameters.span(), packed.span());
  std::vector<float> expected;
  Scorer(encoder, parameters.span(), packed.span(), 4)
      .score(rows.own[0], {"features", ""}, [&](const ScoredRows& scored) {
        CHECK(scored.tap.empty());
        expected.insert(expected.end(), scored.outputs.begin(), scored.outputs.end());
      });

  std::vector<float> codes;
  bench.scorer->score(rows.own[0], bench.columns, [&](const ScoredRows& scored) {
    codes.insert(codes.end(), scored.tap.begin(), scored.tap.end());
    std::vector<float> errors;
    mean_squares(rows.own[0], scored, errors);
    double loss = 0;
    for (std::size_t row = 0; row < scored.rows; ++row) {
      double sum = 0;
      for (std::size_t j = 0; j < 6; ++j)
        sum += std::pow(
            static_cast<double>(scored.outputs[row * 6 + j]) - x.row(scored.first + row)[j], 2);
      CHECK(errors[row] == Approx(sum / 6).epsilon(1e-5));
      loss += errors[row];
    }
    CHECK(scored.sums->loss == Approx(loss).epsilon(1e-5));
  });
  CHECK(codes == expected);
  CHECK(codes.size() == 22);
}

TEST_CASE("a code of images is told channel by channel, row by row", "[ml][autoencoder]") {
  // 16 channels lie in blocks inside oneDNN. A kernel of one pixel: the code is w_c x + b_c.
  layers::prepare_thread();
  proto::Stage stage;
  *stage.mutable_autoencoder() = autoencoder(
      "encoder { layer { conv2d { filters: 16 kernel_size: 1 } } } "
      "decoder { layer { conv2d { filters: 1 kernel_size: 1 } } }");
  const auto config = network_of(stage);
  const auto network = compile(stage, config, {1, 4, 4}, "autoencoder");
  Buffer<float> parameters(network->parameter_floats()), packed(network->packed_floats());
  for (const auto& parameter : network->parameters()) {
    std::vector<float> plain(Shape(parameter.info.shape).size(), 0.5f);
    if (parameter.info.name == "encoder.conv2d_0.weight")
      std::iota(plain.begin(), plain.end(), 1.0f);
    network->from_plain(parameter, plain, parameters.span());
  }
  network->pack(parameters.span(), packed.span());
  layers::Worker worker(*network);
  for (const std::size_t rows : {3u, 16u}) {
    auto input = worker.input(rows);
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 32);
    const std::vector<float> x(input.begin(), input.end());
    const std::vector<std::uint64_t> ids(rows);
    layers::Worker::Pass pass;
    pass.rows = rows;
    pass.row_ids = ids;
    pass.parameters = parameters.span();
    pass.packed = packed.span();
    worker.predict(pass);
    const auto codes = worker.tap();
    REQUIRE(codes.size() == rows * 16 * 16);
    std::size_t wrong = 0;
    for (std::size_t n = 0; n < rows; ++n) {
      for (std::size_t c = 0; c < 16; ++c) {
        for (std::size_t p = 0; p < 16; ++p)
          wrong += codes[(n * 16 + c) * 16 + p] != static_cast<float>(c + 1) * x[n * 16 + p] + 0.5f;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("the threshold is an order statistic of the errors, however the rows are cut",
          "[ml][autoencoder]") {
  constexpr std::size_t kRows = 57;
  Bench bench(kLayers);
  ThreadPool threads(2, [] { layers::prepare_thread(); });
  auto sorted = all_errors(errors_of(threads, *bench.scorer, rows_of(kRows, 1), "features"));
  REQUIRE(sorted.size() == kRows);
  std::sort(sorted.begin(), sorted.end());
  for (const std::size_t partitions : {1u, 2u, 5u, 60u}) {
    const auto errors = errors_of(threads, *bench.scorer, rows_of(kRows, partitions), "features");
    const data::TrainingRows fitting(nullptr, threads, errors, 1);
    for (const double quantile : {0.01, 0.25, 0.5, 0.95, 0.99}) {
      INFO(partitions << " partitions, quantile " << quantile);
      const auto nth = static_cast<std::size_t>(std::ceil(quantile * kRows));
      CHECK(error_quantile(fitting, quantile) == sorted[nth - 1]);
    }
  }
  const auto none = errors_of(threads, *bench.scorer, rows_of(0, 3), "features");
  CHECK(error_quantile(data::TrainingRows(nullptr, threads, none, 1), 0.5) == std::nullopt);
}

TEST_CASE("a row whose error is not finite is named", "[ml][autoencoder]") {
  Bench bench(kLayers);
  auto rows = rows_of(9, 1);
  std::vector<double> values(9 * 6, 0.5);
  values[5 * 6] = std::nan("");
  rows.own[0].set("features", data::DenseVectors{6, std::move(values)});
  try {
    ThreadPool threads(1, [] { layers::prepare_thread(); });
    errors_of(threads, *bench.scorer, rows, "features");
    FAIL("a NaN is no error");
  } catch (const DataError& error) {
    CHECK(std::string(error.what()) ==
          "number 1 of column 'features' is missing or not a number, in row 6 (counted from 1)");
  }
}

TEST_CASE("known anomalies stand in a number column", "[ml][autoencoder]") {
  data::Schema schema;
  schema.add("known", data::ColumnType{});
  schema.add("name", {data::ColumnType::Kind::String});
  CHECK(anomaly_label(autoencoder(kLayers), schema, "at").empty());
  CHECK(anomaly_label(autoencoder("label_col: 'known'"), schema, "at") == "known");
  CHECK_THROWS_AS(anomaly_label(autoencoder("label_col: 'name'"), schema, "at"), ConfigError);
  CHECK_THROWS_AS(anomaly_label(autoencoder("label_col: 'else'"), schema, "at"), ConfigError);
}

}  // namespace lockstep::ml
