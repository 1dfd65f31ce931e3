#include "layers/standardized_loss.hpp"

#include <vector>

#include "core/error.hpp"

namespace lockstep::layers {
namespace {

class StandardizedLoss final : public Loss {
 public:
  StandardizedLoss(std::unique_ptr<const Loss> loss, const proto::NetworkModel& model)
      : loss_(std::move(loss)),
        means_(model.target_mean().begin(), model.target_mean().end()),
        deviations_(model.target_deviation().begin(), model.target_deviation().end()) {
    const auto numbers = loss_->labels_per_row();
    expects(loss_->task() == Task::Regression && means_.size() == deviations_.size() &&
                (means_.size() == 1 || means_.size() == numbers),
            "a standardized regression has a mean and a deviation for each target");
  }

  Task task() const override { return loss_->task(); }
  std::string name() const override { return loss_->name(); }
  std::size_t labels_per_row() const override { return loss_->labels_per_row(); }

  LaneResult evaluate(std::span<const float> logits, std::span<const float> labels,
                      float* dlogits) const override {
    thread_local std::vector<float> scaled;
    scaled.resize(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::size_t j = i % means_.size();
      scaled[i] = static_cast<float>((static_cast<double>(labels[i]) - means_[j]) / deviations_[j]);
    }
    return loss_->evaluate(logits, scaled, dlogits);
  }

  void present(std::span<const float> logits, float* outputs) const override {
    loss_->present(logits, outputs);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const std::size_t j = i % means_.size();
      outputs[i] = static_cast<float>(static_cast<double>(outputs[i]) * deviations_[j] + means_[j]);
    }
  }

 private:
  std::unique_ptr<const Loss> loss_;
  std::vector<double> means_, deviations_;
};

}  // namespace

std::unique_ptr<const Loss> standardized(std::unique_ptr<const Loss> loss,
                                         const proto::NetworkModel& model) {
  return std::make_unique<StandardizedLoss>(std::move(loss), model);
}

}  // namespace lockstep::layers
