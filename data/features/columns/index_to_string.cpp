#include "data/features/columns/index_to_string.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "data/features/columns/column_tools.hpp"

namespace lockstep::data {

IndexToString::IndexToString(const proto::IndexToString& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.input_col().empty())
    throw ConfigError("input_col is missing", {.field = at_}, "name a column");
}

Schema IndexToString::output_schema(const Schema& input) const {
  const ColumnType& type =
      input_column(input, config_.input_col(), {ColumnType::Kind::Number}, at_ + ".input_col");
  const Feature* known = feature_of(type);
  const bool to_come = known != nullptr && known->kind == Feature::Kind::Nominal &&
                       known->arity == 0;  // of a StringIndexer that is not fitted yet
  if (!is_fitted() && !to_come && (known == nullptr || known->labels.empty())) {
    throw ConfigError(fmt::format("column '{}' knows no labels", config_.input_col()),
                      {.field = at_ + ".labels"},
                      "give labels, or the output column of a string_indexer");
  }
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::String}, at_ + ".output_col");
  return output;
}

void IndexToString::fit(const TrainingRows& fitting) {
  if (is_fitted()) return;
  const Feature* known = feature_of(input_column(fitting.schema(), config_.input_col(),
                                                 {ColumnType::Kind::Number}, at_ + ".input_col"));
  if (known != nullptr) {
    for (const std::string& label : known->labels) config_.add_labels(label);
  }
  if (!is_fitted()) {
    throw DataError(fmt::format("column '{}' has no labels", config_.input_col()),
                    {.field = at_ + ".labels"}, "give labels");
  }
}

Effect IndexToString::transform(Partition& partition, Phase) const {
  StringsBuilder strings;
  const auto& values = partition.get<Numbers>(config_.input_col()).values;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (is_missing(values[row])) {
      strings.push_missing();
      continue;
    }
    const double index = std::trunc(values[row]);
    if (!(index >= 0 && index < config_.labels_size())) {
      throw_bad_number(partition, row, values[row],
                       {config_.input_col(), config_.output_col(), at_ + ".input_col", {}},
                       fmt::format("has no label, there are {}", config_.labels_size()),
                       "give a label for every number");
    }
    strings.push(std::string_view(config_.labels(static_cast<int>(index))));
  }
  partition.set(config_.output_col(), std::move(strings).finish());
  return {};
}

proto::Stage IndexToString::save() const {
  proto::Stage stage;
  *stage.mutable_index_to_string() = config_;
  return stage;
}

}  // namespace lockstep::data
