#include "ml/pipeline/loaded_model.hpp"

#include <fmt/format.h>

#include "core/files.hpp"
#include "dist/session.hpp"
#include "ml/network/lane_rows.hpp"
#include "ml/pipeline/row_check.hpp"

namespace lockstep::ml {
namespace {

/// COLLECTIVE. The driver's files on all ranks.
void broadcast(const Context& context, ModelFiles& files) {
  std::string pipeline = files.pipeline.SerializeAsString();
  context.ranks.broadcast(pipeline);
  expects(files.pipeline.ParseFromString(pipeline), "a broadcast pipeline can be read");
  files.tensors.resize(static_cast<std::size_t>(files.pipeline.tensors_size()));
  for (auto& bytes : files.tensors) context.ranks.broadcast(bytes);
}

}  // namespace

std::unique_ptr<LoadedModel> LoadedModel::open(const Context& context, const std::string& path) {
  ModelFiles files;
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) files = read_model(real_files(), path);
  });
  broadcast(context, files);
  files.path = path;  // as it was given
  std::unique_ptr<LoadedModel> model(new LoadedModel);
  dist::all_or_none(context.ranks, [&] {
    model->pipeline_ = load_pipeline(files);
    model->schema_ = load_schema(files.pipeline);
    model->saved_ = std::move(files.pipeline);
  });
  return model;
}

data::Dataset LoadedModel::load(const Context& context, const std::string& path,
                                data::LoadOptions& options) const {
  std::string bytes;
  dist::all_or_none(context.ranks, [&] {  // looks at the disk: on one rank
    if (context.is_driver()) bytes = data::with_path(saved_.source(), path).SerializeAsString();
  });
  context.ranks.broadcast(bytes);
  proto::Source source;
  source.ParseFromString(bytes);
  options.seed = saved_.seed();
  options.partitions = saved_.partitions();
  options.labels_optional = true;
  options.like = &schema_;
  for (int rank = 0; rank < context.ranks.world_size(); ++rank) {
    options.blocks.push_back(rank_lanes(options.partitions, rank, context.ranks.world_size(), 1,
                                        context.dedicated_driver()));
  }
  return data::load(context, source, options).rows;
}

PredictedRows LoadedModel::predict(const Context& context, const std::string& path,
                                   bool judging) const {
  data::LoadOptions options;
  PredictedRows rows{load(context, path, options), {}, {}};
  auto& dataset = rows.dataset;
  const auto& [position, stage] = pipeline_.judged();
  const auto& stages = pipeline_.stages();
  const auto reads = stage->input_columns();
  const std::string lacking = stages.transform(context, dataset, reads, options, {0, position});
  dist::all_or_none(context.ranks, [&] {
    for (const auto& name : reads) {
      if (!dataset.schema.has(name) && !stage->can_do_without(name))
        throw DataError(fmt::format("the rows are not those of the model: {}", lacking),
                        {.file = path}, "give a file with the columns of the training file");
    }
  });
  // A target column (an autoencoder's) is made by the stages; a label stands in the file or is
  // missing.
  check_rows(context, dataset, within(stage->model().columns(), dataset.schema),
             judging ? RowUse::Judging : RowUse::Predicting);
  std::vector<std::string> added, kept;
  dist::all_or_none(context.ranks, [&] {
    added = pipeline_.added_columns(dataset.schema);
    kept = pipeline_.kept_columns(dataset.schema);
  });
  stages.transform(context, dataset, kept, options, {position});
  rows.columns = within(stage->model().columns(), dataset.schema);
  rows.table = prediction_table(dataset.schema, rows.columns, added);
  return rows;
}

}  // namespace lockstep::ml
