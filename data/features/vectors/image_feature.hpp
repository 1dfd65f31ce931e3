#pragma once
/// ImageFeature: a vector of pixels becomes an image of shape [C, H, W].

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/features/vectors/augmentation.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// out[c, y, x] = float((value * scale - mean[c]) / std[c]), computed in double. Input vector of C
/// * H * W numbers, the channels of a pixel apart (CHW) or side by side (HWC). Sparse rows may lack
/// trailing zeros; zeros are pixels too.
class ImageFeature final : public FeatureStage {
 public:
  /// `at` is the config path of the message, for example "stage[0].image_feature".
  /// @throws ConfigError if height, width and num_pixels do not fit, or mean and std are not one
  /// number or one a channel
  ImageFeature(const proto::ImageFeature& config, std::string at);

  std::vector<std::string> input_columns() const override { return {config_.input_col()}; }
  Schema output_schema(const Schema& input) const override;
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;  ///< with height and width

  /// What changes these images while a network is trained on them, or null. transform() leaves them
  /// plain.
  const Augmentation* augmentation() const { return augmentation_ ? &*augmentation_ : nullptr; }
  const std::string& output_col() const { return config_.output_col(); }

 private:
  void make_augmentation();
  void fill(const SparseVectors& rows, const Partition& partition,
            std::vector<float>& images) const;
  void fill(const DenseVectors& rows, const Partition& partition, std::vector<float>& images) const;

  std::size_t channels() const { return static_cast<std::size_t>(shape_[0]); }
  std::size_t pixels() const { return static_cast<std::size_t>(shape_[1] * shape_[2]); }
  float pixel(double value, std::size_t channel) const {
    return static_cast<float>((value * config_.scale() - mean_[channel]) / std_[channel]);
  }

  proto::ImageFeature config_;
  std::string at_;
  Shape shape_;                     // [C, H, W]
  std::vector<double> mean_, std_;  // one a channel
  std::optional<Augmentation> augmentation_;
};

/// The augmentation of the images in `column`, or null.
const Augmentation* augmentation_of(const std::vector<std::unique_ptr<FeatureStage>>& stages,
                                    const std::string& column);

/// `inputs`: the columns that estimators read. @throws ConfigError if a stage augments another
/// column: nothing would come of it
void check_augmentations(const std::vector<std::unique_ptr<FeatureStage>>& stages,
                         const std::vector<std::string>& inputs);

}  // namespace lockstep::data
