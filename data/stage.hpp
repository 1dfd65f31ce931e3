#pragma once
/// Feature stages: transformers that may learn something from the training rows first (fit).

#include <memory>
#include <string>
#include <vector>

#include "core/proto/stage.pb.h"
#include "data/dataset.hpp"
#include "data/jobs/dataset_job.hpp"
#include "data/table.hpp"
#include "data/transformer.hpp"

namespace lockstep::data {

/// What fit() learns from: the training rows, as the stages before have left them.
class TrainingRows {
 public:
  TrainingRows(const dist::Communicator* ranks, ThreadPool& threads, const Dataset& rows,
               std::uint64_t seed)
      : ranks_(ranks), threads_(threads), rows_(rows), seed_(seed) {}

  /// COLLECTIVE. The job's result over all training rows, the same on every rank. Without ranks
  /// (in a unit test) the dataset is all there is.
  template <typename Job>
  auto run(const Job& job) const {
    if (ranks_ == nullptr) return dist::run_job_locally(threads_, job, rows_.own);
    return run_job({*ranks_, threads_}, job, rows_);
  }

  const Schema& schema() const noexcept { return rows_.schema; }
  const std::string& name() const noexcept { return rows_.name; }  ///< of the dataset, for people
  std::uint64_t rows() const noexcept { return rows_.rows; }
  std::size_t partitions() const noexcept { return rows_.partitions; }
  std::uint64_t seed() const noexcept { return seed_; }

 private:
  const dist::Communicator* ranks_;
  ThreadPool& threads_;
  const Dataset& rows_;
  std::uint64_t seed_;
};

class FeatureStage : public Transformer {
 public:
  /// COLLECTIVE, once, before transform(); nothing to do for most. @throws DataError
  virtual void fit(const TrainingRows&) {}

  /// False: fit() has something to learn (and nothing was loaded from a model).
  virtual bool is_fitted() const { return true; }

  /// Told once, before anything else: the columns that only labels and weights are made of. Rows to
  /// be scored may lack their cells, or the columns.
  virtual void set_label_columns(const std::vector<std::string>&) {}

  /// The fitted stage as it goes into model/pipeline.textproto: a stage made from it is fitted.
  virtual proto::Stage save() const = 0;
};

// ---- for those who write stages

/// The type of an input column of one of these kinds. @throws ConfigError naming the field
const ColumnType& input_column(const Schema& schema, const std::string& name,
                               std::initializer_list<ColumnType::Kind> kinds,
                               const std::string& field);

/// Adds an output column, which must be new. @throws ConfigError naming the field
void add_output(Schema& schema, const std::string& name, ColumnType type, const std::string& field);

/// Pairs input and output columns: `input_col` and `output_col`, or `input_cols` and `output_cols`
/// of the same length; never both. @throws ConfigError
struct ColumnPair {
  std::string input, output;
  std::string input_field, output_field;  ///< their config paths
};
template <typename Config>
std::vector<ColumnPair> column_pairs(const Config& config, const std::string& at);

std::vector<ColumnPair> make_column_pairs(bool has_one, const std::string& input,
                                          const std::string& output,
                                          const std::vector<std::string>& inputs,
                                          const std::vector<std::string>& outputs,
                                          const std::string& at);

template <typename Config>
std::vector<ColumnPair> column_pairs(const Config& config, const std::string& at) {
  return make_column_pairs(config.has_input_col() || config.has_output_col(), config.input_col(),
                           config.output_col(),
                           {config.input_cols().begin(), config.input_cols().end()},
                           {config.output_cols().begin(), config.output_cols().end()}, at);
}

}  // namespace lockstep::data
