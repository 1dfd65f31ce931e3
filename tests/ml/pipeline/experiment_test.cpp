#include "ml/pipeline/experiment.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

proto::Experiment experiment_of(const std::string& text) {
  proto::Experiment experiment;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &experiment));
  return experiment;
}

// What check_experiment says, in the form "field: what"; empty if it is content.
std::string complaint(const std::string& text) {
  Problems problems;
  check_experiment(experiment_of(text), problems);
  try {
    problems.throw_if_any({});
  } catch (const ConfigError& error) {
    return to_string(error.where()) + ": " + error.what();
  }
  return "";
}

std::string with_network(const std::string& fields, const std::string& data = "") {
  return "name: 'a' data { train { synthetic { rows: 9 } } " + data +
         " } stage { network { layer { dense { units: 2 } } " + fields + " } }";
}

TEST_CASE("check_experiment is content with a plain network", "[ml][experiment]") {
  CHECK(complaint(with_network("")).empty());
  CHECK(complaint("stage { image_feature { height: 2 width: 2 } } stage { network { layer { "
                  "flatten {} } } }")
            .empty());
}

TEST_CASE("check_experiment wants an estimator", "[ml][experiment]") {
  CHECK(complaint("") == "stage: there is no estimator among the stages");
  CHECK(complaint("stage { image_feature { height: 2 width: 2 } }") ==
        "stage: there is no estimator among the stages");
  CHECK(complaint("stage { network {} }") ==
        "stage[0].network.layer: a network needs at least one layer");
}

TEST_CASE("check_experiment: estimators stand anywhere, with the same number of lanes",
          "[ml][experiment]") {
  const std::string first =
      "stage { autoencoder { encoder { layer { dense { units: 2 } } } decoder { layer { dense { "
      "units: 3 } } } ";
  const std::string end = " } } ",
                    scaler = "stage { standard_scaler { input_col: 'code' output_col: 's' } } ",
                    network = "stage { network { layer { dense { units: 2 } } ";
  CHECK(complaint(first + end + scaler + network + end).empty());
  CHECK(complaint(first + end + scaler).empty());
  CHECK(complaint(network + end + scaler + network + end).empty());
  CHECK(complaint(first + "global_batch: 24 lane_size: 8" + end + network +
                  "global_batch: 96 lane_size: 32" + end)
            .empty());
  CHECK(complaint(first + "global_batch: 24 lane_size: 8" + end + network + end) ==
        "stage[0].autoencoder.global_batch: 3 lanes (global_batch / lane_size), but a later "
        "estimator has 8: rows would have to move between the ranks");
  CHECK(complaint(first + "early_stopping {}" + end + network + end) ==
        "stage[0].autoencoder.early_stopping: early stopping needs validation rows");
}

TEST_CASE("check_experiment: lanes must divide the batch, and the partitions", "[ml][experiment]") {
  CHECK(complaint(with_network("global_batch: 24 lane_size: 8", "partitions: 6")).empty());
  CHECK(complaint(with_network("global_batch: 20 lane_size: 8")) ==
        "stage[0].network.global_batch: global_batch 20 is not a multiple of lane_size 8");
  CHECK(complaint(with_network("global_batch: 24 lane_size: 8", "partitions: 8")) ==
        "data.partitions: 8 partitions cannot be shared out evenly to 3 lanes (global_batch / "
        "lane_size)");
}

TEST_CASE("check_experiment: a series is cut in time, not at random", "[ml][experiment]") {
  const auto with = [](const std::string& data) {
    return complaint("data { train { csv { path: 'a.csv' } } " + data +
                     " } stage { windows { input_cols: 'x' length: 3 } } stage { network { layer { "
                     "flatten {} } } }");
  };
  CHECK(with("").empty());
  CHECK(with("split { weights: [8, 2] in_order: true }").empty());
  CHECK(with("split { weights: [8, 2] order_by: 'day' }").empty());
  const std::string holes = ": rows set aside at random leave holes in the windows of a series";
  CHECK(with("split { weights: [8, 2] }") == "data.split" + holes);
  CHECK(with("split { weights: [8, 2] stratify_by: 'x' }") == "data.split" + holes);
  CHECK(with("validation_fraction: 0.1") == "data.validation_fraction" + holes);
}

TEST_CASE("check_experiment: what looks at validation rows needs some", "[ml][experiment]") {
  const std::string fraction = "validation_fraction: 0.2 ",
                    file = "validation { synthetic { rows: 5 } }";
  for (const std::string fields :
       {"early_stopping {}", "learning_rate_schedule { reduce_on_plateau {} }"}) {
    CHECK(complaint(with_network(fields)).find("needs validation rows") != std::string::npos);
    CHECK(complaint(with_network(fields, fraction)).empty());
    CHECK(complaint(with_network(fields, file)).empty());
  }
  CHECK(complaint(with_network("", fraction + file)) ==
        "data.validation_fraction: validation rows are given twice");
}

TEST_CASE("check_experiment: Nesterov needs momentum", "[ml][experiment]") {
  CHECK(complaint(with_network("optimizer { sgd { nesterov: true } }")) ==
        "stage[0].network.optimizer.sgd.nesterov: Nesterov needs momentum");
  CHECK(complaint(with_network("optimizer { sgd { nesterov: true momentum: 0.9 } }")).empty());
}

TEST_CASE("partitions are the smallest multiple of the lanes that is at least 64",
          "[ml][experiment]") {
  const auto partitions = [](const std::string& fields, const std::string& data = "") {
    return partitions_of(experiment_of(with_network(fields, data)));
  };
  CHECK(partitions("global_batch: 128 lane_size: 16") == 64);
  CHECK(partitions("global_batch: 24 lane_size: 8") == 66);
  CHECK(partitions("global_batch: 8 lane_size: 8") == 64);
  CHECK(partitions("global_batch: 1024 lane_size: 8") == 128);
  CHECK(partitions("global_batch: 24 lane_size: 8", "partitions: 6") == 6);
  CHECK(partitions_of(experiment_of("data { train { synthetic { rows: 9 } } }")) == 64);
}

TEST_CASE("check_experiment: vectors of words come from stages that are there and fit",
          "[ml][experiment]") {
  const auto with = [](const std::string& stages, const std::string& embedding) {
    return complaint(stages +
                     " stage { network { input_col: 'ids' layer { concatenate { branch { "
                     "layer { embedding { units: 8 vocabulary_size: 50 " +
                     embedding + " } } } } } layer { mean_over_time {} } } }");
  };
  const std::string indexer = "stage { token_indexer { input_col: 'words' output_col: 'ids' } } ";
  const std::string word2vec =
      "stage { word2vec { input_col: 'words' output_col: 'meaning' vector_size: 8 } } ";
  const std::string at = "stage[2].network.layer[0].concatenate.branch[0].layer[0].embedding";
  CHECK(with(word2vec + indexer, "from_stage: 'meaning'").empty());
  CHECK(with(indexer, "from_file: 'vectors.txt'").empty());
  CHECK(with(word2vec + indexer, "from_stage: 'words'") ==
        at + ".from_stage: no word2vec stage makes the column 'words'");
  CHECK(with(word2vec + indexer, "from_stage: 'meaning' from_file: 'a.txt'") ==
        at + ".from_stage: vectors come from a stage or from a file, not from both");
  CHECK(with(word2vec + word2vec, "from_file: 'a.txt'") ==
        at + ".from_file: the words of the ids in 'ids' are not known");
  const std::string narrow =
      "stage { word2vec { input_col: 'words' output_col: 'meaning' vector_size: 5 } } ";
  CHECK(with(narrow + indexer, "from_stage: 'meaning'") ==
        at + ".units: 8 units, but the vectors of 'meaning' have 5 numbers");
}

}  // namespace
}  // namespace lockstep::ml
