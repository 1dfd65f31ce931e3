#include "ml/network/word_vectors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/serial.hpp"
#include "data/features/sequences/token_indexer.hpp"
#include "data/features/text/vocabulary.hpp"
#include "data/features/text/word_vectors.hpp"
#include "dist/session.hpp"
#include "ml/network/network_config.hpp"
#include "ml/network/text_stages.hpp"

namespace lockstep::ml {
namespace {

using Words = google::protobuf::RepeatedPtrField<std::string>;

/// use(embedding, its config path) for every one in `message`.
template <typename Use>
void for_each_embedding(const google::protobuf::Message& message, const std::string& at,
                        const Use& use) {
  if (const auto* embedding = dynamic_cast<const proto::Embedding*>(&message))
    return use(*embedding, at);
  const auto& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string path = at + "." + field->name();
    if (!field->is_repeated()) {
      for_each_embedding(reflection.GetMessage(message, field), path, use);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      for_each_embedding(reflection.GetRepeatedMessage(message, field, i),
                         fmt::format("{}[{}]", path, i), use);
    }
  }
}

std::string columns_of_word2vec(const proto::Experiment& experiment) {
  std::vector<std::string> columns;
  for (const auto& stage : experiment.stage()) {
    if (stage.has_word2vec()) columns.push_back(stage.word2vec().output_col());
  }
  return columns.empty() ? "there is none; put one before the network"
                         : fmt::format("there are: {}", fmt::join(columns, ", "));
}

void check_embedding(const proto::Embedding& embedding, const std::string& at,
                     const proto::Experiment& experiment, const std::string& input_col,
                     Problems& problems) {
  if (!embedding.has_from_stage() && !embedding.has_from_file()) return;
  const std::string field = at + (embedding.has_from_stage() ? ".from_stage" : ".from_file");
  problems.require(!embedding.has_from_stage() || !embedding.has_from_file(), field,
                   "vectors come from a stage or from a file, not from both", "leave one out");
  problems.require(indexer_of(experiment.stage(), input_col) != nullptr, field,
                   fmt::format("the words of the ids in '{}' are not known", input_col),
                   "let a token_indexer stage make that column");
  if (!embedding.has_from_stage()) return;
  const auto* stage = word2vec_of(experiment.stage(), embedding.from_stage());
  problems.require(stage != nullptr, field,
                   fmt::format("no word2vec stage makes the column '{}'", embedding.from_stage()),
                   columns_of_word2vec(experiment));
  if (stage == nullptr || stage->vector_size() == embedding.units()) return;
  problems.add(at + ".units",
               fmt::format("{} units, but the vectors of '{}' have {} numbers", embedding.units(),
                           embedding.from_stage(), stage->vector_size()),
               fmt::format("write units: {}, or another vector_size", stage->vector_size()));
}

/// The vectors a fitted stage has of these words.
data::WordVectors vectors_of_stage(const proto::Word2Vec& stage,
                                   const data::Vocabulary& vocabulary) {
  const auto& model = stage.model();
  const std::size_t width = stage.vector_size();
  data::WordVectors vectors;
  for (int i = 0; i < model.vocabulary_size(); ++i) {
    const auto word = vocabulary.find(model.vocabulary(i));
    if (!word) continue;
    vectors.words.push_back(*word);
    const auto first = model.vectors().begin() +
                       static_cast<std::ptrdiff_t>(i) * static_cast<std::ptrdiff_t>(width);
    vectors.values.insert(vectors.values.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return vectors;
}

/// COLLECTIVE. What the driver reads, on all ranks.
data::WordVectors vectors_of_file(const Context& context, const std::string& path,
                                  const data::Vocabulary& vocabulary, std::size_t width) {
  data::WordVectors vectors;
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) vectors = data::read_word_vectors(path, vocabulary, width);
  });
  Writer out;
  out.values(vectors.words);
  out.values(vectors.values);
  std::string bytes = out.take();
  context.ranks.broadcast(bytes);
  Reader in(bytes);
  vectors.words = in.values<std::uint32_t>();
  vectors.values = in.values<float>();
  return vectors;
}

void refuse_other_words(const layers::ParameterInfo& info, const data::Vocabulary& vocabulary) {
  const auto known = vocabulary.size() + data::TokenIndexer::kFirstWord;
  if (static_cast<std::size_t>(info.shape.at(0)) == known) return;
  throw ConfigError(fmt::format("{} ids, but the token_indexer has {}", info.shape.at(0), known),
                    {.field = info.field + ".vocabulary_size"},
                    "leave it out: the column tells how many there are");
}

}  // namespace

void check_word_vectors(const proto::Stage& stage, const std::string& at,
                        const proto::Experiment& experiment, Problems& problems) {
  const std::string input_col = network_of(stage).input_col();
  for_each_embedding(stage, at, [&](const proto::Embedding& embedding, const std::string& field) {
    check_embedding(embedding, field, experiment, input_col, problems);
  });
}

void start_with_word_vectors(const Context& context, const data::Pipeline& pipeline,
                             const std::string& input_col, layers::Network& network) {
  const auto wants = [](const layers::Parameter& parameter) {
    return !parameter.info.start_stage.empty() || !parameter.info.start_file.empty();
  };
  if (std::none_of(network.parameters().begin(), network.parameters().end(), wants)) return;
  const auto stages = pipeline.save();
  const auto* indexer = indexer_of(stages, input_col);
  expects(indexer != nullptr, "check_word_vectors has seen the token_indexer");
  const Words& words = indexer->model().vocabulary();
  const data::Vocabulary vocabulary({words.begin(), words.end()});
  for (const auto& parameter : network.parameters()) {
    const auto& info = parameter.info;
    if (!wants(parameter)) continue;
    dist::all_or_none(context.ranks, [&] { refuse_other_words(info, vocabulary); });
    auto vectors = info.start_file.empty()
                       ? vectors_of_stage(*word2vec_of(stages, info.start_stage), vocabulary)
                       : vectors_of_file(context, info.start_file, vocabulary,
                                         static_cast<std::size_t>(info.shape.at(1)));
    if (context.is_driver()) {
      log::info("{}: {} of {} words start with the vectors of {}", info.name, vectors.words.size(),
                vocabulary.size(), info.start_file.empty() ? info.start_stage : info.start_file);
    }
    layers::StartRows start;
    for (const auto word : vectors.words)
      start.rows.push_back(word + data::TokenIndexer::kFirstWord);
    start.values = std::move(vectors.values);
    network.start_with(parameter, std::move(start));
  }
}

}  // namespace lockstep::ml
