#include "data/features/vectors/augmentation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/math.hpp"
#include "core/random.hpp"

namespace lockstep::data {
namespace {

/// The draws of a row in an epoch, whether they are used or not.
enum Draw : std::uint64_t { Down, Right, Flip, Angle, Erase, Area, Height, Top, Left };
constexpr std::uint64_t kDraws = 16;

constexpr double kMostRatio = 3.3;  // of the sides of an erased box

void check_range(double value, double most, const std::string& field) {
  if (value >= 0 && value <= most) return;
  throw ConfigError(fmt::format("{} is not from 0 to {}", value, most), {.field = field});
}

/// Sine and cosine of an angle in degrees, with the same bits on every machine: whole quarters are
/// taken off exactly, Taylor's series do the rest of at most 45 degrees.
std::pair<double, double> sine_cosine(double degrees) {
  constexpr double kRadians = 0.017453292519943295;
  const double quarters = std::floor(degrees / 90 + 0.5);
  const double x = (degrees - 90 * quarters) * kRadians, z = x * x;
  double sine = 0, cosine = 0;
  for (int n = 20; n >= 2; n -= 2) {
    sine = -z * (1 + sine) / static_cast<double>(n * (n + 1));
    cosine = -z * (1 + cosine) / static_cast<double>(n * (n - 1));
  }
  sine = x * (1 + sine);
  cosine = 1 + cosine;
  switch (static_cast<std::int64_t>(quarters) & 3) {
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    case 3:
      return {-cosine, sine};
    default:
      return {sine, cosine};
  }
}

}  // namespace

Augmentation::Augmentation(const proto::ImageAugmentation& config, const Shape& shape,
                           std::vector<float> zero, std::vector<float> erased, std::string at)
    : config_(config),
      channels_(static_cast<std::size_t>(shape[0])),
      height_(static_cast<std::size_t>(shape[1])),
      width_(static_cast<std::size_t>(shape[2])),
      zero_(std::move(zero)),
      erased_(std::move(erased)),
      at_(std::move(at)) {
  expects(zero_.size() == channels_ && erased_.size() == channels_, "one number a channel");
  check_range(config_.horizontal_flip(), 1, at_ + ".horizontal_flip");
  check_range(config_.rotation_degrees(), 180, at_ + ".rotation_degrees");
  check_range(config_.random_erasing(), 1, at_ + ".random_erasing");
  check_range(config_.erasing_min_area(), 1, at_ + ".erasing_min_area");
  check_range(config_.erasing_max_area(), 1, at_ + ".erasing_max_area");
  if (config_.erasing_min_area() > config_.erasing_max_area()) {
    throw ConfigError(fmt::format("{} is greater than erasing_max_area, {}",
                                  config_.erasing_min_area(), config_.erasing_max_area()),
                      {.field = at_ + ".erasing_min_area"}, "exchange them");
  }
  if (!std::isfinite(config_.erasing_value()))
    throw ConfigError("not a finite number", {.field = at_ + ".erasing_value"});
  if (config_.random_crop_padding() > 0 &&
      config_.random_crop_padding() >= std::min(height_, width_)) {
    throw ConfigError(fmt::format("{} pixels around images of {} x {} pixels",
                                  config_.random_crop_padding(), height_, width_),
                      {.field = at_ + ".random_crop_padding"},
                      "nothing of an image might be left: give a smaller number");
  }
}

void Augmentation::apply(std::uint64_t seed, std::uint64_t epoch, std::uint64_t row_id,
                         std::span<float> image) const {
  const Random random(seed, Purpose::Augment, row_id);
  const auto draw = [&](Draw what) {
    return static_cast<double>(random.uniform(epoch * kDraws + what));
  };
  if (const auto padding = static_cast<std::int64_t>(config_.random_crop_padding()); padding > 0) {
    const auto offset = [&](Draw what) {
      return static_cast<std::int64_t>(draw(what) * static_cast<double>(2 * padding + 1)) - padding;
    };
    shift(image, offset(Down), offset(Right));
  }
  if (draw(Flip) < config_.horizontal_flip()) flip(image);
  if (config_.rotation_degrees() > 0)
    rotate(image, (2 * draw(Angle) - 1) * config_.rotation_degrees());
  if (draw(Erase) < config_.random_erasing()) {
    const double least = config_.erasing_min_area(), most = config_.erasing_max_area();
    const double share = least + draw(Area) * (most - least);
    erase(image,
          box(share * static_cast<double>(height_ * width_), draw(Height), draw(Top), draw(Left)));
  }
}

/// The image as it was, in this thread's scratch memory.
std::vector<float>& Augmentation::copy(std::span<const float> image) const {
  expects(image.size() == channels_ * height_ * width_, "an image has the size its shape says");
  thread_local std::vector<float> scratch;
  scratch.assign(image.begin(), image.end());
  return scratch;
}

void Augmentation::shift(std::span<float> image, std::int64_t down, std::int64_t right) const {
  if (down == 0 && right == 0) return;
  const auto& from = copy(image);
  const auto height = static_cast<std::int64_t>(height_), width = static_cast<std::int64_t>(width_);
  const std::int64_t begin = std::clamp<std::int64_t>(right, 0, width);
  const std::int64_t end = std::clamp<std::int64_t>(width + right, 0, width);
  for (std::size_t c = 0; c < channels_; ++c) {
    for (std::int64_t y = 0; y < height; ++y) {
      const auto channel = static_cast<std::int64_t>(c) * height;
      float* to = image.data() + (channel + y) * width;
      std::fill_n(to, width, zero_[c]);
      if (y - down < 0 || y - down >= height || begin >= end) continue;
      const float* row = from.data() + (channel + y - down) * width;
      std::copy(row + begin - right, row + end - right, to + begin);
    }
  }
}

void Augmentation::flip(std::span<float> image) const {
  for (std::size_t row = 0; row < channels_ * height_; ++row)
    std::reverse(image.data() + row * width_, image.data() + (row + 1) * width_);
}

void Augmentation::rotate(std::span<float> image, double degrees) const {
  const auto& from = copy(image);
  const auto [sine, cosine] = sine_cosine(degrees);
  const double last_row = static_cast<double>(height_) - 1;
  const double last_column = static_cast<double>(width_) - 1;
  const std::size_t area = height_ * width_;
  const auto pixel = [&](std::size_t c, double y, double x) {
    if (y < 0 || x < 0 || y > last_row || x > last_column) return static_cast<double>(zero_[c]);
    const auto at = static_cast<std::size_t>(y) * width_ + static_cast<std::size_t>(x);
    return static_cast<double>(from[c * area + at]);
  };
  for (std::size_t i = 0; i < area; ++i) {
    const double dy = static_cast<double>(i / width_) - last_row / 2;
    const double dx = static_cast<double>(i % width_) - last_column / 2;
    const double y = last_row / 2 + (dx * sine + dy * cosine);  // where the pixel comes from
    const double x = last_column / 2 + (dx * cosine - dy * sine);
    const double top = std::floor(y), left = std::floor(x), fy = y - top, fx = x - left;
    for (std::size_t c = 0; c < channels_; ++c) {
      const double upper = (1 - fx) * pixel(c, top, left) + fx * pixel(c, top, left + 1);
      const double lower = (1 - fx) * pixel(c, top + 1, left) + fx * pixel(c, top + 1, left + 1);
      image[c * area + i] = static_cast<float>((1 - fy) * upper + fy * lower);
    }
  }
}

Augmentation::Box Augmentation::box(double area, double height, double top, double left) const {
  const auto rows = static_cast<double>(height_), columns = static_cast<double>(width_);
  const double wanted = std::clamp(area, 1.0, rows * columns);
  const double least = std::max(wanted / columns, std::min(rows, std::sqrt(wanted / kMostRatio)));
  const double most = std::max(least, std::min(rows, std::sqrt(wanted * kMostRatio)));
  const double ideal = least * exp_exact(height * log_exact(most / least));
  const double tall = std::clamp(std::floor(ideal + 0.5), 1.0, rows);
  const double wide = std::clamp(std::floor(wanted / tall + 0.5), 1.0, columns);
  return {static_cast<std::size_t>(top * (rows - tall + 1)),
          static_cast<std::size_t>(left * (columns - wide + 1)), static_cast<std::size_t>(tall),
          static_cast<std::size_t>(wide)};
}

void Augmentation::erase(std::span<float> image, const Box& box) const {
  for (std::size_t c = 0; c < channels_; ++c) {
    for (std::size_t y = box.top; y < box.top + box.height; ++y) {
      float* row = image.data() + (c * height_ + y) * width_;
      std::fill_n(row + box.left, box.width, erased_[c]);
    }
  }
}

}  // namespace lockstep::data
