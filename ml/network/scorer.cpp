#include "ml/network/scorer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/jobs/dataset_job.hpp"

namespace lockstep::ml {
namespace {

class LossJob {
 public:
  LossJob(const Scorer& scorer, const LaneColumns& columns) : scorer_(scorer), columns_(columns) {}

  LossSums map(const data::Partition& partition) const {
    LossSums sums;
    scorer_.score(partition, columns_, [&](const ScoredRows& scored) {
      if (scored.sums) sums.add(*scored.sums, scored.rows);
    });
    return sums;
  }
  LossSums merge(LossSums left, const LossSums& right) const {
    left.add(right);
    return left;
  }
  LossSums finish(LossSums total) const { return total; }

 private:
  const Scorer& scorer_;
  const LaneColumns& columns_;
};

/// False where a row has no label: rows to be predicted may have none yet.
bool have_loss(layers::Task task, std::span<const float> targets) {
  return task == layers::Task::Sequence ||
         std::none_of(targets.begin(), targets.end(), [](float y) { return std::isnan(y); });
}

}  // namespace

Scorer::Scorer(const layers::Network& network, std::span<const float> parameters,
               std::span<const float> packed, std::size_t lane_size, TargetScale scale)
    : network_(network),
      parameters_(parameters),
      packed_(packed),
      lane_size_(lane_size),
      scale_(std::move(scale)) {}

std::unique_ptr<layers::Worker> Scorer::borrow() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<layers::Worker>(network_);
  auto worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

/// Rows [first, first + rows) of a partition, and room for what they are compared with.
struct Scorer::Chunk {
  std::size_t first = 0, rows = 0;
  std::size_t label_width = 0;
  std::vector<float> targets, weights;

  Chunk(const layers::Network& network, const LaneColumns& columns, std::size_t lane_size)
      : label_width(columns.target.empty() ? 0 : network.labels_per_row()),
        targets(lane_size * label_width),
        weights(columns.weight.empty() ? 0 : lane_size) {}
};

namespace {

/// @throws DataError naming the row
void require_finite(const data::Partition& partition, const std::string& column, std::size_t row,
                    std::span<const float> features) {
  const auto bad =
      std::find_if(features.begin(), features.end(), [](float x) { return !std::isfinite(x); });
  if (bad == features.end()) return;
  throw DataError(
      fmt::format("number {} of column '{}' is {}, in {}", bad - features.begin() + 1, column,
                  std::isnan(*bad) ? "missing or not a number" : "beyond what a float holds",
                  row_name(partition, row)),
      {.field = column}, "fill or drop such rows first: stages imputer, fill_nulls, drop_nulls");
}

}  // namespace

void Scorer::gather(const data::Partition& partition, const LaneColumns& columns,
                    layers::Worker& worker, Chunk& chunk) const {
  const std::size_t width = network_.input().size();
  const auto into = worker.input(chunk.rows);
  for (std::size_t i = 0; i < chunk.rows; ++i) {
    const std::size_t row = chunk.first + i;
    const auto features = into.subspan(i * width, width);
    data::copy_row(partition.column(columns.input), row, features.data());
    require_finite(partition, columns.input, row, features);
    if (chunk.label_width > 0)
      scale_.read(partition.column(columns.target), row,
                  std::span(chunk.targets).subspan(i * chunk.label_width, chunk.label_width));
    if (!chunk.weights.empty())
      data::copy_row(partition.column(columns.weight), row, chunk.weights.data() + i);
  }
}

void Scorer::score(const data::Partition& partition, const LaneColumns& columns, const Use& use,
                   const layers::WritingOptions* writing) const {
  auto worker = borrow();
  const bool texts = network_.task() == layers::Task::Sequence;
  Chunk chunk(network_, columns, lane_size_);
  std::vector<layers::WrittenText> written;
  for (; chunk.first < partition.rows(); chunk.first += lane_size_) {
    const std::size_t rows = chunk.rows = std::min(lane_size_, partition.rows() - chunk.first);
    gather(partition, columns, *worker, chunk);
    layers::Worker::Pass pass;
    pass.rows = rows;
    pass.row_ids = std::span(partition.row_ids).subspan(chunk.first, rows);
    pass.labels = std::span<const float>(chunk.targets).first(rows * chunk.label_width);
    pass.weights = std::span<const float>(chunk.weights).first(chunk.weights.empty() ? 0 : rows);
    pass.parameters = parameters_;
    pass.packed = packed_;
    ScoredRows scored;
    scored.first = chunk.first;
    scored.rows = rows;
    scored.targets = pass.labels;
    if (chunk.label_width > 0 && have_loss(network_.task(), pass.labels))
      scored.sums = worker->evaluate(pass);
    else if (!texts)
      worker->predict(pass);
    if (!texts) scored.outputs = worker->outputs().first(rows * network_.outputs());
    if (network_.tap_size() > 0) scored.tap = worker->tap().first(rows * network_.tap_size());
    if (texts && writing != nullptr) {
      written = worker->write(pass, *writing);
      scored.texts = written;
    }
    use(scored);
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

LossSums loss_over(const Context& context, const Scorer& scorer, const data::Dataset& dataset,
                   const LaneColumns& columns) {
  return data::run_job(context, LossJob(scorer, columns), dataset);
}

}  // namespace lockstep::ml
