#include "ml/evaluators/multiclass.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/math.hpp"
#include "ml/evaluators/names.hpp"

namespace lockstep::ml {

MulticlassSums::MulticlassSums(const proto::MulticlassEvaluator& config, std::size_t classes)
    : eps_(config.eps()),
      classes_(std::max<std::size_t>(classes, 2)),
      counts_(classes_ * classes_) {
  for (const int name : config.metric_name())
    names_.push_back(static_cast<proto::MulticlassEvaluator::Metric>(name));
  using M = proto::MulticlassEvaluator;
  if (names_.empty()) names_ = {M::ACCURACY, M::F1, M::LOG_LOSS};
}

void MulticlassSums::add(const Scored& scored) {
  for (std::size_t row = 0; row < scored.rows; ++row) {
    const float* p = scored.outputs.data() + row * scored.width;
    const auto label = static_cast<std::size_t>(scored.labels[row]);
    // One output is the probability of class 1.
    const auto prediction =
        scored.width == 1 ? static_cast<std::size_t>(p[0] > 0.5f)
                          : static_cast<std::size_t>(std::max_element(p, p + scored.width) - p);
    const double of_label =
        scored.width == 1 ? (label == 1 ? p[0] : 1 - static_cast<double>(p[0])) : p[label];
    ++counts_[label * classes_ + prediction];
    log_loss_ -= log_exact(std::max(eps_, of_label));
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
  counts_ = in.values<std::int64_t>();
  log_loss_ = in.value<double>();
}

double MulticlassSums::metric(proto::MulticlassEvaluator::Metric name) const {
  double rows = 0, right = 0, precision_sum = 0, recall_sum = 0, f1_sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) {
    double truth = 0, predicted = 0;
    for (std::size_t other = 0; other < classes_; ++other) {
      truth += static_cast<double>(count(c, other));
      predicted += static_cast<double>(count(other, c));
    }
    const auto hits = static_cast<double>(count(c, c));
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

void MulticlassSums::finish(nlohmann::ordered_json& metrics) const {
  for (const auto name : names_) {
    const std::string key = metric_key(proto::MulticlassEvaluator::Metric_Name(name));
    if (name != proto::MulticlassEvaluator::CONFUSION_MATRIX) {
      metrics[key] = metric(name);
      continue;
    }
    auto& matrix = metrics[key] = nlohmann::ordered_json::array();
    for (std::size_t c = 0; c < classes_; ++c) {
      matrix.push_back(std::vector<std::int64_t>(
          counts_.begin() + static_cast<std::ptrdiff_t>(c * classes_),
          counts_.begin() + static_cast<std::ptrdiff_t>((c + 1) * classes_)));
    }
  }
}

}  // namespace lockstep::ml
