/// Predictions as CSV, in the order of the rows in their source, whoever computed them.

#include <fmt/format.h>

#include <algorithm>

#include "dist/session.hpp"
#include "ml/scoring.hpp"

namespace lockstep::ml {
namespace {

struct Line {
  std::uint64_t row;
  std::string text;
};

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
  if (!scored.labels.empty() && !vector) text += fmt::format(",{}", scored.labels[row]);
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
  context.threads.for_each(dataset.own.size(), [&](std::size_t, std::size_t p) {
    const auto& partition = dataset.own[p];
    scorer.score(partition, columns,
                 [&](const Scored& scored, std::size_t first, const layers::LaneResult&) {
                   for (std::size_t i = 0; i < scored.rows; ++i) {
                     const auto id = partition.row_ids[first + i];
                     if (most == 0 || id < most)
                       by_partition[p].push_back({id, format_row(scorer.network(), scored, i, id)});
                   }
                 });
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
  constexpr std::uint64_t kRowsAtOnce = 65536;  // bounds what the driver holds
  std::vector<Line> lines;
  dist::all_or_none(context.ranks,
                    [&] { lines = own_lines(context, scorer, dataset, columns, most); });
  std::int64_t last[] = {lines.empty() ? 0 : static_cast<std::int64_t>(lines.back().row) + 1};
  context.ranks.allreduce_max(last);
  std::size_t next = 0;
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) write(header(scorer.network(), !columns.label.empty()));
  });
  for (std::uint64_t begin = 0; begin < static_cast<std::uint64_t>(last[0]); begin += kRowsAtOnce) {
    Writer out;
    for (; next < lines.size() && lines[next].row < begin + kRowsAtOnce; ++next) {
      out.value(lines[next].row);
      out.text(lines[next].text);
    }
    const std::string bytes = out.take();
    const auto gathered =
        context.ranks.gather(std::as_bytes(std::span(bytes.data(), bytes.size())));
    dist::all_or_none(context.ranks, [&] {
      std::vector<Line> block;
      for (const auto& part : gathered) {
        for (Reader in(part); !in.done();) {
          const auto row = in.value<std::uint64_t>();
          block.push_back({row, in.text()});
        }
      }
      std::sort(block.begin(), block.end(),
                [](const Line& a, const Line& b) { return a.row < b.row; });
      std::string text;
      for (const auto& line : block) text += line.text;
      if (context.is_driver()) write(text);
    });
  }
}

}  // namespace lockstep::ml
