#include "data/features/cleaning/replace.hpp"

#include <fmt/core.h>

#include <cmath>
#include <set>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

void check_lists(const proto::Replace& config, const std::string& at) {
  if (config.from().empty())
    throw ConfigError("there is nothing to replace", {.field = at + ".from"}, "give a value");
  if (config.to_missing() && !config.to().empty()) {
    throw ConfigError("both to and to_missing are given", {.field = at}, "keep one of them");
  }
  if (!config.to_missing() && config.to_size() != 1 && config.to_size() != config.from_size()) {
    throw ConfigError(
        fmt::format("{} values for {} to replace", config.to_size(), config.from_size()),
        {.field = at + ".to"}, "give one value for all, or one for each");
  }
  check_unique({config.from().begin(), config.from().end()}, at + ".from");
}

/// "1" and "1.0" are one number.
void check_numbers(const proto::Replace& config, const std::string& field) {
  std::set<std::string> seen;
  for (int i = 0; i < config.from_size(); ++i) {
    const std::string at = element(field, static_cast<std::size_t>(i));
    const double number = number_from_config(config.from(i), at);
    if (seen.insert(to_string(number + 0.0, ColumnType::Format::Double)).second) continue;
    throw ConfigError(fmt::format("the number {} is there twice", number), {.field = at},
                      "name it once");
  }
}

}  // namespace

Replace::Replace(const proto::Replace& config, std::string at)
    : config_(config), at_(std::move(at)) {
  check_lists(config_, at_);
  for (int i = 0; i < config_.from_size(); ++i) {
    texts_.emplace(config_.from(i), config_.to_missing() ? std::string() : to(i));
    const auto from = number_from_text(config_.from(i));
    const auto number = config_.to_missing() ? kMissing : number_from_text(to(i));
    if (!from || !number) continue;  // output_schema() refuses them for a number column
    if (std::isnan(*from)) {
      replaces_nan_ = true;
      for_nan_ = *number;
    } else {
      numbers_.emplace(*from, *number);
    }
  }
}

Schema Replace::output_schema(const Schema& input) const {
  ColumnType type =
      input_column(input, config_.column(), {ColumnType::Kind::Number, ColumnType::Kind::String},
                   at_ + ".column");
  if (type.kind == ColumnType::Kind::String) return input;
  check_numbers(config_, at_ + ".from");
  for (int i = 0; i < config_.to_size(); ++i) {
    const std::string field = element(at_ + ".to", static_cast<std::size_t>(i));
    type = with_value(std::move(type), number_from_config(config_.to(i), field));
  }
  Schema output = input;
  output.add(config_.column(), std::move(type));
  return output;
}

std::uint64_t Replace::replace(Numbers& column) const {
  std::uint64_t rows = 0;
  change_numbers(
      column,
      [this](double v) {
        return std::isnan(v) ? replaces_nan_ && !is_missing(v) : numbers_.count(v) == 1;
      },
      [this](double v) { return std::isnan(v) ? for_nan_ : numbers_.at(v); },
      [&rows](std::size_t) { ++rows; });
  return rows;
}

std::uint64_t Replace::replace(Strings& column) const {
  std::uint64_t rows = 0;
  StringsBuilder builder;
  for (std::size_t row = 0; row < column.rows(); ++row) {
    const auto text = column.at(row);
    const auto found = text ? texts_.find(*text) : texts_.end();
    if (found == texts_.end()) {
      builder.push(text);
      continue;
    }
    ++rows;
    config_.to_missing() ? builder.push_missing() : builder.push(std::string_view(found->second));
  }
  if (rows > 0) column = std::move(builder).finish();
  return rows;
}

Effect Replace::transform(Partition& partition, Phase) const {
  Column& column = partition.columns.at(config_.column());
  auto* numbers = std::get_if<Numbers>(&column);
  return {numbers ? replace(*numbers) : replace(std::get<Strings>(column)), "replaced"};
}

proto::Stage Replace::save() const {
  proto::Stage stage;
  *stage.mutable_replace() = config_;
  return stage;
}

}  // namespace lockstep::data
