#pragma once
/// Transformers change rows a partition at a time: they add columns, or clean rows. Feature stages
/// and the models that estimators fit are transformers. Everything but prepare() is local and
/// MPI-free.

#include <cstdint>
#include <string>
#include <vector>

#include "data/table.hpp"

namespace lockstep::data {

class TrainingRows;

/// Whose rows a stage changes: stages that drop rows leave those alone that are to be scored,
/// unless they are told otherwise.
enum class Phase { Training, Scoring };

/// What a stage did to rows of a partition, for people.
struct Effect {
  std::uint64_t rows = 0;
  const char* verb = nullptr;  ///< "dropped", "filled", also of no row; null: nothing to tell
  std::uint64_t missing = 0;   ///< how many of them are missing now
};

/// Of a stage that drops what it cannot take: that there was none is not worth a word.
inline Effect dropped_if_any(std::uint64_t rows) { return {rows, rows > 0 ? "dropped" : nullptr}; }

/// What prepare() sees of the dataset that transform() is to change next.
struct Preparing {
  const TrainingRows& rows;  ///< all its rows, as the stages before have left them
  Phase phase = Phase::Training;
  bool labels_optional = false;  ///< predict: rows that have no label yet are wanted, too
};

class Transformer {
 public:
  virtual ~Transformer() = default;

  /// The columns it reads.
  virtual std::vector<std::string> input_columns() const = 0;

  /// True for an input column that rows to be scored may lack, such as what is to be forecast.
  virtual bool can_do_without(const std::string& /*column*/) const { return false; }

  /// The schema after this stage. Before a stage is fitted the widths and labels it will learn are
  /// left open.
  /// @throws ConfigError if a column is missing or of the wrong type, or the output is there
  /// already.
  virtual Schema output_schema(const Schema& input) const = 0;

  /// True for a stage that makes a row of other rows: prepare() goes before every dataset.
  virtual bool looks_at_all_rows() const { return false; }

  /// COLLECTIVE, once before the partitions of a dataset are transformed: the training rows, then
  /// validation and test rows, or those to be predicted. @throws DataError
  virtual void prepare(const Preparing&) {}

  /// Adds this stage's columns, or changes rows. Thread-safe. @throws DataError naming the row and
  /// the value that do not fit.
  virtual Effect transform(Partition& partition, Phase phase) const = 0;
};

}  // namespace lockstep::data
