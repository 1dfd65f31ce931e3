#include "ml/evaluators/multiclass.hpp"

#include <algorithm>

#include "core/math.hpp"

namespace lockstep::ml {

MulticlassSums::MulticlassSums(const proto::MulticlassEvaluator& config,
                               const PredictionColumns& columns)
    : class_names_(columns.class_names),
      eps_(config.eps()),
      classes_(std::max<std::size_t>(columns.classes, 2)),
      counts_(classes_ * classes_) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::MulticlassEvaluator::Metric>(name));
  using M = proto::MulticlassEvaluator;
  if (names_.empty()) names_ = {M::ACCURACY, M::F1, M::LOG_LOSS};
}

void MulticlassSums::add(const data::Partition& partition, const PredictionColumns& columns) {
  const auto& labels = *numbers_of(partition, columns.label);
  const auto& predictions = *numbers_of(partition, columns.prediction);
  const auto& probability = partition.get<data::DenseVectors>(columns.probability);
  const auto* weights = numbers_of(partition, columns.weight);
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const auto label = static_cast<std::size_t>(labels[row]);
    const double weight = weight_of(weights, row);
    counts_[label * classes_ + static_cast<std::size_t>(predictions[row])] += weight;
    log_loss_ -= weight * log_exact(std::max(eps_, probability.row(row)[label]));
  }
}

void MulticlassSums::merge(const EvaluatorSums& right) {
  const auto& other = static_cast<const MulticlassSums&>(right);
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  log_loss_ += other.log_loss_;
}

void MulticlassSums::save(Writer& out) const {
  out.values(counts_);
  out.value(log_loss_);
}

void MulticlassSums::load(Reader& in) {
  counts_ = in.values<double>();
  log_loss_ = in.value<double>();
}

double MulticlassSums::metric(proto::MulticlassEvaluator::Metric name) const {
  double rows = 0, right = 0, precision_sum = 0, recall_sum = 0, f1_sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    double truth = 0, predicted = 0;
    for (std::size_t other = 0; other < classes_; ++other) {
      truth += count(c, other);
      predicted += count(other, c);
    }
    const double hits = count(c, c);
    const double precision = predicted > 0 ? hits / predicted : 0,
                 recall = truth > 0 ? hits / truth : 0;
    rows += truth;
    right += hits;
    precision_sum += truth * precision;
    recall_sum += truth * recall;
    f1_sum += precision + recall > 0 ? truth * 2 * precision * recall / (precision + recall) : 0;
  }
  if (rows == 0) return 0;
  switch (name) {
    case proto::MulticlassEvaluator::ACCURACY:
      return right / rows;
    case proto::MulticlassEvaluator::F1:
      return f1_sum / rows;
    case proto::MulticlassEvaluator::WEIGHTED_PRECISION:
      return precision_sum / rows;
    case proto::MulticlassEvaluator::WEIGHTED_RECALL:
      return recall_sum / rows;
    case proto::MulticlassEvaluator::HAMMING_LOSS:
      return 1 - right / rows;
    case proto::MulticlassEvaluator::LOG_LOSS:
      return log_loss_ / rows;
    case proto::MulticlassEvaluator::CONFUSION_MATRIX:
      break;
  }
  return 0;
}

void MulticlassSums::finish(Metrics& metrics) const {
  for (const auto name : names_) {
    const std::string key = metric_key(proto::MulticlassEvaluator::Metric_Name(name));
    if (name != proto::MulticlassEvaluator::CONFUSION_MATRIX) {
      ml::add(metrics, key, metric(name));
      continue;
    }
    if (!class_names_.empty()) metrics.push_back({"classes", class_names_});
    metrics.push_back({key, Matrix{classes_, classes_, counts_}});
  }
}

}  // namespace lockstep::ml
