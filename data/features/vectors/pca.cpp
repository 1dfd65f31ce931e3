#include "data/features/vectors/pca.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/jobs/eigenpairs.hpp"
#include "data/jobs/moments.hpp"
#include "data/jobs/scatter.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kMostFeatures = 65535;

double trace_of(const std::vector<double>& upper, std::size_t d) {
  double trace = 0;
  for (std::size_t i = 0, at = 0; i < d; at += d - i, ++i) trace += upper[at];
  return trace;
}

}  // namespace

PCA::PCA(const proto::PCA& config, std::string at_path)
    : VectorStage(config.input_col(), config.output_col(), std::move(at_path)), config_(config) {
  if (config_.k() == 0)
    throw ConfigError("k is 0", {.field = at() + ".k"}, "give the number of directions");
  const auto numbers = static_cast<std::uint64_t>(config_.model().mean_size()) * config_.k();
  check_model(!is_fitted() || numbers == static_cast<std::uint64_t>(config_.model().pc_size()));
}

std::optional<std::size_t> PCA::width() const {
  if (!is_fitted()) return std::nullopt;
  return static_cast<std::size_t>(config_.model().mean_size());
}

void PCA::check_features(std::size_t features) const {
  if (config_.k() > features) {
    throw ConfigError(fmt::format("k is {}, but there are {} features", config_.k(), features),
                      {.field = at() + ".k"}, "there are at most as many directions as features");
  }
  if (features > kMostFeatures) {
    throw ConfigError(
        fmt::format("'{}' has {} features, PCA takes {} at most", input(), features, kMostFeatures),
        {.field = input_field()}, "choose some of them with a selector stage before");
  }
}

ColumnType PCA::output_type(const ColumnType& type) const {
  if (!type.open_width) check_features(type.shape.size());
  return vector_type(config_.k());
}

void PCA::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting), k = config_.k();
  check_features(features);
  if (fitting.rows() < 2) {
    throw DataError("PCA needs at least two rows", {.field = at()},
                    "look at the stages before that drop rows");
  }
  const Moments moments = fitting.run(MomentsJob(input(), features, input_field()));
  std::vector<double> covariance = fitting.run(ScatterJob(input(), moments.mean, input_field()));
  for (double& entry : covariance) entry /= static_cast<double>(moments.rows - 1);
  const double total = trace_of(covariance, features);
  if (!std::isfinite(total)) {
    throw NumericError("the features are too large for PCA: their variance is not finite",
                       {.field = input_field()}, "scale them with a standard_scaler stage before");
  }
  const EigenPairs pairs = largest_eigenpairs(covariance, features, k);
  proto::PCAModel model;
  for (const double value : pairs.values)
    model.add_explained_variance(total > 0 ? std::max(value, 0.0) / total : 0.0);
  model.mutable_pc()->Add(pairs.vectors.begin(), pairs.vectors.end());
  model.mutable_mean()->Add(moments.mean.begin(), moments.mean.end());
  *config_.mutable_model() = std::move(model);
}

Column PCA::map(const Column& column, std::size_t rows) const {
  const auto pc = span_of(config_.model().pc()), mean = span_of(config_.model().mean());
  const std::size_t k = config_.k();
  std::vector<double> scores(rows * k), centred(mean.size());
  for (std::size_t row = 0; row < rows; ++row) {
    double* out = scores.data() + row * k;
    const auto add = [&](std::size_t j, double x) {
      const double* direction = pc.data() + j * k;
      for (std::size_t i = 0; i < k; ++i) out[i] += x * direction[i];
    };
    if (!config_.center_output()) {
      for_each_entry(column, row, add);
      continue;
    }
    std::fill(centred.begin(), centred.end(), 0.0);
    copy_row(column, row, centred.data());
    for (std::size_t j = 0; j < centred.size(); ++j) add(j, centred[j] - mean[j]);
  }
  return DenseVectors{k, std::move(scores)};
}

proto::Stage PCA::save() const {
  proto::Stage stage;
  *stage.mutable_pca() = config_;
  return stage;
}

}  // namespace lockstep::data
