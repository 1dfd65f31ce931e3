/// Predictions as CSV, in the order of the rows in their source, whoever computed them.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/mapped_pages.hpp"
#include "data/ordered_output.hpp"
#include "data/row_text.hpp"
#include "dist/session.hpp"
#include "ml/scoring.hpp"

namespace lockstep::ml {
namespace {

using data::Line;

std::string header(const layers::Network& network, bool labelled) {
  if (network.task() == layers::Task::Text)
    return labelled ? "row,label,prediction\n" : "row,prediction\n";
  const bool vector = network.task() == layers::Task::Regression && network.outputs() > 1;
  std::string text = labelled && !vector ? "row,label" : "row";
  if (!vector) text += ",prediction";
  if (network.task() == layers::Task::Binary) return text + ",probability_1\n";
  if (network.outputs() == 1) return text + "\n";
  const char* name = network.task() == layers::Task::Regression ? "prediction" : "probability";
  for (std::size_t i = 0; i < network.outputs(); ++i) text += fmt::format(",{}_{}", name, i);
  return text + "\n";
}

std::string format_row(const layers::Network& network, const Scored& scored, std::size_t row,
                       std::uint64_t id) {
  const auto outputs = scored.outputs.subspan(row * scored.width, scored.width);
  const bool vector = network.task() == layers::Task::Regression && scored.width > 1;
  std::string text = std::to_string(id);
  if (!scored.labels.empty() && !vector)
    text += std::isnan(scored.labels[row]) ? "," : fmt::format(",{}", scored.labels[row]);
  switch (network.task()) {
    case layers::Task::Multiclass:
      text +=
          fmt::format(",{}", std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
      break;
    case layers::Task::Binary:
      text += fmt::format(",{}", outputs[0] > 0.5f ? 1 : 0);
      break;
    case layers::Task::Regression:
    case layers::Task::Text:
      break;
  }
  for (const float value : outputs) text += fmt::format(",{}", value);
  return text + "\n";
}

/// The same of a written text.
std::string format_text(const Scored& scored, std::size_t row, std::uint64_t id) {
  std::string line = std::to_string(id);
  const auto add = [&](const std::vector<std::string>& words) {
    line += ',' + data::csv_cell(fmt::format("{}", fmt::join(words, " ")));
  };
  if (!scored.references.empty()) add(scored.references[row]);
  add(scored.texts[row]);
  return line + "\n";
}

std::string numbered(const std::string& column, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format(",{}_{}", column, i);
  return text;
}

std::string joined(std::span<const float> values) {
  std::string text;
  for (const float value : values) text += fmt::format(",{}", value);
  return text;
}

/// The same of an autoencoder.
std::string code_header(const layers::Network& network, bool labelled,
                        const PredictionOptions& options) {
  const auto& config = *options.autoencoder;
  std::string text = labelled ? "row,label," : "row,";
  text += config.error_col();
  if (config.model().has_anomaly_threshold()) text += "," + config.anomaly_col();
  text += numbered(config.code_col(), network.tap_size());
  if (options.reconstruction) {
    text += numbered(config.input_col(), network.outputs()) +
            numbered(config.reconstruction_col(), network.outputs());
  }
  return text + "\n";
}

std::string format_code(const Scored& scored, std::size_t row, std::uint64_t id,
                        const PredictionOptions& options) {
  const auto& model = options.autoencoder->model();
  std::string text = std::to_string(id);
  if (!scored.anomalies.empty()) text += fmt::format(",{}", scored.anomalies[row]);
  const float error = scored.errors[row];
  text += fmt::format(",{}", error);
  if (model.has_anomaly_threshold())
    text += static_cast<double>(error) > model.anomaly_threshold() ? ",1" : ",0";
  text += joined(scored.codes.subspan(row * scored.code_width, scored.code_width));
  if (options.reconstruction) {
    text += joined(scored.labels.subspan(row * scored.width, scored.width)) +
            joined(scored.outputs.subspan(row * scored.width, scored.width));
  }
  return text + "\n";
}

/// This rank's lines, by row.
std::vector<Line> own_lines(const Context& context, const Scorer& scorer,
                            const data::Dataset& dataset, const NetworkColumns& columns,
                            const PredictionOptions& options) {
  const auto line = [&](const Scored& scored, std::size_t row, std::uint64_t id) {
    if (options.autoencoder != nullptr) return format_code(scored, row, id, options);
    if (!scored.texts.empty()) return format_text(scored, row, id);
    return format_row(scorer.network(), scored, row, id);
  };
  std::vector<std::vector<Line>> by_partition(dataset.own.size());
  data::MappedPages pages(dataset);
  context.threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t p) {
    const auto& partition = dataset.own[p];
    scorer.score(
        partition, columns,
        [&](const Scored& scored, std::size_t first, const layers::LaneResult&) {
          for (std::size_t i = 0; i < scored.rows; ++i) {
            const auto id = partition.row_ids[first + i];
            if (options.most == 0 || id < options.most)
              by_partition[p].push_back({id, line(scored, i, id)});
          }
          pages.look();
        },
        /*texts_wanted=*/true);
    partition.release();
  });
  std::vector<Line> lines;
  for (auto& part : by_partition) std::move(part.begin(), part.end(), std::back_inserter(lines));
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.row < b.row; });
  return lines;
}

}  // namespace

void write_predictions(const Context& context, const Scorer& scorer, const data::Dataset& dataset,
                       const NetworkColumns& columns, const PredictionOptions& options,
                       const std::function<void(const std::string&)>& write) {
  std::vector<Line> lines;
  dist::all_or_none(context.ranks, [&] {
    lines = own_lines(context, scorer, dataset, columns, options);
    if (!context.is_driver()) return;
    write(options.autoencoder != nullptr
              ? code_header(scorer.network(), !columns.anomaly_label.empty(), options)
              : header(scorer.network(), scorer.network().task() == layers::Task::Text
                                             ? !columns.reference.empty()
                                             : !columns.label.empty()));
  });
  std::size_t next = 0;
  const auto take = [&](std::uint64_t, std::uint64_t below) {
    const std::size_t begin = next;
    while (next < lines.size() && lines[next].row < below) ++next;
    return std::vector<Line>(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                             lines.begin() + static_cast<std::ptrdiff_t>(next));
  };
  data::write_in_order(context.ranks, lines.empty() ? 0 : lines.back().row + 1, take, write);
}

}  // namespace lockstep::ml
