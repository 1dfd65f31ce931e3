#include "ml/loaded_model.hpp"

#include <fmt/format.h>

#include "core/files.hpp"
#include "dist/session.hpp"
#include "ml/experiment.hpp"
#include "ml/model.hpp"

namespace lockstep::ml {
namespace {

/// COLLECTIVE. The driver's files on all ranks.
void broadcast(const Context& context, ModelFiles& files) {
  std::string pipeline = files.pipeline.SerializeAsString();
  context.ranks.broadcast(pipeline);
  expects(files.pipeline.ParseFromString(pipeline), "a broadcast pipeline can be read");
  context.ranks.broadcast(files.weights);
  files.earlier_weights.resize(static_cast<std::size_t>(files.pipeline.earlier_weights_size()));
  for (auto& weights : files.earlier_weights) context.ranks.broadcast(weights);
}

/// An image to be reproduced is there or the row is not.
bool is_image(const data::Column& column) { return std::holds_alternative<data::Images>(column); }

}  // namespace

std::unique_ptr<LoadedModel> LoadedModel::open(const Context& context, const std::string& path) {
  ModelFiles files;
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) files = read_model(real_files(), path);
  });
  broadcast(context, files);
  files.path = path;  // as it was given
  std::unique_ptr<LoadedModel> model(new LoadedModel);
  dist::all_or_none(context.ranks, [&] { model->take_up(files); });
  return model;
}

void LoadedModel::take_up(const ModelFiles& files) {
  const std::string& path = files.path;
  pipeline_ = files.pipeline;
  schema_ = load_schema(pipeline_);
  data::Schema schema = schema_;
  const int last = pipeline_.stage_size() - 1;
  if (last < 0 || !is_estimator(pipeline_.stage(last)))
    throw FileError(fmt::format("{} holds no estimator", path), {.file = path});
  stages_ = make_pipeline({pipeline_.stage().begin(), pipeline_.stage().begin() + last});
  schema = stages_.output_schema(schema);
  earlier_ = earlier_estimators(stages_, {});
  take_up_weights(earlier_, files.earlier_weights, path);
  const std::string at = estimator_path(estimator(), last);
  config_ = network_of(estimator());
  const auto input = estimator_input(estimator(), config_, schema, at);
  complete(config_, schema, at);
  columns_ = input.columns;
  columns_.reference = reference_col(estimator(), pipeline_.stage(), at);
  network_ = compile(estimator(), config_, input.shape, at);
  parameters_ = Buffer<float>(network_->parameter_floats());
  packed_ = Buffer<float>(network_->packed_floats());
  from_tensors(*network_, from_safetensors(files.weights, path), parameters_.span(), path);
  network_->pack(parameters_.span(), packed_.span());
  if (estimator().has_sequence_to_sequence()) {
    texts_ = std::make_unique<TargetTexts>(estimator().sequence_to_sequence(), pipeline_.stage(),
                                           network_->labels_per_row(), at);
  }
  scorer_ = std::make_unique<Scorer>(*network_, parameters_.span(), packed_.span(), lane_size(),
                                     texts_.get());
}

const proto::Stage& LoadedModel::estimator() const {
  return pipeline_.stage(pipeline_.stage_size() - 1);
}

PredictionOptions LoadedModel::prediction_options() const {
  PredictionOptions options;
  if (estimator().has_autoencoder()) options.autoencoder = &estimator().autoencoder();
  return options;
}

std::uint32_t LoadedModel::lane_size() const { return config_.lane_size(); }

data::Dataset LoadedModel::load(const Context& context, const std::string& path,
                                NetworkColumns& columns) const {
  std::string bytes;
  dist::all_or_none(context.ranks, [&] {  // looks at the disk: on one rank
    if (context.is_driver()) bytes = data::with_path(pipeline_.source(), path).SerializeAsString();
  });
  context.ranks.broadcast(bytes);
  proto::Source source;
  source.ParseFromString(bytes);
  data::LoadOptions options;
  options.seed = pipeline_.seed();
  options.partitions = pipeline_.partitions();
  options.labels_optional = true;
  options.like = &schema_;
  for (int rank = 0; rank < context.ranks.world_size(); ++rank) {
    options.blocks.push_back(rank_lanes(options.partitions, rank, context.ranks.world_size(), 1,
                                        context.dedicated_driver()));
  }
  auto dataset = data::load(context.ranks, context.threads, source, options).rows;
  columns = columns_;
  const std::string lacking =
      stages_.transform(context.ranks, context.threads, dataset, columns_needed(columns), options);
  dist::all_or_none(context.ranks, [&] {
    if (!dataset.schema.has(columns.input))
      throw DataError(fmt::format("the rows are not those of the model: {}", lacking),
                      {.file = path}, "give a file with the columns of the training file");
  });
  // A target column (an autoencoder's) is made by the stages; a label stands in the file or is
  // missing.
  if (!dataset.schema.has(columns.label)) columns.label.clear();
  if (!dataset.schema.has(columns.anomaly_label)) columns.anomaly_label.clear();
  if (!dataset.schema.has(columns.reference)) columns.reference.clear();
  check_labels(context, *network_, dataset, columns, options.labels_optional);
  return dataset;
}

std::uint64_t drop_unlabelled(const Context& context, data::Dataset& dataset,
                              const NetworkColumns& columns) {
  std::int64_t rows[] = {0, 0};  // dropped, kept
  dist::all_or_none(context.ranks, [&] {
    for (data::Partition& partition : dataset.own) {
      const data::Column& labels = partition.column(columns.label);
      std::vector<bool> keep(partition.rows(), true);
      for (std::size_t row = 0; row < keep.size() && !is_image(labels); ++row) {
        data::for_each_entry(labels, row, [&](std::size_t, double value) {
          if (data::is_missing(value)) keep[row] = false;
        });
      }
      rows[0] += static_cast<std::int64_t>(keep_rows(partition, keep));
      rows[1] += static_cast<std::int64_t>(partition.rows());
    }
  });
  context.ranks.allreduce_sum(rows);
  dataset.rows = static_cast<std::uint64_t>(rows[1]);
  dist::all_or_none(context.ranks, [&] {
    if (rows[1] == 0)
      throw DataError(fmt::format("{} has no labels to compare with", dataset.name),
                      {.file = dataset.name}, "use lockstep predict");
  });
  return static_cast<std::uint64_t>(rows[0]);
}

}  // namespace lockstep::ml
