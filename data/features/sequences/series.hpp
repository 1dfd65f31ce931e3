#pragma once
/// The rows of a dataset as series in order of time, wherever the rows lie.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

/// Cells of a number or string column, or of none (then all are equal).
struct KeyCells {
  std::vector<double> numbers;
  std::vector<std::string> texts;  ///< compared by their bytes
  static constexpr auto kFields = std::make_tuple(&KeyCells::numbers, &KeyCells::texts);

  int compare(std::size_t i, const KeyCells& other, std::size_t j) const;  ///< <0, 0, >0
  void append(const KeyCells& from);
  void append(const KeyCells& from, std::size_t i);
};

/// Rows of series: n steps of `inputs.size() / n` numbers.
struct Steps {
  KeyCells group;                  ///< tells series apart
  KeyCells time;                   ///< orders them
  std::vector<std::uint64_t> ids;  ///< ties go by it: the row's number in its source
  std::vector<double> inputs;      ///< [n, inputs of a step]
  std::vector<double> targets;     ///< [n, targets of a step]
  static constexpr auto kFields =
      std::make_tuple(&Steps::group, &Steps::time, &Steps::ids, &Steps::inputs, &Steps::targets);

  std::size_t size() const noexcept { return ids.size(); }
  void append(const Steps& from);
  void append_inputs(const Steps& from, std::size_t i);  ///< step i without its targets
};

/// What steps are made of.
struct StepColumns {
  std::vector<std::string> inputs;   ///< number and vector columns
  std::vector<std::string> targets;  ///< number columns
  std::string order, group;          ///< number or string columns; empty: none
  bool targets_may_miss = false;     ///< a missing target is no error
  std::string at;                    ///< config path, for messages
};

/// COLLECTIVE. The steps of all rows, in no particular order, the same on every rank: 8 bytes a
/// number, and about 24 a row, three times that while they are collected.
/// @throws AgreedError (DataError) naming a row that lacks a number, its time or its group
Steps collect_steps(const TrainingRows& rows, const StepColumns& columns);

/// The steps' numbers, in order of group, time and id.
std::vector<std::size_t> time_order(const Steps& steps);

/// Series in order of time.
class Series {
 public:
  /// The steps of `own` in their `order`. Before the first step of each series come those of
  /// `earlier` that are before it in time (by the ids where there is no time), `most` at most: the
  /// last ones.
  Series(const Steps& own, const std::vector<std::size_t>& order, const Steps& earlier,
         std::size_t most);

  /// Where a step stands: series are one after the other. Earlier steps end at own_begin.
  struct Range {
    std::size_t begin, own_begin, end;
  };
  struct Place {
    std::size_t position;
    Range series;
  };
  Place place(std::uint64_t row_id) const;  ///< of an own step

  const std::vector<Range>& series() const noexcept { return series_; }
  /// The numbers of `count` steps that are one after the other.
  std::span<const double> inputs(std::size_t position, std::size_t count) const {
    return std::span(inputs_).subspan(position * input_width_, count * input_width_);
  }
  std::span<const double> targets(std::size_t position) const {
    return std::span(targets_).subspan(position * target_width_, target_width_);
  }

 private:
  void add(const Steps& from, std::size_t i);

  std::size_t input_width_ = 0, target_width_ = 0;
  std::vector<Range> series_;
  std::vector<double> inputs_, targets_;
  std::vector<std::pair<std::uint64_t, std::size_t>> places_;  // row id -> position, sorted
};

}  // namespace lockstep::data
