/// lockstep data split SOURCE --output FOLDER: shares the rows of a source out to files.

#include "data/split.hpp"

#include <fmt/format.h>

#include <deque>
#include <iostream>
#include <optional>

#include "apps/commands/data/file_format.hpp"
#include "apps/commands/data/rows.hpp"
#include "apps/output_file.hpp"
#include "apps/tables.hpp"
#include "core/files.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/transformed.hpp"

namespace lockstep::apps {
namespace {

constexpr const char* kAt = "data.split";

struct SplitOptions {
  ExperimentOptions experiment;
  std::string output;
  FileFormat format;
  std::vector<double> weights;
  std::string stratify_by, group_by, order_by, part_col;
  bool in_order = false;
  std::size_t folds = 0;
  std::optional<std::uint64_t> seed;
};

/// Which rows go where, and what the parts are called.
struct Parts {
  std::vector<std::string> names;
  std::vector<std::uint64_t> sizes;
  data::PartOf part_of;
};

/// The split that the command line describes, else the experiment's own.
proto::Split split_of(const SplitOptions& options, const proto::Experiment& experiment) {
  const bool described = !options.weights.empty() || !options.stratify_by.empty() ||
                         !options.group_by.empty() || !options.order_by.empty() ||
                         !options.part_col.empty() || options.in_order;
  proto::Split split;
  if (!described) split = experiment.data().split();
  for (const double weight : options.weights) split.add_weights(weight);
  if (!options.stratify_by.empty()) split.set_stratify_by(options.stratify_by);
  if (!options.group_by.empty()) split.set_group_by(options.group_by);
  if (!options.order_by.empty()) split.set_order_by(options.order_by);
  if (!options.part_col.empty()) split.set_part_col(options.part_col);
  if (options.in_order) split.set_in_order(true);
  if (options.seed) split.set_seed(*options.seed);
  return split;
}

Parts split_parts(const ml::Context& context, const data::Dataset& rows,
                  const proto::Split& split) {
  const auto splitting = std::make_shared<const data::Splitting>(
      data::make_splitting(context, rows, split, kAt, context.seed));
  Parts parts{{"train", "validation", "test"}, splitting->sizes(), {}};
  parts.names.resize(splitting->parts());
  parts.part_of = [splitting](const data::Partition& partition, std::size_t row) {
    return splitting->part(partition, row);
  };
  return parts;
}

Parts fold_parts(const ml::Context& context, const data::Dataset& rows,
                 const SplitOptions& options) {
  dist::all_or_none(context.ranks, [&] {
    if (!options.weights.empty() || !options.order_by.empty() || options.in_order)
      throw ConfigError("folds are of equal size and not ordered", {.field = kAt},
                        "leave --weights, --order-by and --in-order out, or --folds");
  });
  const data::FoldOptions how{options.folds, options.stratify_by, options.group_by,
                              options.part_col, options.seed.value_or(context.seed)};
  const auto folds = std::make_shared<const data::Folds>(data::make_folds(context, rows, how, kAt));
  Parts parts{{}, folds->sizes(), {}};
  for (std::size_t fold = 0; fold < folds->folds(); ++fold)
    parts.names.push_back(fmt::format("fold_{}", fold));
  parts.part_of = [folds](const data::Partition& partition, std::size_t row) {
    return folds->fold(partition, row);
  };
  return parts;
}

/// The format of the source itself, where it is one that can be written.
std::string format_like(const proto::Source& source) {
  if (source.has_libsvm()) return "libsvm";
  return source.csv().sep() == "\t" ? "tsv" : "csv";
}

/// COLLECTIVE. A file a part in the folder; all of them appear when all are whole.
std::vector<std::string> write_parts(const ml::Context& context, const data::Dataset& rows,
                                     const Parts& parts, const FileFormat& format,
                                     const std::string& folder) {
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) make_durable_folder(real_files(), folder);
  });
  std::vector<std::string> paths;
  std::deque<OutputFile> files;
  for (std::size_t p = 0; p < parts.names.size(); ++p) {
    paths.push_back(join_path(folder, parts.names[p] + "." + format.name));
    const auto whole = text_for(context, rows.schema, format, paths.back());
    data::RowText text{whole.header, [&](const data::Partition& partition, std::size_t row) {
                         return parts.part_of(partition, row) == p ? whole.line(partition, row)
                                                                   : std::string();
                       }};
    auto& file = files.emplace_back(context.ranks, paths.back());
    write_text(context, rows, text, [&](const std::string& lines) { file.append(lines); });
  }
  for (auto& file : files) file.finish();
  return paths;
}

ExitCode split(const SplitOptions& options, const CommonOptions& common,
               dist::Communicator& world) {
  const Config config = open_source(world, options.experiment);
  const auto& experiment = config.experiment;
  const Runtime runtime(world, common, experiment.cluster(), experiment.seed(),
                        config_digest(experiment));
  const auto& context = runtime.context();
  Parts parts;
  std::vector<std::string> paths;
  with_locations(config.locations, [&] {
    const auto rows = ml::load_source(context, experiment);
    parts = options.folds > 0 ? fold_parts(context, rows, options)
                              : split_parts(context, rows, split_of(options, experiment));
    FileFormat format = options.format;
    if (format.name.empty()) format.name = format_like(experiment.data().train());
    paths = write_parts(context, rows, parts, format, options.output);
  });
  if (!runtime.is_driver()) return ExitCode::Done;
  for (std::size_t p = 0; p < paths.size(); ++p)
    std::cout << fmt::format("{} rows -> {}\n", count_text(parts.sizes[p]), paths[p]);
  std::cout << std::flush;
  return ExitCode::Done;
}

void add_ways(CLI::App& command, SplitOptions& options) {
  command
      .add_option("--weights", options.weights,
                  "of train, validation and perhaps test, such as 80 10 10; default: the "
                  "experiment's data.split")
      ->expected(2, 3);
  command.add_option("--folds", options.folds, "this many parts of equal size in their place")
      ->check(CLI::Range(2, 1000));
  command.add_option("--stratify-by", options.stratify_by,
                     "column whose values have their share in every part");
  command.add_option("--group-by", options.group_by, "column whose values stay together");
  command.add_option("--order-by", options.order_by,
                     "column, such as a time: the smallest values to train");
  command.add_flag("--in-order", options.in_order, "the first rows to train, the last to test");
  command.add_option("--part-col", options.part_col,
                     "column that says it: train, validation or test, or 0, 1, ...");
  command.add_option("--seed", options.seed, "of random rows; default: the experiment's");
}

}  // namespace

void add_data_split(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<SplitOptions>();
  auto* command = app.add_subcommand(
      "split", "shares the rows, as the files have them, out to files: train, validation, test");
  add_source_options(*command, options->experiment, common);
  command
      ->add_option(
          "--output", options->output,
          "folder for train.csv, validation.csv and test.csv, or fold_0.csv and so on; the "
          "format is that of the source where it can be written")
      ->required();
  add_format_options(*command, options->format);
  add_ways(*command, *options);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return split(*options, common, world); };
  });
}

}  // namespace lockstep::apps
