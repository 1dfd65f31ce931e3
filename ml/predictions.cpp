/// Predictions as CSV, in the order of the rows in their source, whoever computed them.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/mapped_pages.hpp"
#include "data/ordered_output.hpp"
#include "dist/session.hpp"
#include "ml/scoring.hpp"

namespace lockstep::ml {
namespace {

using data::Line;

std::string header(const layers::Network& network, bool labelled) {
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
      break;
  }
  for (const float value : outputs) text += fmt::format(",{}", value);
  return text + "\n";
}

/// This rank's lines, by row.
std::vector<Line> own_lines(const Context& context, const Scorer& scorer,
                            const data::Dataset& dataset, const NetworkColumns& columns,
                            std::uint64_t most) {
  std::vector<std::vector<Line>> by_partition(dataset.own.size());
  data::MappedPages pages(dataset);
  context.threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t p) {
    const auto& partition = dataset.own[p];
    scorer.score(partition, columns,
                 [&](const Scored& scored, std::size_t first, const layers::LaneResult&) {
                   for (std::size_t i = 0; i < scored.rows; ++i) {
                     const auto id = partition.row_ids[first + i];
                     if (most == 0 || id < most)
                       by_partition[p].push_back({id, format_row(scorer.network(), scored, i, id)});
                   }
                   pages.look();
                 });
    partition.release();
  });
  std::vector<Line> lines;
  for (auto& part : by_partition) std::move(part.begin(), part.end(), std::back_inserter(lines));
  std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.row < b.row; });
  return lines;
}

}  // namespace

void write_predictions(const Context& context, const Scorer& scorer, const data::Dataset& dataset,
                       const NetworkColumns& columns, std::uint64_t most,
                       const std::function<void(const std::string&)>& write) {
  std::vector<Line> lines;
  dist::all_or_none(context.ranks, [&] {
    lines = own_lines(context, scorer, dataset, columns, most);
    if (context.is_driver()) write(header(scorer.network(), !columns.label.empty()));
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
