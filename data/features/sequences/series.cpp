#include "data/features/sequences/series.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {
namespace {

template <typename T>
void append_all(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

class CollectSteps {
 public:
  CollectSteps(const Schema& schema, const StepColumns& columns) : columns_(columns) {
    for (const auto& name : columns.inputs) {
      widths_.push_back(row_width(schema.at(name, columns.at + ".input_cols")));
      width_ += widths_.back();
    }
  }

  Steps map(const Partition& partition) const {
    Steps steps;
    steps.ids.assign(partition.row_ids.begin(), partition.row_ids.end());
    steps.group = key_cells(partition, columns_.group, "group_col");
    steps.time = key_cells(partition, columns_.order, "order_col");
    steps.inputs.resize(partition.rows() * width_);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < widths_.size(); begin += widths_[i], ++i)
      copy_inputs(partition, i, steps.inputs.data() + begin);
    steps.targets.resize(partition.rows() * columns_.targets.size());
    for (std::size_t i = 0; i < columns_.targets.size(); ++i)
      copy_targets(partition, i, steps.targets.data() + i);
    return steps;
  }
  Steps merge(Steps left, const Steps& right) const {
    left.append(right);
    return left;
  }
  Steps finish(Steps total) const { return total; }

 private:
  [[noreturn]] void throw_missing(const Partition& partition, std::size_t row, double value,
                                  const std::string& column, const char* field) const {
    throw DataError(
        fmt::format("{} in column '{}': {}", quoted(value), column, row_name(partition, row)),
        {.field = columns_.at + "." + field},
        "a series has no holes: fill it with an imputer or fill_nulls stage before");
  }

  KeyCells key_cells(const Partition& partition, const std::string& name, const char* field) const {
    KeyCells cells;
    if (name.empty()) return cells;
    const Column& column = partition.column(name);
    const auto stop = [&](std::size_t row, double value) {
      throw DataError(
          fmt::format("{} in column '{}': {}", quoted(value), name, row_name(partition, row)),
          {.field = columns_.at + "." + field},
          "every row has its place in a series: drop such rows with a drop_nulls stage before");
    };
    if (const auto* numbers = std::get_if<Numbers>(&column)) {
      cells.numbers.assign(numbers->values.begin(), numbers->values.end());
      for (std::size_t row = 0; row < cells.numbers.size(); ++row)
        if (std::isnan(cells.numbers[row])) stop(row, cells.numbers[row]);
      return cells;
    }
    const auto& texts = std::get<Strings>(column);
    for (std::size_t row = 0; row < texts.rows(); ++row) {
      if (texts.is_missing(row)) stop(row, kMissing);
      cells.texts.emplace_back(texts.text(row));
    }
    return cells;
  }

  void copy_inputs(const Partition& partition, std::size_t input, double* out) const {
    const std::string& name = columns_.inputs[input];
    const Column& column = partition.column(name);
    if (!std::holds_alternative<Numbers>(column))
      check_widths(partition, name, widths_[input], columns_.at + ".input_cols");
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      for_each_entry(column, row, [&](std::size_t j, double value) {
        if (std::isnan(value)) throw_missing(partition, row, value, name, "input_cols");
        out[row * width_ + j] = value;
      });
    }
  }

  void copy_targets(const Partition& partition, std::size_t target, double* out) const {
    const std::string& name = columns_.targets[target];
    const auto& values = partition.get<Numbers>(name).values;
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      if (std::isnan(values[row]) && !columns_.targets_may_miss)
        throw_missing(partition, row, values[row], name, "target_cols");
      out[row * columns_.targets.size()] = values[row];
    }
  }

  const StepColumns& columns_;
  std::vector<std::size_t> widths_;
  std::size_t width_ = 0;
};

}  // namespace

int KeyCells::compare(std::size_t i, const KeyCells& other, std::size_t j) const {
  if (!numbers.empty())
    return numbers[i] < other.numbers[j] ? -1 : numbers[i] > other.numbers[j] ? 1 : 0;
  return texts.empty() ? 0 : texts[i].compare(other.texts[j]);
}

void KeyCells::append(const KeyCells& from) {
  append_all(numbers, from.numbers);
  append_all(texts, from.texts);
}

void KeyCells::append(const KeyCells& from, std::size_t i) {
  if (!from.numbers.empty()) numbers.push_back(from.numbers[i]);
  if (!from.texts.empty()) texts.push_back(from.texts[i]);
}

void Steps::append(const Steps& from) {
  group.append(from.group);
  time.append(from.time);
  append_all(ids, from.ids);
  append_all(inputs, from.inputs);
  append_all(targets, from.targets);
}

void Steps::append_inputs(const Steps& from, std::size_t i) {
  group.append(from.group, i);
  time.append(from.time, i);
  ids.push_back(from.ids[i]);
  const std::size_t width = from.inputs.size() / from.size();
  const double* values = from.inputs.data() + i * width;
  inputs.insert(inputs.end(), values, values + width);
}

Steps collect_steps(const TrainingRows& rows, const StepColumns& columns) {
  return rows.run(CollectSteps(rows.schema(), columns));
}

std::vector<std::size_t> time_order(const Steps& steps) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&steps](std::size_t a, std::size_t b) {
    if (const int group = steps.group.compare(a, steps.group, b)) return group < 0;
    if (const int time = steps.time.compare(a, steps.time, b)) return time < 0;
    return steps.ids[a] < steps.ids[b];
  });
  return order;
}

Series::Series(const Steps& own, const std::vector<std::size_t>& order, const Steps& earlier,
               std::size_t most) {
  if (own.size() == 0) return;
  input_width_ = own.inputs.size() / own.size();
  target_width_ = own.targets.size() / own.size();
  inputs_.reserve(own.inputs.size());
  targets_.reserve(own.targets.size());
  places_.reserve(own.size());
  const auto before = time_order(earlier);
  const bool timed = !own.time.numbers.empty() || !own.time.texts.empty();
  const auto is_earlier = [&](std::size_t i, std::size_t first) {
    if (const int group = earlier.group.compare(i, own.group, first)) return group < 0;
    return timed ? earlier.time.compare(i, own.time, first) < 0 : earlier.ids[i] < own.ids[first];
  };
  for (std::size_t i = 0; i < order.size();) {
    const std::size_t first = order[i];
    Range range{inputs_.size() / input_width_, 0, 0};
    const auto end = std::partition_point(before.begin(), before.end(),
                                          [&](std::size_t e) { return is_earlier(e, first); });
    auto begin = end;
    while (begin != before.begin() && static_cast<std::size_t>(end - begin) < most &&
           earlier.group.compare(*std::prev(begin), own.group, first) == 0)
      --begin;
    for (; begin != end; ++begin) add(earlier, *begin);
    range.own_begin = range.end = inputs_.size() / input_width_;
    for (; i < order.size() && own.group.compare(order[i], own.group, first) == 0; ++i) {
      places_.emplace_back(own.ids[order[i]], range.end++);
      add(own, order[i]);
    }
    series_.push_back(range);
  }
  std::sort(places_.begin(), places_.end());
}

void Series::add(const Steps& from, std::size_t i) {
  const double* inputs = from.inputs.data() + i * input_width_;
  inputs_.insert(inputs_.end(), inputs, inputs + input_width_);
  if (from.targets.empty()) {  // an earlier step: it is no row's future
    targets_.resize(targets_.size() + target_width_, kMissing);
    return;
  }
  const double* targets = from.targets.data() + i * target_width_;
  targets_.insert(targets_.end(), targets, targets + target_width_);
}

Series::Place Series::place(std::uint64_t row_id) const {
  const auto found =
      std::lower_bound(places_.begin(), places_.end(), std::pair(row_id, std::size_t{0}));
  expects(found != places_.end() && found->first == row_id, "every row has its place in a series");
  const auto next = std::upper_bound(
      series_.begin(), series_.end(), found->second,
      [](std::size_t position, const Range& range) { return position < range.begin; });
  return {found->second, *std::prev(next)};
}

}  // namespace lockstep::data
