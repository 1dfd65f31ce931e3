#pragma once
/// A list of layers on a test bench: compiled for N rows, fed with random numbers, its memory
/// poisoned with NaN before each pass, its gradients compared with central differences.

#include <google/protobuf/text_format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/random.hpp"
#include "layers/network.hpp"
#include "layers/sequential.hpp"
#include "tests/catch.hpp"

namespace lockstep::layers::testing {

using Numbers = std::vector<float>;

inline proto::Network network_config(const std::string& text) {
  proto::Network config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

/// Uniform in [-1, 1).
inline Numbers random_numbers(std::size_t n, std::uint64_t seed) {
  const Random random(seed, Purpose::Test);
  Numbers numbers(n);
  for (std::size_t i = 0; i < n; ++i) numbers[i] = 2 * random.uniform(i) - 1;
  return numbers;
}

inline std::size_t size_of(const ParameterInfo& info) { return Shape(info.shape).size(); }

class Rig {
 public:
  /// `layers`: "layer { dense { units: 3 } } layer { ... }", and "precision: BF16". The output is
  /// brought to plain [N, F]. `masked`: rows may end early, where `lengths` says.
  Rig(const std::string& layers, const Shape& input, std::size_t rows, bool input_gradient = true,
      const Rig* reference = nullptr, bool masked = false)
      : rows_(rows),
        input_(rows * input.size()),
        steps_(static_cast<std::size_t>(input.rank() > 0 ? input[0] : 1)) {
    prepare_thread();
    config_ = network_config(layers);
    std::uint64_t counter = 0;
    Build build;
    build.rows = static_cast<std::int64_t>(rows);
    build.input_gradient = input_gradient;
    build.field = "network.layer";
    build.counter = &counter;
    build.precision = config_.precision();
    build.reference = reference ? reference->layers_.get() : nullptr;
    layers_ = std::make_unique<Sequential>(
        config_.layer(), TensorSpec{input, nullptr, rows * input.size(), masked}, build, true);
    if (masked) lengths.assign(rows, static_cast<std::int32_t>(input[0]));
    x = random_numbers(input_, 1);
    for (std::size_t i = 0; i < rows; ++i) row_ids.push_back(100 + 7 * i);
    for (std::size_t i = 0; i < layers_->parameters().size(); ++i) {
      const auto& info = layers_->parameters()[i];
      auto values = random_numbers(size_of(info), 100 + i);
      const bool positive = info.constant == 1;  // scales and variances
      for (auto& v : values) v = positive ? 1 + 0.5f * v : 0.5f * v;
      plain.push_back(values);
    }
  }

  const Sequential& layers() const { return *layers_; }
  std::size_t outputs() const { return layers_->output().floats; }

  /// Forward; returns y [N, F].
  Numbers forward(bool training = true) {
    bring_parameters();
    Lane lane = lane_of(training);
    layers_->forward(lane);
    return {y_.data(), y_.data() + y_.size()};
  }

  /// Forward and backward; fills `gradients` (plain) and `dx`, and returns y.
  Numbers backward(const Numbers& dy, bool wants_dx = true) {
    bring_parameters();
    Lane lane = lane_of(true);
    layers_->forward(lane);
    const Numbers y(y_.data(), y_.data() + y_.size());
    Buffer<float> dy_buffer(dy.size()), dx_buffer(input_);
    std::copy(dy.begin(), dy.end(), dy_buffer.data());
    poison(dx_buffer);
    flat_gradients = Buffer<float>(layers_->parameter_floats());
    poison(flat_gradients);
    lane.dy = dy_buffer.data();
    lane.dx = wants_dx ? dx_buffer.data() : nullptr;
    lane.gradients = flat_gradients.data();
    layers_->backward(lane);
    dx.assign(dx_buffer.data(), dx_buffer.data() + dx_buffer.size());
    gradients.clear();
    std::size_t offset = 0;
    for (std::size_t i = 0; i < layers_->parameters().size(); ++i) {
      const auto& info = layers_->parameters()[i];
      gradients.emplace_back(size_of(info));
      layers_->to_plain(i, flat_gradients.data() + offset, gradients.back().data());
      offset += info.storage;
    }
    return y;
  }

  /// Whether x[i] lies before the end of its row.
  bool is_data(std::size_t i) const {
    if (lengths.empty()) return true;
    const std::size_t row = input_ / rows_, n = i / row;
    const auto length = static_cast<std::size_t>(lengths[n]);
    return i % row / (row / steps_) < length;
  }

  Numbers x;
  std::vector<std::int32_t> lengths;  ///< of a masked input; by default all rows are whole
  std::vector<Numbers> plain;         ///< parameters, as plain values
  std::vector<Numbers> gradients;     ///< likewise, after backward()
  Numbers dx;
  Buffer<float> flat_gradients;  ///< in storage order
  Buffer<float> flat_parameters;
  std::vector<std::uint64_t> row_ids;
  std::uint64_t seed = 5, step = 3;

 private:
  static void poison(Buffer<float>& buffer) {
    std::fill_n(buffer.data(), buffer.size(), std::numeric_limits<float>::quiet_NaN());
  }

  void bring_parameters() {
    flat_parameters = Buffer<float>(layers_->parameter_floats());
    packed_ = Buffer<float>(layers_->packed_floats());
    poison(flat_parameters);
    poison(packed_);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      layers_->from_plain(i, plain[i].data(), flat_parameters.data() + offset);
      offset += layers_->parameters()[i].storage;
    }
    layers_->pack(flat_parameters.data(), packed_.data());
  }

  Lane lane_of(bool training) {
    x_ = Buffer<float>(input_);
    std::copy(x.begin(), x.end(), x_.data());
    y_ = Buffer<float>(outputs());
    workspace_ = Buffer<float>(layers_->workspace_floats());
    scratch_ = Buffer<float>(layers_->scratch_floats());
    for (auto* buffer : {&y_, &workspace_, &scratch_}) poison(*buffer);
    Lane lane;
    lane.training = training;
    lane.seed = seed;
    lane.step = step;
    lane.row_ids = row_ids;
    lane.rows = rows_;
    lane.lengths = lengths.empty() ? nullptr : lengths.data();
    lane.x = x_.data();
    lane.y = y_.data();
    lane.parameters = flat_parameters.data();
    lane.packed = packed_.data();
    lane.workspace = workspace_.data();
    lane.scratch = scratch_.data();
    return lane;
  }

  std::size_t rows_, input_, steps_;
  proto::Network config_;
  std::unique_ptr<Sequential> layers_;
  Buffer<float> packed_, x_, y_, workspace_, scratch_;
};

struct GradientCheck {
  float step = 0.01f;       ///< of the central difference
  double tolerance = 0.01;  ///< relative to the largest derivative of the same tensor
  bool kinks = false;  ///< relu and its kin: coordinates whose one-sided differences disagree are
                       ///< passed over
  std::size_t samples = 40;  ///< coordinates of each tensor
};

/// Compares dx and every parameter's gradient of sum_i r_i y_i, r random, with central differences.
inline void gradient_check(Rig& rig, const GradientCheck& check = {}) {
  const Numbers r = random_numbers(rig.outputs(), 77);
  const auto objective = [&] {
    const Numbers y = rig.forward();
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(r[i]) * y[i];
    return sum;
  };
  rig.backward(r);
  const double middle = objective();
  const auto compare = [&](Numbers& values, const Numbers& gradient, const std::string& what) {
    double scale = 0.05;
    for (const float g : gradient) scale = std::max(scale, std::abs(static_cast<double>(g)));
    std::size_t passed_over = 0, seen = 0;
    const std::size_t stride = std::max<std::size_t>(1, values.size() / check.samples);
    for (std::size_t i = 0; i < values.size(); i += stride) {
      if (&values == &rig.x && !rig.is_data(i)) continue;
      ++seen;
      const float before = values[i];
      values[i] = before + check.step;
      const double up = objective();
      const double width_up = values[i] - static_cast<double>(before);
      values[i] = before - check.step;
      const double down = objective();
      const double width_down = before - static_cast<double>(values[i]);
      values[i] = before;
      const double right = (up - middle) / width_up, left = (middle - down) / width_down;
      if (check.kinks && std::abs(right - left) > 0.25 * check.tolerance * scale) {
        ++passed_over;
        continue;
      }
      INFO(what << "[" << i << "]: derivative " << gradient[i] << ", difference "
                << (up - down) / (width_up + width_down));
      const double error = std::abs((up - down) / (width_up + width_down) - gradient[i]);
      CHECK(error <= check.tolerance * scale);  // a NaN fails too
    }
    INFO(what);
    // A kink of a recurrent unit meets many coordinates, of a few all.
    CHECK((seen < 4 || passed_over * 4 <= seen * 3));
  };
  const auto gradients = rig.gradients;
  const auto dx = rig.dx;
  compare(rig.x, dx, "x");
  for (std::size_t p = 0; p < gradients.size(); ++p) {
    const auto& info = rig.layers().parameters()[p];
    if (info.kind == ParameterInfo::Kind::Weight) compare(rig.plain[p], gradients[p], info.name);
  }
}

}  // namespace lockstep::layers::testing
