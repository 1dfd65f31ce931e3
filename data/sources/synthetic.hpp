#pragma once
/// Random rows for benchmarks and tests. A row is a function of (source seed, row number) alone, so
/// every rank makes the rows of its own partitions and nothing moves.

#include <memory>
#include <span>

#include "data/dataset.hpp"

namespace lockstep::data {

/// Makes rows. Thread-safe after construction.
class SyntheticRows {
 public:
  /// @throws ConfigError if the shape is missing or not 1 to 3 sizes >= 1
  explicit SyntheticRows(const proto::SyntheticSource& config);

  /// Vector [F] for one number, image [1, H, W] for two, [C, H, W] for three.
  const ColumnType& features() const noexcept { return features_; }

  /// Fills the features of row `row`, all in [0, 1), and returns its label. CLASS: uniform 0 ..
  /// num_classes - 1; LINEAR: sum w_j x_j + 0.1 normal; TEACHER: the class c with the largest sum
  /// w_cj (x_j - 0.5), the first of equals. With a vocabulary of V words, x becomes the id
  /// 1 + floor(x (V - 1)) after that.
  double make(std::uint64_t row, std::span<float> features) const;

 private:
  double make_label(std::uint64_t row, std::span<const float> features) const;

  proto::SyntheticSource config_;
  ColumnType features_;
  std::size_t outputs_ = 0;      // linear functions: 0, 1 or num_classes
  std::vector<double> weights_;  // [F, outputs], standard normal
};

/// label and features. @throws ConfigError
Schema synthetic_schema(const proto::SyntheticSource& config);

/// COLLECTIVE. @throws AgreedError (ConfigError, DataError)
LoadedData make_synthetic(const dist::Cluster& cluster, const proto::SyntheticSource& config,
                          const LoadOptions& options);

}  // namespace lockstep::data
