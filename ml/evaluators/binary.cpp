#include "ml/evaluators/binary.hpp"

#include <algorithm>

#include "core/math.hpp"

namespace lockstep::ml {

BinarySums::BinarySums(const proto::BinaryEvaluator& config) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::BinaryEvaluator::Metric>(name));
  if (names_.empty())
    names_ = {proto::BinaryEvaluator::AREA_UNDER_ROC, proto::BinaryEvaluator::ACCURACY};
}

void BinarySums::add(const data::Partition& partition, const PredictionColumns& columns) {
  const auto& labels = *numbers_of(partition, columns.label);
  const auto& probability = partition.get<data::DenseVectors>(columns.probability);
  const auto* weights = numbers_of(partition, columns.weight);
  for (std::size_t row = 0; row < partition.rows(); ++row)
    add_row(probability.row(row)[1], labels[row] == 1, weight_of(weights, row));
}

void BinarySums::add_row(double score, bool positive, double weight) {
  auto& counts = by_score_[score];
  (positive ? counts.positives : counts.negatives) += weight;
  if ((score > 0.5) == positive) right_ += weight;
  log_loss_ -= weight * log_exact(std::max(1e-15, positive ? score : 1 - score));
}

void BinarySums::merge(const EvaluatorSums& right) {
  const auto& other = static_cast<const BinarySums&>(right);
  for (const auto& [score, counts] : other.by_score_) {
    auto& own = by_score_[score];
    own.positives += counts.positives;
    own.negatives += counts.negatives;
  }
  log_loss_ += other.log_loss_;
  right_ += other.right_;
}

void BinarySums::save(Writer& out) const {
  out.value(by_score_.size());
  for (const auto& [score, counts] : by_score_) {
    out.value(score);
    out.value(counts);
  }
  out.value(log_loss_);
  out.value(right_);
}

void BinarySums::load(Reader& in) {
  by_score_.clear();
  for (auto n = in.value<std::size_t>(); n > 0; --n) {
    const auto score = in.value<double>();
    by_score_[score] = in.value<Counts>();
  }
  log_loss_ = in.value<double>();
  right_ = in.value<double>();
}

BinarySums::Counts BinarySums::total() const {
  Counts sum;
  for (const auto& [score, counts] : by_score_) {
    sum.positives += counts.positives;
    sum.negatives += counts.negatives;
  }
  return sum;
}

double BinarySums::area_under_roc() const {
  const Counts all = total();
  if (all.positives == 0 || all.negatives == 0) return all.positives == 0 ? 0 : 1;
  // Twice the area; of rows that count one each it is a whole number: exact.
  double area = 0, positives = 0;
  for (const auto& [score, counts] : by_score_) {
    area += counts.negatives * (2 * positives + counts.positives);
    positives += counts.positives;
  }
  return area / 2 / all.positives / all.negatives;
}

double BinarySums::area_under_pr() const {
  const double positives = total().positives;
  if (by_score_.empty() || positives == 0) return 0;
  double area = 0, last_recall = 0, last_precision = 0, hits = 0, predicted = 0;
  bool first = true;
  for (const auto& [score, counts] : by_score_) {
    hits += counts.positives;
    predicted += counts.positives + counts.negatives;
    const double recall = hits / positives, precision = hits / predicted;
    if (first) last_precision = precision;
    first = false;
    area += (recall - last_recall) * (precision + last_precision) / 2;
    last_recall = recall;
    last_precision = precision;
  }
  return area;
}

double BinarySums::metric(proto::BinaryEvaluator::Metric name) const {
  const Counts all = total();
  const double sum = all.positives + all.negatives, rows = sum > 0 ? sum : 1;
  switch (name) {
    case proto::BinaryEvaluator::AREA_UNDER_ROC:
      return area_under_roc();
    case proto::BinaryEvaluator::AREA_UNDER_PR:
      return area_under_pr();
    case proto::BinaryEvaluator::ACCURACY:
      return right_ / rows;
    case proto::BinaryEvaluator::LOG_LOSS:
      return log_loss_ / rows;
  }
  return 0;
}

void BinarySums::finish(Metrics& metrics) const {
  for (const auto name : names_)
    ml::add(metrics, metric_key(proto::BinaryEvaluator::Metric_Name(name)), metric(name));
}

}  // namespace lockstep::ml
