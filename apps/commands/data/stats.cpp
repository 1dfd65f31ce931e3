/// lockstep data stats SOURCE: columns, types, missing cells, moments, quantiles, classes.

#include "data/jobs/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/commands/data/rows.hpp"
#include "apps/tables.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

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
  const OpenedRows opened = open_rows(options, common, world);
  const auto& context = opened.runtime->context();
  const auto summaries = data::summarize(
      data::TrainingRows(&context.ranks, context.threads, opened.rows, context.seed));
  if (!opened.runtime->is_driver()) return ExitCode::Done;
  if (common.json) {
    Json json{{"rows", opened.rows.rows}, {"columns", Json::array()}};
    for (const auto& summary : summaries) json["columns"].push_back(summary_json(summary));
    std::cout << json.dump(2) << std::endl;
  } else {
    std::cout << summary_text(summaries, opened.rows.rows) << std::flush;
  }
  return ExitCode::Done;
}

}  // namespace

void add_data_stats(CLI::App& app, CommonOptions& common, Command& chosen) {
  auto options = std::make_shared<DataOptions>();
  auto* command = app.add_subcommand("stats", "columns, types, missing cells, means, quantiles");
  add_data_options(*command, *options, common);
  command->callback([options, &common, &chosen] {
    chosen = [options, &common](auto& world) { return stats(*options, common, world); };
  });
}

}  // namespace lockstep::apps
