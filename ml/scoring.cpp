#include "ml/scoring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "data/dataset_job.hpp"

namespace lockstep::ml {
namespace {

/// The evaluators and the loss of one partition, as a job.
class ScoreJob {
 public:
  struct Partial {
    LossSums sums;
    std::vector<std::unique_ptr<EvaluatorSums>> evaluators;
  };

  ScoreJob(const Scorer& scorer, const NetworkColumns& columns,
           const std::vector<MakeSums>& evaluators)
      : scorer_(scorer), columns_(columns), evaluators_(evaluators) {}

  Partial map(const data::Partition& partition) const {
    Partial partial = empty();
    scorer_.score(
        partition, columns_,
        [&](const Scored& scored, std::size_t, const layers::LaneResult& lane) {
          partial.sums.loss += lane.loss;
          partial.sums.weight += lane.weight;
          partial.sums.correct += lane.correct;
          partial.sums.rows += static_cast<double>(scored.rows);
          for (auto& evaluator : partial.evaluators) evaluator->add(scored);
        },
        /*texts_wanted=*/!evaluators_.empty());
    return partial;
  }

  Partial merge(Partial left, const Partial& right) const {
    left.sums.loss += right.sums.loss;
    left.sums.weight += right.sums.weight;
    left.sums.correct += right.sums.correct;
    left.sums.rows += right.sums.rows;
    for (std::size_t i = 0; i < left.evaluators.size(); ++i)
      left.evaluators[i]->merge(*right.evaluators[i]);
    return left;
  }

  Partial finish(Partial total) const { return total; }

  void save(const Partial& partial, std::string& bytes) const {
    Writer out;
    out.value(partial.sums);
    for (const auto& evaluator : partial.evaluators) evaluator->save(out);
    bytes = out.take();
  }

  Partial load(std::string_view bytes) const {
    Reader in(bytes);
    Partial partial = empty();
    partial.sums = in.value<LossSums>();
    for (auto& evaluator : partial.evaluators) evaluator->load(in);
    return partial;
  }

 private:
  Partial empty() const {
    Partial partial;
    for (const auto& make : evaluators_) partial.evaluators.push_back(make());
    return partial;
  }

  const Scorer& scorer_;
  const NetworkColumns& columns_;
  const std::vector<MakeSums>& evaluators_;
};

/// False where a row has no class: rows to be predicted may have none yet.
bool have_loss(layers::Task task, std::span<const float> labels) {
  return task == layers::Task::Regression || task == layers::Task::Text ||
         std::none_of(labels.begin(), labels.end(), [](float label) { return std::isnan(label); });
}

/// Of each row the mean over the outputs of (output - target)^2. @throws DataError
void mean_squares(const Scored& scored, const data::Partition& partition, std::size_t first,
                  std::span<float> errors) {
  for (std::size_t row = 0; row < scored.rows; ++row) {
    double sum = 0;
    for (std::size_t i = row * scored.width; i < (row + 1) * scored.width; ++i) {
      const double d = static_cast<double>(scored.outputs[i]) - scored.labels[i];
      sum += d * d;
    }
    errors[row] = static_cast<float>(sum / static_cast<double>(scored.width));
    if (!std::isfinite(errors[row])) {
      throw DataError(fmt::format("the reconstruction error of {} is not finite",
                                  row_name(partition, first + row)),
                      {}, "fill or drop missing values first: stages imputer, fill_nulls");
    }
  }
}

}  // namespace

Scorer::Scorer(const layers::Network& network, std::span<const float> parameters,
               std::span<const float> packed, std::size_t lane_size, const TargetTexts* texts)
    : network_(network),
      parameters_(parameters),
      packed_(packed),
      lane_size_(lane_size),
      texts_(texts) {}

std::unique_ptr<layers::Worker> Scorer::borrow() const {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<layers::Worker>(network_);
  auto worker = std::move(idle_.back());
  idle_.pop_back();
  return worker;
}

/// Rows [first, first + rows) of a partition, and room for what is said of them.
struct Scorer::Chunk {
  std::size_t first = 0, rows = 0;
  std::size_t label_width = 0, code_width = 0;
  std::vector<float> labels, errors, anomalies;
  std::vector<std::vector<std::string>> texts, references;

  Chunk(const layers::Network& network, const NetworkColumns& columns, std::size_t lane_size)
      : label_width(columns.label.empty() ? 0 : network.labels_per_row()),
        code_width(label_width > 0 ? network.tap_size() : 0),
        labels(lane_size * label_width),
        errors(code_width > 0 ? lane_size : 0),
        anomalies(code_width > 0 && !columns.anomaly_label.empty() ? lane_size : 0) {}
};

void Scorer::gather(const data::Partition& partition, const NetworkColumns& columns,
                    layers::Worker& worker, Chunk& chunk) const {
  const std::size_t width = network_.input().size();
  const auto into = worker.input(chunk.rows);
  for (std::size_t i = 0; i < chunk.rows; ++i) {
    const std::size_t row = chunk.first + i;
    data::copy_row(partition.column(columns.input), row, into.data() + i * width);
    if (chunk.label_width > 0)
      data::copy_row(partition.column(columns.label), row,
                     chunk.labels.data() + i * chunk.label_width);
    if (!chunk.anomalies.empty())
      data::copy_row(partition.column(columns.anomaly_label), row, chunk.anomalies.data() + i);
  }
}

void Scorer::write_texts(const data::Partition& partition, const NetworkColumns& columns,
                         layers::Worker& worker, Chunk& chunk, Scored& scored) const {
  layers::Worker::Pass pass;
  pass.rows = chunk.rows;
  pass.row_ids = std::span(partition.row_ids).subspan(chunk.first, chunk.rows);
  pass.parameters = parameters_;
  pass.packed = packed_;
  chunk.texts.clear();
  for (const auto& ids : worker.write(pass, texts_->options()))
    chunk.texts.push_back(texts_->words(ids));
  scored.texts = chunk.texts;
  if (columns.reference.empty()) return;
  chunk.references.clear();
  const auto& tokens = partition.get<data::Tokens>(columns.reference);
  for (std::size_t row = chunk.first; row < chunk.first + chunk.rows; ++row) {
    auto& words = chunk.references.emplace_back();
    for (std::size_t i = 0; i < tokens.count(row); ++i)
      words.emplace_back(tokens.token(tokens.first(row) + i));
  }
  scored.references = chunk.references;
}

void Scorer::score(const data::Partition& partition, const NetworkColumns& columns, const Use& use,
                   bool texts_wanted) const {
  auto worker = borrow();
  const std::size_t outputs = network_.outputs();
  Chunk chunk(network_, columns, lane_size_);
  for (; chunk.first < partition.rows(); chunk.first += lane_size_) {
    const std::size_t rows = chunk.rows = std::min(lane_size_, partition.rows() - chunk.first);
    gather(partition, columns, *worker, chunk);
    layers::Worker::Pass pass;
    pass.rows = rows;
    pass.row_ids = std::span(partition.row_ids).subspan(chunk.first, rows);
    pass.labels = std::span<const float>(chunk.labels).first(rows * chunk.label_width);
    pass.parameters = parameters_;
    pass.packed = packed_;
    layers::LaneResult sums;
    if (chunk.label_width > 0 && have_loss(network_.task(), pass.labels))
      sums = worker->evaluate(pass);
    else if (network_.task() != layers::Task::Text)
      worker->predict(pass);
    Scored scored{{}, outputs, pass.labels, rows};
    if (network_.task() != layers::Task::Text)
      scored.outputs = worker->outputs().first(rows * outputs);
    if (chunk.code_width > 0) {
      mean_squares(scored, partition, chunk.first, chunk.errors);
      scored.codes = worker->tap().first(rows * chunk.code_width);
      scored.code_width = chunk.code_width;
      scored.errors = std::span<const float>(chunk.errors).first(rows);
      if (!chunk.anomalies.empty())
        scored.anomalies = std::span<const float>(chunk.anomalies).first(rows);
    }
    if (texts_wanted && texts_ != nullptr) write_texts(partition, columns, *worker, chunk, scored);
    use(scored, chunk.first, sums);
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

nlohmann::ordered_json evaluate(const Context& context, const Scorer& scorer,
                                const data::Dataset& dataset, const NetworkColumns& columns,
                                const std::vector<MakeSums>& evaluators, LossSums& sums) {
  const auto total =
      data::run_job(context.ranks, context.threads, ScoreJob(scorer, columns, evaluators), dataset);
  sums = total.sums;
  auto metrics = nlohmann::ordered_json::object();
  metrics["rows"] = static_cast<std::uint64_t>(sums.rows);
  metrics["loss"] = sums.mean_loss();
  for (const auto& evaluator : total.evaluators) evaluator->finish(metrics);
  return metrics;
}

}  // namespace lockstep::ml
