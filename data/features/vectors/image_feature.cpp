#include "data/features/vectors/image_feature.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr std::int64_t kMostNumbers = std::int64_t{1} << 31;  // of one image

/// The side of a square of `pixels` pixels, or 0.
std::uint32_t side_of(std::uint32_t pixels) {
  const auto side = static_cast<std::uint32_t>(std::lround(std::sqrt(static_cast<double>(pixels))));
  return static_cast<std::uint64_t>(side) * side == pixels ? side : 0;
}

/// Fills in height and width from num_pixels.
void resolve_size(proto::ImageFeature& config, const std::string& at) {
  const std::uint32_t pixels = config.num_pixels();
  if (!config.has_height() && !config.has_width()) {
    if (!config.has_num_pixels()) {
      throw ConfigError("the size of the images is missing", {.field = at},
                        "give height and width");
    }
    const std::uint32_t side = side_of(pixels);
    if (side == 0) {
      throw ConfigError(fmt::format("{} pixels are not a square", pixels),
                        {.field = at + ".num_pixels"}, "give height and width");
    }
    config.set_height(side);
    config.set_width(side);
  } else if (!config.has_height() || !config.has_width()) {
    const std::uint32_t known = config.has_height() ? config.height() : config.width();
    const std::string missing = config.has_height() ? "width" : "height";
    if (!config.has_num_pixels() || known == 0 || pixels % known != 0) {
      throw ConfigError("the " + missing + " of the images is missing",
                        {.field = at + "." + missing}, "give height and width");
    }
    config.has_height() ? config.set_width(pixels / known) : config.set_height(pixels / known);
  }
  const std::uint64_t product = static_cast<std::uint64_t>(config.height()) * config.width();
  if (product == 0 || config.channels() == 0) {
    throw ConfigError("height, width and channels must be at least 1", {.field = at});
  }
  if (config.has_num_pixels() && product != pixels) {
    throw ConfigError(fmt::format("num_pixels is {}, but height {} * width {} = {}", pixels,
                                  config.height(), config.width(), product),
                      {.field = at + ".num_pixels"}, "leave num_pixels out");
  }
  if (product > static_cast<std::uint64_t>(kMostNumbers) / config.channels()) {
    throw ConfigError("the images are too large", {.field = at},
                      "an image has at most 2^31 numbers");
  }
}

std::vector<double> one_a_channel(const google::protobuf::RepeatedField<double>& given,
                                  double otherwise, std::size_t channels,
                                  const std::string& field) {
  if (given.empty()) return std::vector<double>(channels, otherwise);
  const auto count = static_cast<std::size_t>(given.size());
  if (count != 1 && count != channels) {
    throw ConfigError(fmt::format("{} numbers for {} channels", count, channels), {.field = field},
                      "give one number, or one a channel");
  }
  if (!std::all_of(given.begin(), given.end(), [](double v) { return std::isfinite(v); })) {
    throw ConfigError("not a finite number", {.field = field});
  }
  return count == 1 ? std::vector<double>(channels, given[0])
                    : std::vector<double>(given.begin(), given.end());
}

}  // namespace

ImageFeature::ImageFeature(const proto::ImageFeature& config, std::string at)
    : config_(config), at_(std::move(at)) {
  resolve_size(config_, at_);
  shape_ = {config_.channels(), config_.height(), config_.width()};
  mean_ = one_a_channel(config_.mean(), 0, channels(), at_ + ".mean");
  std_ = one_a_channel(config_.std(), 1, channels(), at_ + ".std");
  if (std::find(std_.begin(), std_.end(), 0.0) != std_.end()) {
    throw ConfigError("std is 0", {.field = at_ + ".std"},
                      "it is divided by; leave it out to divide by nothing");
  }
  if (!std::isfinite(config_.scale()))
    throw ConfigError("not a finite number", {.field = at_ + ".scale"});
  if (config_.has_augment()) make_augmentation();
}

void ImageFeature::make_augmentation() {
  std::vector<float> zero, erased;
  for (std::size_t c = 0; c < channels(); ++c) {
    zero.push_back(pixel(0, c));
    erased.push_back(pixel(config_.augment().erasing_value(), c));
  }
  augmentation_.emplace(config_.augment(), shape_, std::move(zero), std::move(erased),
                        at_ + ".augment");
}

Schema ImageFeature::output_schema(const Schema& input) const {
  const ColumnType& type =
      input_column(input, config_.input_col(), {ColumnType::Kind::Vector}, at_ + ".input_col");
  const std::size_t width = type.shape.size(), wanted = shape_.size();
  if (width > wanted || (width < wanted && !type.open_width)) {
    throw ConfigError(
        fmt::format("the vectors have {} numbers, but {} channels * {} * {} pixels = {}", width,
                    shape_[0], shape_[1], shape_[2], wanted),
        {.field = at_}, "set height, width and channels to what the data has");
  }
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Image, shape_}, at_ + ".output_col");
  return output;
}

Effect ImageFeature::transform(Partition& partition, Phase) const {
  std::vector<float> images(partition.rows() * shape_.size());
  const Column& input = partition.column(config_.input_col());
  if (const auto* sparse = std::get_if<SparseVectors>(&input)) {
    fill(*sparse, partition, images);
  } else {
    const auto* dense = std::get_if<DenseVectors>(&input);
    expects(dense != nullptr, "ImageFeature reads a vector column");
    fill(*dense, partition, images);
  }
  partition.columns.insert_or_assign(config_.output_col(), Images{shape_, std::move(images)});
  return {};
}

void ImageFeature::fill(const SparseVectors& rows, const Partition& partition,
                        std::vector<float>& images) const {
  const std::size_t size = shape_.size(), area = pixels(), depth = channels();
  const bool side_by_side = config_.order() == proto::ImageFeature::HWC;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    float* image = images.data() + row * size;
    for (std::size_t c = 0; c < depth; ++c) std::fill_n(image + c * area, area, pixel(0, c));
    const std::size_t begin = rows.begin[row], end = rows.begin[row + 1];
    if (begin != end && rows.indices[end - 1] >= size) {
      throw DataError(fmt::format("row {} has the index {} (from 0), but an image has {} numbers",
                                  partition.row_ids[row], rows.indices[end - 1], size),
                      {.field = config_.input_col()},
                      "set height, width and channels to what the data has");
    }
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t j = rows.indices[i];
      const std::size_t c = depth == 1 ? 0 : side_by_side ? j % depth : j / area;
      const std::size_t at = side_by_side && depth != 1 ? c * area + j / depth : j;
      image[at] = pixel(rows.values[i], c);
    }
  }
}

void ImageFeature::fill(const DenseVectors& rows, const Partition& partition,
                        std::vector<float>& images) const {
  const std::size_t size = shape_.size(), area = pixels(), depth = channels();
  if (rows.width != size && partition.rows() != 0) {
    throw DataError(fmt::format("row {} has {} numbers, but an image has {}", partition.row_ids[0],
                                rows.width, size),
                    {.field = config_.input_col()},
                    "set height, width and channels to what the data has");
  }
  const bool side_by_side = config_.order() == proto::ImageFeature::HWC;
  const std::size_t channel_step = side_by_side ? 1 : area, pixel_step = side_by_side ? depth : 1;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const double* in = rows.values.data() + row * size;
    float* out = images.data() + row * size;
    for (std::size_t c = 0; c < depth; ++c) {
      for (std::size_t p = 0; p < area; ++p)
        *out++ = pixel(in[c * channel_step + p * pixel_step], c);
    }
  }
}

proto::Stage ImageFeature::save() const {
  proto::Stage stage;
  *stage.mutable_image_feature() = config_;
  return stage;
}

const Augmentation* augmentation_of(const std::vector<std::unique_ptr<FeatureStage>>& stages,
                                    const std::string& column) {
  for (const auto& stage : stages) {
    const auto* images = dynamic_cast<const ImageFeature*>(stage.get());
    if (images != nullptr && images->augmentation() != nullptr && images->output_col() == column)
      return images->augmentation();
  }
  return nullptr;
}

void check_augmentations(const std::vector<std::unique_ptr<FeatureStage>>& stages,
                         const std::vector<std::string>& inputs) {
  for (const auto& stage : stages) {
    const auto* images = dynamic_cast<const ImageFeature*>(stage.get());
    if (images == nullptr || images->augmentation() == nullptr) continue;
    const std::string& output = images->output_col();
    if (std::find(inputs.begin(), inputs.end(), output) != inputs.end()) continue;
    throw ConfigError(fmt::format("the images of '{}' are to be augmented, but no estimator reads "
                                  "them",
                                  output),
                      {.field = images->augmentation()->at()},
                      "only an estimator's own input can be augmented");
  }
}

}  // namespace lockstep::data
