#include "ml/network/target_scale.hpp"

#include "core/error.hpp"

namespace lockstep::ml {

TargetScale::TargetScale(const proto::NetworkModel& model)
    : means_(model.target_mean().begin(), model.target_mean().end()),
      deviations_(model.target_deviation().begin(), model.target_deviation().end()) {
  expects(means_.size() == deviations_.size(), "each target has a mean and a deviation");
}

void TargetScale::read(const data::Column& column, std::size_t row, std::span<float> target) const {
  if (!scales()) return data::copy_row(column, row, target.data());
  thread_local std::vector<double> values;
  values.resize(target.size());
  data::copy_row(column, row, values.data());
  for (std::size_t i = 0; i < target.size(); ++i) {
    const std::size_t j = i % means_.size();
    target[i] = static_cast<float>((values[i] - means_[j]) / deviations_[j]);
  }
}

double TargetScale::value(float output, std::size_t j) const {
  const double y = static_cast<double>(output);
  return scales() ? y * deviations_[j % means_.size()] + means_[j % means_.size()] : y;
}

}  // namespace lockstep::ml
