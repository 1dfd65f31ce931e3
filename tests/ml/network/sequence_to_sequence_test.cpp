// Sequence to sequence as an estimator: its network, its columns, words out of ids.
#include "ml/network/sequence_to_sequence.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "core/proto/experiment.pb.h"
#include "ml/pipeline/experiment.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

proto::Experiment experiment(const std::string& stages) {
  proto::Experiment parsed;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(
      "name: 't' data { train { text { path: 'x' } } } " + stages, &parsed));
  return parsed;
}

const std::string kSource =
    "stage { tokenizer { input_col: 'text' output_col: 'words' } } "
    "stage { token_indexer { input_col: 'words' output_col: 'source' } } ";
const std::string kPieces =
    "stage { byte_pair_encoder { input_col: 'words' output_col: 'pieces' } } "
    "stage { token_indexer { input_col: 'pieces' output_col: 'target' "
    "model { vocabulary: 'new' vocabulary: 'est</w>' vocabulary: 'way</w>' max_length: 5 } } } ";
const std::string kWords =
    "stage { token_indexer { input_col: 'words' output_col: 'target' "
    "model { vocabulary: 'ein' vocabulary: 'Haus</w>' max_length: 5 } } } ";
std::string translator(const std::string& fields = "") {
  return "stage { sequence_to_sequence { input_col: 'source' target_col: 'target' " + fields +
         " } } ";
}

std::vector<std::string> complaints(const std::string& stages) {
  Problems problems;
  check_experiment(experiment(stages), problems);
  std::vector<std::string> all;
  try {
    problems.throw_if_any({});
  } catch (const Error& error) {
    all.push_back(error.where().field + ": " + error.what());
  }
  return all;
}

const proto::SequenceToSequence& stage_of(const proto::Experiment& all) {
  return all.stage(all.stage_size() - 1).sequence_to_sequence();
}

}  // namespace

TEST_CASE("sequence_to_sequence: the network that it trains", "[ml][sequence_to_sequence]") {
  const auto all = experiment(kSource + kPieces +
                              translator("cell: GRU units: 32 dropout: 0.25 label_smoothing: 0.1 "
                                         "epochs: 3 gradient_clip { norm: 1 }"));
  const auto network = network_of(stage_of(all));
  CHECK(network.input_col() == "source");
  CHECK(network.target_col() == "target");
  CHECK(network.epochs() == 3);
  CHECK(network.gradient_clip().norm() == 1);
  REQUIRE(network.layer_size() == 1);
  const auto& layer = network.layer(0).encoder_decoder();
  CHECK(layer.cell() == proto::EncoderDecoder::GRU);
  CHECK(layer.units() == 32);
  CHECK(layer.dropout() == 0.25);
  CHECK_FALSE(layer.has_source_vocabulary());
  CHECK(network.loss().token_cross_entropy().label_smoothing() == 0.1);
}

TEST_CASE("sequence_to_sequence: what its columns tell", "[ml][sequence_to_sequence]") {
  data::Schema schema;
  const auto ids = [](std::size_t length, std::size_t words) {
    return data::vector_type(
        std::vector<data::Feature>(length, {"id", data::Feature::Kind::Nominal, words, {}}));
  };
  schema.add("source", ids(7, 50));
  schema.add("target", ids(5, 60));
  schema.add("numbers", data::vector_type(3));
  const auto all = experiment(kSource + kWords + translator());
  auto network = network_of(stage_of(all));
  auto& layer = *network.mutable_layer(0)->mutable_encoder_decoder();
  fill_from_columns(layer, network, schema, "stage[3].sequence_to_sequence");
  CHECK(layer.source_vocabulary() == 50);
  CHECK(layer.target_vocabulary() == 60);
  CHECK(layer.target_length() == 5);
  network.set_target_col("numbers");
  layer.clear_target_vocabulary();
  CHECK_THROWS_AS(fill_from_columns(layer, network, schema, "stage[3].sequence_to_sequence"),
                  ConfigError);
}

TEST_CASE("sequence_to_sequence: words out of ids, pieces joined", "[ml][sequence_to_sequence]") {
  const auto pieces = experiment(kSource + kPieces + translator("beam_width: 3"));
  const std::string at = "stage[4].sequence_to_sequence";
  const TargetTexts joined(stage_of(pieces), pieces.stage(), 5, at);
  CHECK(joined.words({4, 5, 6}) == std::vector<std::string>{"newest", "way"});
  CHECK(joined.words({6, 4}) == std::vector<std::string>{"way", "new"});
  CHECK(joined.words({}).empty());
  CHECK(joined.options().beam_width == 3);
  CHECK(joined.options().max_words == 5);
  CHECK(reference_col(pieces.stage(4), pieces.stage()) == "words");

  const auto words = experiment(kSource + kWords + translator("max_length: 9"));
  const TargetTexts plain(stage_of(words), words.stage(), 5, at);
  CHECK(plain.words({4, 5}) == std::vector<std::string>{"ein", "Haus</w>"});
  CHECK(plain.options().max_words == 9);
  CHECK(reference_col(words.stage(3), words.stage()) == "words");
  CHECK(reference_col(words.stage(0), words.stage()).empty());
}

TEST_CASE("sequence_to_sequence: what does not fit is said", "[ml][sequence_to_sequence]") {
  CHECK(complaints(kSource + kPieces + translator()).empty());
  const auto without = complaints(kSource + translator());
  REQUIRE(without.size() == 1);
  CHECK(without[0] ==
        "stage[2].sequence_to_sequence.target_col: the words of the ids in 'target' "
        "are not known");
  const auto odd = complaints(kSource + kPieces + translator("units: 5"));
  REQUIRE(odd.size() == 1);
  CHECK(odd[0].find("5 units cannot be halved") != std::string::npos);
  CHECK(complaints(kSource + kPieces + translator("units: 5 bidirectional: false")).empty());
  CHECK(complaints(kSource + kPieces + translator("global_batch: 20")).size() == 1);
}

}  // namespace lockstep::ml
