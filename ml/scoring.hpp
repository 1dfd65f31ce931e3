#pragma once
/// Running a trained network over a dataset: evaluators as jobs, and outputs row by row.

#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "core/proto/autoencoder.pb.h"
#include "data/dataset.hpp"
#include "layers/network.hpp"
#include "ml/context.hpp"
#include "ml/evaluator.hpp"
#include "ml/sequence_to_sequence.hpp"

namespace lockstep::ml {

/// Which columns a network reads. An empty label: there is none.
struct NetworkColumns {
  std::string input;
  std::string label;          ///< number column, or the target column of a vector regression
  std::string anomaly_label;  ///< of an autoencoder: number column, 1 for a known anomaly, 0 else
  std::string reference;      ///< of sequence to sequence: token column, what is to be written
};

/// A network with its weights, ready to compute on this rank's threads. Keeps a worker for each
/// thread in use.
class Scorer {
 public:
  /// The spans must outlive the scorer; their values may change between calls. `texts`: of a
  /// network that writes them, or null: it writes none.
  Scorer(const layers::Network& network, std::span<const float> parameters,
         std::span<const float> packed, std::size_t lane_size, const TargetTexts* texts = nullptr);

  /// Calls use(scored, first row) for each chunk of lane_size rows of the partition, in order.
  /// Thread-safe. Labels are left empty if columns.label is; a chunk with a row that lacks its
  /// class (NaN) has no sums. Of a network whose code is tapped it tells codes and errors, too;
  /// of one that writes texts those, if they are wanted. A function of the partition and the
  /// weights alone. @throws DataError, also if such an error is not finite
  using Use = std::function<void(const Scored& scored, std::size_t first_row,
                                 const layers::LaneResult& sums)>;
  void score(const data::Partition& partition, const NetworkColumns& columns, const Use& use,
             bool texts_wanted = false) const;

  const layers::Network& network() const noexcept { return network_; }

 private:
  struct Chunk;
  std::unique_ptr<layers::Worker> borrow() const;
  void gather(const data::Partition& partition, const NetworkColumns& columns,
              layers::Worker& worker, Chunk& chunk) const;
  void write_texts(const data::Partition& partition, const NetworkColumns& columns,
                   layers::Worker& worker, Chunk& chunk, Scored& scored) const;

  const layers::Network& network_;
  std::span<const float> parameters_, packed_;
  std::size_t lane_size_;
  const TargetTexts* texts_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<layers::Worker>> idle_;
};

/// Loss and accuracy over a dataset.
struct LossSums {
  double loss = 0, weight = 0, correct = 0, rows = 0;
  double mean_loss() const { return weight > 0 ? loss / weight : 0; }
  /// Of rows, or of the words of texts.
  double accuracy(layers::Task task) const {
    const double judged = task == layers::Task::Text ? weight : rows;
    return judged > 0 ? correct / judged : 0;
  }
};

/// COLLECTIVE. The evaluators' metrics over all rows, the same on every rank; `sums` gets loss and
/// accuracy.
nlohmann::ordered_json evaluate(const Context& context, const Scorer& scorer,
                                const data::Dataset& dataset, const NetworkColumns& columns,
                                const std::vector<MakeSums>& evaluators, LossSums& sums);

/// What a table of predictions holds.
struct PredictionOptions {
  std::uint64_t most = 0;                           ///< rows; 0: all
  const proto::Autoencoder* autoencoder = nullptr;  ///< as trained, if it is one
  bool reconstruction = false;  ///< of an autoencoder: its input and what it made of it, too
};

/// COLLECTIVE. Calls write(text) on the driver with one CSV line a row, in the order of the rows in
/// their source, header first: row, label, prediction, and probability_0 ... or prediction_0 ...
/// Of an autoencoder, by the names of its columns: row, label (where anomalies are known),
/// reconstruction_error, anomaly (where there is a threshold), code_0 ..., and with reconstruction
/// features_0 ..., reconstruction_0 ...
void write_predictions(const Context& context, const Scorer& scorer, const data::Dataset& dataset,
                       const NetworkColumns& columns, const PredictionOptions& options,
                       const std::function<void(const std::string&)>& write);

}  // namespace lockstep::ml
