#include "ml/evaluators/binary.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/math.hpp"
#include "ml/evaluators/names.hpp"

namespace lockstep::ml {

BinarySums::BinarySums(const proto::BinaryEvaluator& config) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::BinaryEvaluator::Metric>(name));
  if (names_.empty())
    names_ = {proto::BinaryEvaluator::AREA_UNDER_ROC, proto::BinaryEvaluator::ACCURACY};
}

void BinarySums::add(const Scored& scored) {
  for (std::size_t row = 0; row < scored.rows; ++row) {
    const float score = scored.outputs[row * scored.width + scored.width - 1];  // of class 1
    const bool positive = scored.labels[row] == 1;
    auto& counts = by_score_[score];
    (positive ? counts.positives : counts.negatives) += 1;
    right_ += (score > 0.5f) == positive;
    log_loss_ -= log_exact(
        std::max(1e-15, positive ? static_cast<double>(score) : 1 - static_cast<double>(score)));
  }
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
    const auto score = in.value<float>();
    by_score_[score] = in.value<Counts>();
  }
  log_loss_ = in.value<double>();
  right_ = in.value<std::int64_t>();
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
  // Twice the area in units of one positive times one negative is a whole number: exact.
  double area = 0;
  std::int64_t positives = 0;
  for (const auto& [score, counts] : by_score_) {
    area += static_cast<double>(counts.negatives) *
            static_cast<double>(2 * positives + counts.positives);
    positives += counts.positives;
  }
  return area / 2 / static_cast<double>(all.positives) / static_cast<double>(all.negatives);
}

double BinarySums::area_under_pr() const {
  const auto positives = static_cast<double>(total().positives);
  if (by_score_.empty() || positives == 0) return 0;
  double area = 0, last_recall = 0, last_precision = 0, hits = 0, predicted = 0;
  bool first = true;
  for (const auto& [score, counts] : by_score_) {
    hits += static_cast<double>(counts.positives);
    predicted += static_cast<double>(counts.positives + counts.negatives);
    const double recall = hits / positives, precision = hits / predicted;
    if (first) last_precision = precision;
    first = false;
    area += (recall - last_recall) * (precision + last_precision) / 2;
    last_recall = recall;
    last_precision = precision;
  }
  return area;
}

void BinarySums::finish(nlohmann::ordered_json& metrics) const {
  const Counts all = total();
  const auto rows = static_cast<double>(std::max<std::int64_t>(1, all.positives + all.negatives));
  for (const auto name : names_) {
    auto& value = metrics[metric_key(proto::BinaryEvaluator::Metric_Name(name))];
    switch (name) {
      case proto::BinaryEvaluator::AREA_UNDER_ROC:
        value = area_under_roc();
        break;
      case proto::BinaryEvaluator::AREA_UNDER_PR:
        value = area_under_pr();
        break;
      case proto::BinaryEvaluator::ACCURACY:
        value = static_cast<double>(right_) / rows;
        break;
      case proto::BinaryEvaluator::LOG_LOSS:
        value = log_loss_ / rows;
        break;
    }
  }
}

}  // namespace lockstep::ml
