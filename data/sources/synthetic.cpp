#include "data/sources/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/row_plan.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr double kNoise = 0.1;

/// Streams of Purpose::SyntheticLabels: the row's number, and for the weights of output c the
/// numbers from the top.
constexpr std::uint64_t weight_stream(std::size_t output) {
  return std::numeric_limits<std::uint64_t>::max() - output;
}

ColumnType type_of(const proto::SyntheticSource& config) {
  std::vector<std::int64_t> dims(config.shape().begin(), config.shape().end());
  if (dims.empty() || dims.size() > 3 || std::find(dims.begin(), dims.end(), 0) != dims.end()) {
    throw ConfigError("the shape of synthetic rows is 1 to 3 sizes, at least 1 each",
                      {.field = "synthetic.shape"},
                      "write for example: shape: [1, 28, 28], or shape: 784 for a vector");
  }
  const std::size_t words = config.vocabulary_size();
  if (words > 0 && dims.size() != 1) {
    throw ConfigError("synthetic words make a vector of ids", {.field = "synthetic.shape"},
                      "give one number: how many words a row has");
  }
  if (words > 0) {
    return vector_type(std::vector<Feature>(static_cast<std::size_t>(dims[0]),
                                            {"word", Feature::Kind::Nominal, words, {}}));
  }
  if (dims.size() <= 2) return {ColumnType::Kind::Vector, Shape(std::move(dims))};
  return {ColumnType::Kind::Image, Shape(std::move(dims))};
}

void fill(const SyntheticRows& source, Partition& partition) {
  const std::size_t size = source.features().shape.size(), rows = partition.rows();
  std::vector<double> labels(rows);
  if (source.features().kind == ColumnType::Kind::Image) {
    std::vector<float> images(rows * size);
    for (std::size_t i = 0; i < rows; ++i)
      labels[i] = source.make(partition.row_ids[i], {images.data() + i * size, size});
    partition.set("features", Images{source.features().shape, std::move(images)});
  } else {
    std::vector<double> vectors(rows * size);
    std::vector<float> row(size);
    for (std::size_t i = 0; i < rows; ++i) {
      labels[i] = source.make(partition.row_ids[i], row);
      std::copy(row.begin(), row.end(), vectors.begin() + static_cast<std::ptrdiff_t>(i * size));
    }
    partition.set("features", DenseVectors{size, std::move(vectors)});
  }
  partition.set("label", Numbers{std::move(labels)});
}

}  // namespace

SyntheticRows::SyntheticRows(const proto::SyntheticSource& config)
    : config_(config), features_(type_of(config)) {
  if (config.num_classes() == 0)
    throw ConfigError("num_classes must be at least 1", {.field = "synthetic.num_classes"});
  if (config.label() == proto::SyntheticSource::LINEAR) outputs_ = 1;
  if (config.label() == proto::SyntheticSource::TEACHER) outputs_ = config.num_classes();
  const std::size_t size = features_.shape.size();
  weights_.resize(size * outputs_);
  for (std::size_t c = 0; c < outputs_; ++c) {
    const Random random(config.seed(), Purpose::SyntheticLabels, weight_stream(c));
    for (std::size_t j = 0; j < size; ++j) weights_[j * outputs_ + c] = random.normal(j);
  }
}

double SyntheticRows::make(std::uint64_t row, std::span<float> features) const {
  const Random random(config_.seed(), Purpose::SyntheticFeatures, row);
  for (std::size_t j = 0; j < features.size(); j += 4) {  // random.uniform(j), four at a time
    const auto words = random.block(j / 4);
    const std::size_t n = std::min<std::size_t>(4, features.size() - j);
    for (std::size_t i = 0; i < n; ++i)
      features[j + i] = static_cast<float>(words[i] >> 8) * 0x1p-24F;
  }
  const double label_value = make_label(row, features);
  if (config_.has_vocabulary_size()) {
    const auto words = static_cast<float>(config_.vocabulary_size() - 1);
    for (float& x : features) x = 1 + std::min(std::floor(x * words), words - 1);
  }
  return label_value;
}

double SyntheticRows::make_label(std::uint64_t row, std::span<const float> features) const {
  const Random label(config_.seed(), Purpose::SyntheticLabels, row);
  if (outputs_ == 0) return static_cast<double>(label.below(0, config_.num_classes()));
  const bool linear = config_.label() == proto::SyntheticSource::LINEAR;
  std::vector<double> sums(outputs_, 0.0);
  const double* weight = weights_.data();
  for (const float x : features) {
    const double centred = static_cast<double>(x) - (linear ? 0.0 : 0.5);
    for (std::size_t c = 0; c < outputs_; ++c) sums[c] += *weight++ * centred;
  }
  if (linear) return sums[0] + kNoise * label.normal(0);
  return static_cast<double>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

Schema synthetic_schema(const proto::SyntheticSource& config) {
  Schema schema;
  schema.add("label", {ColumnType::Kind::Number});
  schema.add("features", type_of(config));
  return schema;
}

LoadedData make_synthetic(const dist::Cluster& cluster, const proto::SyntheticSource& config,
                          const LoadOptions& options) {
  const auto& [ranks, threads] = cluster;
  LoadedData data;
  dist::all_or_none(ranks, [&] {
    if (config.rows() == 0)
      throw ConfigError("rows must be at least 1", {.field = "synthetic.rows"});
    const SyntheticRows source(config);
    const RowPlan plan(config.rows(), options);
    const dist::Range block = options.blocks.at(static_cast<std::size_t>(ranks.rank()));
    for (const Part part : {Part::Training, Part::Validation}) {
      Dataset dataset = make_dataset("synthetic", plan, part, block);
      dataset.schema = synthetic_schema(config);
      make_partitions(threads, dataset.own.size(), options.memory_limit_bytes, [&](std::size_t i) {
        Partition& partition = dataset.own[i];
        partition.row_ids = row_ids(plan, part, partition.index);
        fill(source, partition);
        const std::uint64_t bytes = payload_bytes(partition);
        set_aside(partition, options);
        return bytes;
      });
      (part == Part::Training ? data.rows : data.validation) = std::move(dataset);
    }
  });
  return data;
}

}  // namespace lockstep::data
