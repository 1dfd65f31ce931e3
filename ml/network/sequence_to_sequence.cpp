#include "ml/network/sequence_to_sequence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/config.hpp"
#include "core/error.hpp"
#include "data/features/sequences/token_indexer.hpp"
#include "data/features/text/byte_pairs.hpp"
#include "ml/network/text_stages.hpp"
#include "ml/network/training_fields.hpp"

namespace lockstep::ml {
namespace {

std::string no_indexer(const std::string& column) {
  return fmt::format("the words of the ids in '{}' are not known", column);
}
constexpr const char* kLetIndexer = "let a token_indexer stage make that column";

const proto::TokenIndexer& target_indexer(const proto::SequenceToSequence& config,
                                          const Stages& stages, const std::string& at) {
  const auto* indexer = indexer_of(stages, config.target_col());
  if (indexer == nullptr) {
    throw ConfigError(no_indexer(config.target_col()), {.field = child(at, "target_col")},
                      kLetIndexer);
  }
  return *indexer;
}

/// Ids of the vocabulary of a column of ids; nothing where the stages are not fitted yet.
std::uint32_t vocabulary_of(const data::ColumnType& type, const std::string& column,
                            const std::string& field) {
  const bool known = type.features && !type.features->empty() &&
                     type.features->front().kind == data::Feature::Kind::Nominal;
  if (known && type.features->front().arity > 0)
    return static_cast<std::uint32_t>(type.features->front().arity);
  if (!type.open_width) throw ConfigError(no_indexer(column), {.field = field}, kLetIndexer);
  return data::TokenIndexer::kFirstWord + 1;  // nobody computes with it
}

}  // namespace

proto::Network network_of(const proto::SequenceToSequence& config) {
  proto::Network network;
  copy_training_fields(config, network);
  if (config.has_bucket_by_length()) network.set_bucket_by_length(config.bucket_by_length());
  network.set_input_col(config.input_col());
  network.set_target_col(config.target_col());
  auto& layer = *network.add_layer();
  layer.set_name("translator");
  auto& texts = *layer.mutable_encoder_decoder();
  texts.set_cell(config.cell());
  texts.set_embedding_units(config.embedding_units());
  texts.set_units(config.units());
  texts.set_num_layers(config.num_layers());
  texts.set_bidirectional(config.bidirectional());
  texts.set_attention(config.attention());
  texts.set_dropout(config.dropout());
  network.mutable_loss()->mutable_token_cross_entropy()->set_label_smoothing(
      config.label_smoothing());
  return network;
}

void check_sequence_to_sequence(const proto::SequenceToSequence& config, const Stages& stages,
                                const std::string& at, Problems& problems) {
  for (const auto& [field, column] :
       {std::pair("input_col", config.input_col()), std::pair("target_col", config.target_col())}) {
    problems.require(indexer_of(stages, column) != nullptr, child(at, field), no_indexer(column),
                     kLetIndexer);
  }
  problems.require(
      !config.bidirectional() || config.units() % 2 == 0, child(at, "units"),
      fmt::format("{} units cannot be halved for the encoder's two directions", config.units()),
      "give an even number, or bidirectional: false");
}

void fill_from_columns(proto::EncoderDecoder& config, const proto::Network& network,
                       const data::Schema& schema, const std::string& at) {
  const std::string input_field = child(at, "input_col"), target_field = child(at, "target_col");
  const auto& input = schema.at(network.input_col(), input_field);
  const auto& target = schema.at(network.target_col(), target_field);
  if (!config.has_source_vocabulary())
    config.set_source_vocabulary(vocabulary_of(input, network.input_col(), input_field));
  if (!config.has_target_vocabulary())
    config.set_target_vocabulary(vocabulary_of(target, network.target_col(), target_field));
  if (!config.has_target_length())
    config.set_target_length(
        static_cast<std::uint32_t>(std::max<std::size_t>(1, target.shape.size())));
}

std::string reference_col(const proto::Stage& estimator, const Stages& stages) {
  if (!estimator.has_sequence_to_sequence()) return {};
  const auto* indexer = indexer_of(stages, estimator.sequence_to_sequence().target_col());
  if (indexer == nullptr) return {};
  const auto* pieces = pieces_of(stages, indexer->input_col());
  return pieces != nullptr ? pieces->input_col() : indexer->input_col();
}

TargetTexts::TargetTexts(const proto::SequenceToSequence& config, const Stages& stages,
                         std::size_t longest, const std::string& at) {
  const auto& indexer = target_indexer(config, stages, at);
  words_.assign(indexer.model().vocabulary().begin(), indexer.model().vocabulary().end());
  pieces_ = pieces_of(stages, indexer.input_col()) != nullptr;
  options_.beam_width = config.beam_width();
  options_.max_words = config.has_max_length() ? config.max_length() : longest;
  options_.length_penalty = config.length_penalty();
}

std::vector<std::string> TargetTexts::words(const layers::WrittenText& ids) const {
  std::vector<std::string> words;
  bool open = false;  // the last word may go on
  for (const auto id : ids) {
    expects(id >= static_cast<std::int32_t>(data::TokenIndexer::kFirstWord),
            "a text is written in words");
    std::string_view piece =
        words_.at(static_cast<std::size_t>(id) - data::TokenIndexer::kFirstWord);
    if (!open) words.emplace_back();
    open = pieces_ && !piece.ends_with(data::kEndOfWord);
    if (pieces_ && !open) piece.remove_suffix(data::kEndOfWord.size());
    words.back() += piece;
  }
  return words;
}

}  // namespace lockstep::ml
