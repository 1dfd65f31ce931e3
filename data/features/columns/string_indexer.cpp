#include "data/features/columns/string_indexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kUnknown = "__unknown";

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

/// How often each value of each column is there.
struct CountValues {
  const std::vector<ColumnPair>& columns;
  const std::vector<ColumnType::Format>& formats;

  struct Partial {
    std::vector<Counts> counts;  // one a column
    static constexpr auto kFields = std::make_tuple(&Partial::counts);
  };

  Partial map(const Partition& partition) const {
    Partial partial;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Column& column = partition.column(columns[i].input);
      const auto* strings = std::get_if<Strings>(&column);
      partial.counts.push_back(strings != nullptr ? count(*strings)
                                                  : count(std::get<Numbers>(column), formats[i]));
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (std::size_t i = 0; i < left.counts.size(); ++i) {
      for (const auto& [text, n] : right.counts[i]) left.counts[i][text] += n;
    }
    return left;
  }
  std::vector<Counts> finish(Partial total) const { return std::move(total.counts); }

 private:
  static Counts count(const Strings& strings) {
    std::unordered_map<std::string_view, std::uint64_t> seen;
    for (std::size_t row = 0; row < strings.rows(); ++row) {
      if (!strings.is_missing(row)) ++seen[strings.text(row)];
    }
    return Counts(seen.begin(), seen.end());
  }
  static Counts count(const Numbers& numbers, ColumnType::Format format) {
    std::map<double, std::uint64_t> seen;
    for (const double value : numbers.values) {
      if (!std::isnan(value)) ++seen[value + 0.0];  // -0.0 becomes 0.0
    }
    Counts counts;
    for (const auto& [value, n] : seen) counts[to_string(value, format)] += n;
    return counts;
  }
};

/// The values in the order asked for.
std::vector<std::string> in_order(const Counts& counts, proto::StringIndexer::Order order) {
  std::vector<std::pair<std::string, std::uint64_t>> values(counts.begin(), counts.end());
  switch (order) {
    case proto::StringIndexer::FREQUENCY_DESC:
      std::stable_sort(values.begin(), values.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
      break;
    case proto::StringIndexer::FREQUENCY_ASC:
      std::stable_sort(values.begin(), values.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
      break;
    case proto::StringIndexer::ALPHABET_DESC:
      std::reverse(values.begin(), values.end());
      break;
    case proto::StringIndexer::ALPHABET_ASC:
      break;
  }
  std::vector<std::string> labels;
  for (auto& [text, n] : values) labels.push_back(std::move(text));
  return labels;
}

/// The number that a label names, NaN if it names none.
double number_of(const std::string& label) {
  if (label == "true") return 1;
  if (label == "false") return 0;
  double value = 0;
  const char* end = label.data() + label.size();
  const auto [stop, error] = std::from_chars(label.data(), end, value);
  return error == std::errc() && stop == end ? value : std::nan("");
}

bool is_missing_in(const Column& column, std::size_t row) {
  const auto* strings = std::get_if<Strings>(&column);
  return strings != nullptr ? strings->is_missing(row)
                            : is_missing(std::get<Numbers>(column).values[row]);
}

std::string value_text(const Column& column, std::size_t row) {
  const auto* strings = std::get_if<Strings>(&column);
  if (strings == nullptr) return quoted(std::get<Numbers>(column).values[row]);
  return strings->is_missing(row) ? "a missing value" : fmt::format("'{}'", strings->text(row));
}

}  // namespace

StringIndexer::StringIndexer(const proto::StringIndexer& config, std::string at)
    : config_(config), at_(std::move(at)), pairs_(column_pairs(config_, at_)) {
  if (is_fitted()) read_model();
}

void StringIndexer::read_model() {
  if (static_cast<std::size_t>(config_.model_size()) != pairs_.size()) {
    throw ConfigError(
        fmt::format("{} columns, but a model of {}", pairs_.size(), config_.model_size()),
        {.field = at_ + ".model"}, "leave the model out to fit it anew");
  }
  const bool keep = config_.handle_invalid() == proto::KEEP;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto& model = config_.model(static_cast<int>(i));
    std::vector<std::string> names(model.labels().begin(), model.labels().end());
    Labels labels;
    labels.count = names.size();
    for (std::size_t label = 0; label < names.size(); ++label) {
      const auto index = static_cast<double>(label);
      labels.of_text.emplace(names[label], index);
      const double number = number_of(names[label]);
      if (!std::isnan(number)) labels.of_number.emplace(number, index);
    }
    if (keep) names.emplace_back(kUnknown);
    labels.type = category_type(pairs_[i].output, labels.count + (keep ? 1 : 0), std::move(names));
    labels_.push_back(std::move(labels));
  }
}

std::vector<std::string> StringIndexer::input_columns() const {
  std::vector<std::string> names;
  for (const ColumnPair& pair : pairs_) names.push_back(pair.input);
  return names;
}

bool StringIndexer::is_label(std::size_t pair) const {
  return std::find(labels_of_rows_.begin(), labels_of_rows_.end(), pairs_[pair].output) !=
         labels_of_rows_.end();
}

bool StringIndexer::can_do_without(const std::string& column) const {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i].input == column && !is_label(i)) return false;
  }
  return true;
}

Schema StringIndexer::output_schema(const Schema& input) const {
  Schema output = input;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const ColumnPair& pair = pairs_[i];
    if (is_fitted() && !input.has(pair.input)) continue;
    input_column(input, pair.input, {ColumnType::Kind::String, ColumnType::Kind::Number},
                 pair.input_field);
    add_output(output, pair.output,
               is_fitted() ? labels_[i].type : category_type(pair.output, 0, {}),
               pair.output_field);
  }
  return output;
}

void StringIndexer::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  std::vector<ColumnType::Format> formats;
  for (const ColumnPair& pair : pairs_) {
    formats.push_back(input_column(fitting.schema(), pair.input,
                                   {ColumnType::Kind::String, ColumnType::Kind::Number},
                                   pair.input_field)
                          .format);
  }
  for (const Counts& counts : fitting.run(CountValues{pairs_, formats})) {
    auto& labels = *config_.add_model()->mutable_labels();
    for (std::string& label : in_order(counts, config_.string_order_type()))
      *labels.Add() = std::move(label);
  }
  read_model();
}

std::optional<double> StringIndexer::Labels::find(const Column& column, std::size_t row) const {
  if (const auto* strings = std::get_if<Strings>(&column)) {
    if (strings->is_missing(row)) return std::nullopt;
    const auto found = of_text.find(strings->text(row));
    return found == of_text.end() ? std::nullopt : std::optional(found->second);
  }
  const double value = std::get<Numbers>(column).values[row];
  const auto found = std::isnan(value) ? of_number.end() : of_number.find(value);
  return found == of_number.end() ? std::nullopt : std::optional(found->second);
}

std::vector<double> StringIndexer::indexes(const Partition& partition, const Column& column,
                                           std::size_t pair, Phase phase,
                                           std::vector<bool>& keep) const {
  const Labels& labels = labels_[pair];
  std::vector<double> indexes(partition.rows(), static_cast<double>(labels.count));
  const bool may_miss = phase == Phase::Scoring && is_label(pair);
  for (std::size_t row = 0; row < indexes.size(); ++row) {
    if (const auto index = labels.find(column, row)) {
      indexes[row] = *index;
    } else if (may_miss && is_missing_in(column, row)) {
      indexes[row] = kMissing;
    } else if (config_.handle_invalid() == proto::SKIP) {
      keep[row] = false;
    } else if (config_.handle_invalid() == proto::ERROR) {
      throw DataError(
          fmt::format("{} in column '{}' was not seen in training: {}", value_text(column, row),
                      pairs_[pair].input, row_name(partition, row)),
          {.field = pairs_[pair].input_field},
          "set handle_invalid: SKIP to drop such rows, or KEEP to give such values an "
          "index of their own");
    }
  }
  return indexes;
}

Effect StringIndexer::transform(Partition& partition, Phase phase) const {
  std::vector<bool> keep(partition.rows(), true);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto column = partition.columns.find(pairs_[i].input);
    if (column == partition.columns.end()) continue;
    partition.set(pairs_[i].output, Numbers{indexes(partition, column->second, i, phase, keep)});
  }
  return dropped_if_any(keep_rows(partition, keep));
}

proto::Stage StringIndexer::save() const {
  proto::Stage stage;
  *stage.mutable_string_indexer() = config_;
  return stage;
}

}  // namespace lockstep::data
