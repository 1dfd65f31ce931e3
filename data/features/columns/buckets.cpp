#include "data/features/columns/buckets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"

namespace lockstep::data {

std::vector<double> checked_splits(const google::protobuf::RepeatedField<double>& splits, int least,
                                   const std::string& field) {
  if (splits.size() < least) {
    throw ConfigError(fmt::format("{} splits, but at least {} are needed", splits.size(), least),
                      {.field = field}, "give the ends of the buckets, for example -inf, 0, inf");
  }
  for (int i = 0; i + 1 < splits.size(); ++i) {
    if (splits[i] < splits[i + 1]) continue;  // false for NaN
    throw ConfigError(
        fmt::format("the splits do not ascend: {} is followed by {}", splits[i], splits[i + 1]),
        {.field = field}, "order them, each once");
  }
  return {splits.begin(), splits.end()};
}

std::vector<std::string> Buckets::input_columns() const {
  std::vector<std::string> names;
  for (const ColumnPair& pair : pairs_) names.push_back(pair.input);
  return names;
}

std::vector<std::string> Buckets::labels(std::size_t pair) const {
  const std::vector<double>& splits = splits_[pair];
  std::vector<std::string> labels;
  for (std::size_t i = 0; i + 1 < splits.size(); ++i) {
    labels.push_back(fmt::format("[{}, {}{}", to_string(splits[i], ColumnType::Format::Double),
                                 to_string(splits[i + 1], ColumnType::Format::Double),
                                 i + 2 == splits.size() ? "]" : ")"));
  }
  if (invalid_ == proto::KEEP) labels.emplace_back("NaN");
  return labels;
}

Schema Buckets::output_schema(const Schema& input) const {
  Schema output = input;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const ColumnPair& pair = pairs_[i];
    input_column(input, pair.input, {ColumnType::Kind::Number}, pair.input_field);
    std::vector<std::string> names;
    if (has_splits()) names = labels(i);
    const std::size_t arity = names.size();
    add_output(output, pair.output, category_type(pair.output, arity, std::move(names)),
               pair.output_field);
  }
  return output;
}

double Buckets::bucket(const Partition& partition, std::size_t row, std::size_t pair, double value,
                       std::vector<bool>& keep) const {
  const std::vector<double>& splits = splits_[pair];
  if (std::isnan(value)) {
    if (invalid_ == proto::SKIP) keep[row] = false;
    if (is_missing(value)) return kMissing;
    if (invalid_ == proto::ERROR) {
      throw_bad_number(partition, row, value, pairs_[pair], "falls into no bucket",
                       "set handle_invalid: SKIP to drop such rows, or KEEP to give NaN a bucket "
                       "of its own");
    }
    return static_cast<double>(splits.size() - 1);
  }
  if (value < splits.front() || value > splits.back()) {
    throw_bad_number(partition, row, value, pairs_[pair],
                     fmt::format("lies outside the splits {} .. {}", splits.front(), splits.back()),
                     "begin the splits with -inf and end them with inf");
  }
  const auto next = std::upper_bound(splits.begin(), splits.end() - 1, value);
  const auto bucket = static_cast<std::size_t>(next - splits.begin()) - 1;
  return static_cast<double>(std::min(bucket, splits.size() - 2));
}

Effect Buckets::transform(Partition& partition) const {
  expects(has_splits(), "a stage is fitted before it transforms");
  std::vector<bool> keep(partition.rows(), true);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto& values = partition.get<Numbers>(pairs_[i].input).values;
    std::vector<double> buckets(values.size());
    for (std::size_t row = 0; row < values.size(); ++row)
      buckets[row] = bucket(partition, row, i, values[row], keep);
    partition.set(pairs_[i].output, Numbers{std::move(buckets)});
  }
  return dropped_if_any(keep_rows(partition, keep));
}

}  // namespace lockstep::data
