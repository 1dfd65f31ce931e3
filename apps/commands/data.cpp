/// lockstep data stats|head|convert|load|cache: looks at rows and writes them, without training
/// anything.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/output_file.hpp"
#include "apps/startup.hpp"
#include "apps/tables.hpp"
#include "core/process_memory.hpp"
#include "data/cache.hpp"
#include "data/ordered_output.hpp"
#include "data/row_text.hpp"
#include "data/statistics.hpp"
#include "dist/session.hpp"
#include "ml/transformed.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

/// Which rows a command looks at.
struct DataOptions {
  ExperimentOptions experiment;  // its config: an experiment or a file of rows
  std::string part = "train";
  bool raw = false;
};

/// COLLECTIVE. An experiment file, or an experiment made up around a file of rows.
Config open_source(const dist::Communicator& world, DataOptions options) {
  options.experiment.needs_estimator = false;
  if (options.experiment.config.ends_with(".textproto"))
    return open_experiment(world, options.experiment);
  Config config;
  std::string bytes;
  dist::all_or_none(world, [&] {
    if (world.rank() != 0) return;
    config.experiment.set_name("data");
    *config.experiment.mutable_data()->mutable_train() =
        data::guess_source(options.experiment.config);
    Problems problems;
    for (const auto& assignment : options.experiment.overrides)
      apply_override(config.experiment, assignment, problems);
    problems.throw_if_any(config.locations);
    if (options.experiment.no_cache)
      config.experiment.mutable_data()->mutable_cache()->set_enabled(false);
    bytes = config.experiment.SerializeAsString();
  });
  world.broadcast(bytes);
  config.experiment.ParseFromString(bytes);
  return config;
}

ml::Rows rows_of(const std::string& part) {
  return part == "test"         ? ml::Rows::Test
         : part == "validation" ? ml::Rows::Validation
                                : ml::Rows::Train;
}

/// The rows on all ranks, for the length of a command.
struct Opened {
  Config config;
  std::unique_ptr<Job> job;
  data::Dataset rows;
};

Opened open_rows(const DataOptions& options, const CommonOptions& common,
                 dist::Communicator& world) {
  Opened opened;
  opened.config = open_source(world, options);
  const auto& experiment = opened.config.experiment;
  opened.job = std::make_unique<Job>(world, common, experiment.cluster(), experiment.seed(),
                                     config_digest(experiment));
  with_locations(opened.config.locations, [&] {
    opened.rows =
        ml::load_transformed(opened.job->context(), experiment, rows_of(options.part), options.raw);
  });
  return opened;
}

void add_data_options(CLI::App& command, DataOptions& options, CommonOptions& common) {
  command
      .add_option("SOURCE", options.experiment.config,
                  "experiment file (.textproto), or a file of rows (libsvm, CSV, TSV, text, JSON "
                  "lines, idx)")
      ->required();
  add_override_options(command, options.experiment);
  command.add_option("--part", options.part, "rows of an experiment: train, validation or test")
      ->check(CLI::IsMember({"train", "validation", "test"}));
  command.add_flag("--raw", options.raw, "the rows as the files have them, without feature stages");
  add_common_options(command, common);
}

std::string short_number(double value) { return fmt::format("{:.6g}", value); }

/// The most frequent values, by count, then by name.
std::vector<std::pair<std::string, std::uint64_t>> most_frequent(const data::ColumnSummary& summary,
                                                                 std::size_t most) {
  std::vector<std::pair<std::string, std::uint64_t>> values(summary.values.begin(),
                                                            summary.values.end());
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (values.size() > most) values.resize(most);
  return values;
}

Json summary_json(const data::ColumnSummary& summary) {
  constexpr std::size_t kMostClasses = 100;
  Json json{{"name", summary.name}, {"type", to_string(summary.type)}, {"rows", summary.rows}};
  json["missing"] = summary.missing;
  if (summary.nan > 0) json["nan"] = summary.nan;
  if (summary.numbers > 0) {
    json["mean"] = summary.mean;
    json["std"] = summary.sample_std();
    json["min"] = summary.min;
    for (std::size_t i = 0; i < summary.quantiles.size(); ++i)
      json[fmt::format("p{:.0f}", data::kSummaryProbabilities[i] * 100)] = summary.quantiles[i];
    json["max"] = summary.max;
    json["zeros"] = summary.zeros;
  }
  if (summary.counted && !summary.values.empty()) {
    json["distinct"] = summary.values.size();
    const bool classes = summary.values.size() <= kMostClasses;
    for (const auto& [value, count] : most_frequent(summary, classes ? kMostClasses : 10))
      json[classes ? "values" : "most_frequent"][value] = count;
  }
  return json;
}

std::string summary_text(const std::vector<data::ColumnSummary>& summaries, std::uint64_t rows) {
  constexpr std::size_t kMostShown = 5, kMostColumns = 200, kMostCharacters = 48;
  std::vector<std::vector<std::string>> lines;
  for (const auto& s : summaries) {
    if (lines.size() == kMostColumns) break;
    std::string values;
    if (s.type.kind != data::ColumnType::Kind::Vector && s.counted &&
        (s.values.size() <= 20 || s.type.kind != data::ColumnType::Kind::Number)) {
      for (const auto& [value, count] : most_frequent(s, kMostShown))
        values += fmt::format("{}{} {}", values.empty() ? "" : ", ", value, count);
      if (values.size() > kMostCharacters) values = values.substr(0, kMostCharacters - 3) + "...";
      if (s.values.size() > kMostShown) values += fmt::format(" ({} values)", s.values.size());
    } else if (!s.counted && s.type.kind != data::ColumnType::Kind::Number) {
      values = fmt::format("more than {} values", data::kMostCountedValues);
    }
    const bool numbers = s.numbers > 0;
    const auto number = [&](double value) { return numbers ? short_number(value) : ""; };
    const auto quantile = [&](std::size_t i) {
      return numbers && i < s.quantiles.size() ? short_number(s.quantiles[i]) : "";
    };
    lines.push_back({s.name, to_string(s.type), count_text(s.missing + s.nan), number(s.mean),
                     number(s.sample_std()), number(s.min), quantile(0), quantile(1), quantile(2),
                     number(s.max), values});
  }
  std::string text = fmt::format("{} rows, {} columns\n", count_text(rows), summaries.size());
  text += table(
      {"column", "type", "missing", "mean", "std", "min", "25 %", "50 %", "75 %", "max", "values"},
      lines);
  if (summaries.size() > kMostColumns)
    text += fmt::format("and {} columns more: --json shows all\n", summaries.size() - kMostColumns);
  return text;
}

ExitCode stats(const DataOptions& options, const CommonOptions& common, dist::Communicator& world) {
  const Opened opened = open_rows(options, common, world);
  const auto& context = opened.job->context();
  const auto summaries =
      data::summarize(data::Fitting(&context.ranks, context.threads, opened.rows, context.seed));
  if (!opened.job->is_driver()) return ExitCode::Done;
  if (common.json) {
    Json json{{"rows", opened.rows.rows}, {"columns", Json::array()}};
    for (const auto& summary : summaries) json["columns"].push_back(summary_json(summary));
    std::cout << json.dump(2) << std::endl;
  } else {
    std::cout << summary_text(summaries, opened.rows.rows) << std::flush;
  }
  return ExitCode::Done;
}

/// The pieces before each `end`.
std::vector<std::string> split(const std::string& text, char end) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t at = std::min(text.find(end, begin), text.size());
    pieces.push_back(text.substr(begin, at - begin));
    begin = at + 1;
  }
  return pieces;
}

ExitCode head(const DataOptions& options, std::uint64_t most, const CommonOptions& common,
              dist::Communicator& world) {
  constexpr std::size_t kMostCharacters = 40;
  constexpr char kBetween = '\x1f';  // a character that no cell shows
  const Opened opened = open_rows(options, common, world);
  const auto& context = opened.job->context();
  const auto& schema = opened.rows.schema;
  const auto line = [&](const data::Partition& partition, std::size_t row) {
    std::string text = std::to_string(partition.row_ids[row] + 1);
    for (const auto& [name, type] : schema.columns())
      text += kBetween + data::cell_text(type, partition.column(name), row, kMostCharacters);
    return text + "\n";
  };
  std::vector<std::string> header{"row"};
  for (const auto& name : schema.names()) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  data::write_rows(context.ranks, context.threads, opened.rows, most, line,
                   [&](const std::string& text) {
                     for (const auto& row : split(text, '\n')) rows.push_back(split(row, kBetween));
                   });
  if (opened.job->is_driver()) std::cout << table(header, rows) << std::flush;
  return ExitCode::Done;
}

/// What convert writes.
struct ConvertOptions {
  std::string output, format, label, features;
};

std::string format_of(const ConvertOptions& options) {
  if (!options.format.empty()) return options.format;
  if (options.output.ends_with(".csv")) return "csv";
  if (options.output.ends_with(".tsv")) return "tsv";
  return "libsvm";
}

ExitCode convert(const DataOptions& options, const ConvertOptions& to, const CommonOptions& common,
                 dist::Communicator& world) {
  const Opened opened = open_rows(options, common, world);
  const auto& context = opened.job->context();
  data::RowText text;
  dist::all_or_none(world, [&] {
    const std::string format = format_of(to);
    text = format == "libsvm" ? data::libsvm_text(opened.rows.schema, to.label, to.features)
                              : data::csv_text(opened.rows.schema, format == "tsv" ? '\t' : ',');
  });
  if (to.output.empty()) {
    if (opened.job->is_driver()) std::cout << text.header;
    data::write_rows(context.ranks, context.threads, opened.rows, 0, text.line,
                     [](const std::string& lines) { std::cout << lines; });
    if (opened.job->is_driver()) std::cout << std::flush;
    return ExitCode::Done;
  }
  OutputFile file(world, to.output);
  dist::all_or_none(world, [&] {
    if (opened.job->is_driver()) file.append(text.header);
  });
  data::write_rows(context.ranks, context.threads, opened.rows, 0, text.line,
                   [&](const std::string& lines) { file.append(lines); });
  file.finish();
  if (opened.job->is_driver())
    std::cout << fmt::format("{} rows -> {}\n", count_text(opened.rows.rows), to.output);
  return ExitCode::Done;
}

ExitCode load(const DataOptions& options, const CommonOptions& common, dist::Communicator& world) {
  const Config config = open_source(world, options);
  const Job job(world, common, config.experiment.cluster(), config.experiment.seed(),
                config_digest(config.experiment));
  ml::TimedLoad timed;
  with_locations(config.locations,
                 [&] { timed = ml::load_timed(job.context(), config.experiment); });
  std::int64_t peak[] = {static_cast<std::int64_t>(peak_resident_bytes())};
  world.allreduce_max(peak);
  if (!job.is_driver()) return ExitCode::Done;
  const auto& times = timed.times;
  const double bytes = static_cast<double>(times.source_bytes);
  const double seconds = times.from_cache ? times.cache_seconds : times.parse_seconds;
  Json json{{"rows", timed.rows},
            {"source_bytes", times.source_bytes},
            {"from_cache", times.from_cache},
            {"parse_seconds", times.parse_seconds},
            {"move_seconds", times.move_seconds},
            {"cache_seconds", times.cache_seconds},
            {"megabytes_per_second", bytes / 1e6 / seconds},
            {"ranks", world.world_size()},
            {"threads", job.context().threads.size()},
            {"peak_rss_bytes", peak[0]}};
  if (common.json) {
    std::cout << json.dump() << std::endl;
    return ExitCode::Done;
  }
  std::cout << fmt::format("{} rows, {} {} in {:.3f} s: {:.0f} MB/s", count_text(timed.rows),
                           bytes_text(bytes), times.from_cache ? "found in the cache" : "parsed",
                           seconds, bytes / 1e6 / seconds);
  if (!times.from_cache) std::cout << fmt::format("; moved in {:.3f} s", times.move_seconds);
  std::cout << fmt::format("\n{} ranks x {} threads, at most {} of memory in use by a rank\n",
                           world.world_size(), job.context().threads.size(),
                           bytes_text(static_cast<double>(peak[0])));
  return ExitCode::Done;
}

ExitCode cache(const std::string& folder, bool clear, dist::Communicator& world) {
  dist::all_or_none(world, [&] {
    if (world.rank() != 0) return;
    const std::string where = folder.empty() ? data::default_cache_folder() : folder;
    if (clear) {
      std::cout << fmt::format("{}: {} removed\n", where,
                               bytes_text(static_cast<double>(data::clear_cache(where))));
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& dataset : data::list_cache(where)) {
      rows.push_back({dataset.digest, count_text(dataset.rows),
                      bytes_text(static_cast<double>(dataset.size_bytes)), dataset.name});
    }
    std::cout << where << "\n" << table({"dataset", "rows", "size", "source"}, rows) << std::flush;
  });
  return ExitCode::Done;
}

void add_stats(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto* command = app.add_subcommand("stats", "columns, types, missing cells, means, quantiles");
  add_data_options(*command, *options, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return stats(*options, common, world); };
  });
}

void add_head(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto most = std::make_shared<std::uint64_t>(10);
  auto* command = app.add_subcommand("head", "the first rows as a table");
  command->add_option("--rows", *most, "how many")->check(CLI::Range(1, 1000000));
  add_data_options(*command, *options, common);
  command->callback([options, most, &common, &chosen] {
    chosen = [options, most, &common](auto& world) { return head(*options, *most, common, world); };
  });
}

void add_convert(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto to = std::make_shared<ConvertOptions>();
  auto* command = app.add_subcommand(
      "convert", "writes the rows, behind the experiment's feature stages, in their order");
  add_data_options(*command, *options, common);
  command->add_option("--output", to->output, "file to write; default: standard output");
  command->add_option("--format", to->format, "csv, tsv or libsvm; default: by the file's name")
      ->check(CLI::IsMember({"csv", "tsv", "libsvm"}));
  command->add_option("--label", to->label, "label column for libsvm; default: label");
  command->add_option("--features", to->features,
                      "column for libsvm; default: the vector column, or all number columns");
  command->callback([options, to, &common, &chosen] {
    chosen = [options, to, &common](auto& world) { return convert(*options, *to, common, world); };
  });
}

void add_load(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto* command = app.add_subcommand("load", "reads the rows, and says how fast");
  add_data_options(*command, *options, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return load(*options, common, world); };
  });
}

void add_cache(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto folder = std::make_shared<std::string>();
  auto clear = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("cache", "the parsed datasets that are kept on disk");
  command->add_option("--dir", *folder, "the cache; default: $LOCKSTEP_CACHE or ~/.cache/lockstep");
  command->add_flag("--clear", *clear, "remove them all");
  add_common_options(*command, common);
  command->callback([folder, clear, &chosen] {
    chosen = [folder, clear](auto& world) { return cache(*folder, *clear, world); };
  });
}

}  // namespace

void add_data_command(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto* command = app.add_subcommand("data", "looks at rows and writes them: stats, head, convert");
  command->require_subcommand(1);
  add_stats(*command, common, chosen);
  add_head(*command, common, chosen);
  add_convert(*command, common, chosen);
  add_load(*command, common, chosen);
  add_cache(*command, common, chosen);
}

}  // namespace lockstep::apps
