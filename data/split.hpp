#pragma once
/// Rows shared out to training, validation and test, or to the folds of a cross-validation: by the
/// seed and the data alone, whatever the ranks and partitions. Every row goes to exactly one part.

#include <cstdint>
#include <string>
#include <vector>

#include "core/proto/data.pb.h"
#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "data/row_parts.hpp"
#include "data/stage.hpp"
#include "dist/cluster.hpp"

namespace lockstep::data {

/// What a proto::Split does: part 0 is for training, 1 for validation, 2, if there is one, for
/// test.
class Splitting {
 public:
  /// `at` is the config path of the message, "data.split".
  /// @throws ConfigError if the weights are no shares, train has none, or ways contradict each
  /// other
  Splitting(const proto::Split& config, std::string at);

  std::size_t parts() const noexcept { return parts_; }  ///< 2 or 3
  std::vector<std::string> input_columns() const;

  /// @throws ConfigError if a column is missing or is neither of numbers nor of strings
  void check(const Schema& schema) const;

  /// COLLECTIVE, once, over all rows. After check().
  /// @throws AgreedError or, the same on every rank, DataError if the rows cannot be split so
  void fit(const TrainingRows& fitting);

  /// The part of a row of the dataset that fit() has seen. Local, thread-safe.
  std::size_t part(const Partition& partition, std::size_t row) const {
    return part_(partition, row);
  }
  const std::vector<std::uint64_t>& sizes() const noexcept { return sizes_; }  ///< rows a part

 private:
  proto::Split config_;
  std::string at_;
  std::vector<double> weights_;
  std::size_t parts_;
  PartOf part_;
  std::vector<std::uint64_t> sizes_;
};

/// How folds are made: random rows, unless one of the columns is named.
struct FoldOptions {
  std::size_t folds = 3;      ///< k >= 2
  std::string stratify_by{};  ///< column whose values are spread evenly over the folds
  std::string group_by{};     ///< column whose values stay whole: see even_groups()
  std::string fold_col{};     ///< number column that says the fold, 0 .. k - 1
  std::uint64_t seed = 1;
};

/// k parts of equal size: they differ by one row at most, with stratify_by in every class, too.
class Folds {
 public:
  /// `at` is the config path of a message with the fields of FoldOptions (num_folds for folds).
  /// @throws ConfigError if there is only one fold, or ways contradict each other
  Folds(FoldOptions options, std::string at);

  std::size_t folds() const noexcept { return options_.folds; }
  std::vector<std::string> input_columns() const;

  /// @throws ConfigError if a column is missing or of the wrong type
  void check(const Schema& schema) const;

  /// COLLECTIVE, once, over all rows. After check().
  /// @throws AgreedError or, the same on every rank, DataError; a fold without rows is an error,
  /// too
  void fit(const TrainingRows& fitting);

  /// The fold of a row of the dataset that fit() has seen. Local, thread-safe.
  std::size_t fold(const Partition& partition, std::size_t row) const {
    return fold_(partition, row);
  }
  const std::vector<std::uint64_t>& sizes() const noexcept { return sizes_; }  ///< rows a fold

 private:
  FoldOptions options_;
  std::string at_;
  PartOf fold_;
  std::vector<std::uint64_t> sizes_;
};

/// COLLECTIVE. The parts as datasets of their own, each shared out evenly to the partitions again;
/// row ids are those of the source. A part without rows has empty partitions.
/// @throws AgreedError (DataError) if part 0 has no rows
std::vector<Dataset> apply_split(const dist::Cluster& cluster, Dataset rows,
                                 const Splitting& splitting, std::size_t parts,
                                 const LoadOptions& options);

/// COLLECTIVE. Makes a splitting of a dataset, which stays as it is: checked, and fitted with
/// `seed` unless the config has one. @throws AgreedError
Splitting make_splitting(const dist::Cluster& cluster, const Dataset& rows,
                         const proto::Split& config, const std::string& at, std::uint64_t seed);

/// COLLECTIVE. All of it at once: makes the splitting with the options' seed and applies it.
/// @throws AgreedError (from ConfigError or DataError)
std::vector<Dataset> split_rows(const dist::Cluster& cluster, Dataset rows,
                                const proto::Split& config, const std::string& at,
                                const LoadOptions& options);

/// COLLECTIVE. Makes folds of a dataset, which stays as it is. @throws AgreedError
Folds make_folds(const dist::Cluster& cluster, const Dataset& rows, const FoldOptions& options,
                 const std::string& at);

struct FoldRows {
  Dataset training, validation;
};

/// COLLECTIVE. The rows of all folds but one for training, and that one's for validation, each
/// shared out evenly again. `rows` stays as it is. @throws AgreedError
FoldRows take_fold(const dist::Cluster& cluster, const Dataset& rows, const Folds& folds,
                   std::size_t fold, const LoadOptions& options);

}  // namespace lockstep::data
