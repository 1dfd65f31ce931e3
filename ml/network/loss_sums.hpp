#pragma once
/// Loss and accuracy over some rows.

#include "layers/network.hpp"

namespace lockstep::ml {

struct LossSums {
  double loss = 0, weight = 0, correct = 0, row_weight = 0;  ///< as in layers::LaneResult
  double rows = 0;

  void add(const layers::LaneResult& lane, std::size_t lane_rows) {
    loss += lane.loss;
    weight += lane.weight;
    correct += lane.correct;
    row_weight += lane.row_weight;
    rows += static_cast<double>(lane_rows);
  }
  void add(const LossSums& other) {
    loss += other.loss;
    weight += other.weight;
    correct += other.correct;
    row_weight += other.row_weight;
    rows += other.rows;
  }

  double mean_loss() const { return weight > 0 ? loss / weight : 0; }
  /// Of rows, or of the words of texts.
  double accuracy(layers::Task task) const {
    const double judged = task == layers::Task::Sequence ? weight : row_weight;
    return judged > 0 ? correct / judged : 0;
  }
};

}  // namespace lockstep::ml
