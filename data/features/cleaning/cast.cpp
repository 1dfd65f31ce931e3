#include "data/features/cleaning/cast.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"
#include "data/sources/text_rows.hpp"

namespace lockstep::data {
namespace {

constexpr double kMostExact = 0x1p53;  // integers up to it are doubles

std::string_view trim(std::string_view text) {
  constexpr const char* kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::optional<double> truth(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* yes : {"true", "t", "yes", "y", "1"}) {
    if (lower == yes) return 1;
  }
  for (const char* no : {"false", "f", "no", "n", "0"}) {
    if (lower == no) return 0;
  }
  return std::nullopt;
}

ColumnType::Format format_of(proto::Cast::Type type) {
  switch (type) {
    case proto::Cast::INTEGER:
      return ColumnType::Format::Integer;
    case proto::Cast::BOOLEAN:
      return ColumnType::Format::Boolean;
    case proto::Cast::DOUBLE:
    case proto::Cast::STRING:
      break;
  }
  return ColumnType::Format::Double;
}

proto::Cast::Type type_of(const ColumnType& column) {
  if (column.kind == ColumnType::Kind::String) return proto::Cast::STRING;
  switch (column.format) {
    case ColumnType::Format::Integer:
      return proto::Cast::INTEGER;
    case ColumnType::Format::Boolean:
      return proto::Cast::BOOLEAN;
    case ColumnType::Format::Double:
    case ColumnType::Format::Float:
      break;
  }
  return proto::Cast::DOUBLE;
}

const char* name_of(proto::Cast::Type type) {
  switch (type) {
    case proto::Cast::DOUBLE:
      return "a number";
    case proto::Cast::INTEGER:
      return "a whole number up to 2^53";
    case proto::Cast::BOOLEAN:
      return "true or false";
    case proto::Cast::STRING:
      break;
  }
  return "a string";
}

}  // namespace

Cast::Cast(const proto::Cast& config, std::string at) : config_(config), at_(std::move(at)) {}

Schema Cast::output_schema(const Schema& input) const {
  ColumnType type =
      input_column(input, config_.column(), {ColumnType::Kind::Number, ColumnType::Kind::String},
                   at_ + ".column");
  if (config_.type() == proto::Cast::STRING) {
    type = {ColumnType::Kind::String};
  } else if (type.kind == ColumnType::Kind::String || config_.type() == proto::Cast::BOOLEAN) {
    type = {ColumnType::Kind::Number};
  }
  type.format = format_of(config_.type());
  Schema output = input;
  output.add(config_.column(), std::move(type));
  return output;
}

bool Cast::is_fitted() const { return config_.type() != proto::Cast::STRING || config_.has_from(); }

void Cast::fit(const TrainingRows& fitting) {
  if (config_.type() == proto::Cast::STRING)
    config_.set_from(type_of(fitting.schema().at(config_.column(), at_ + ".column")));
}

std::optional<double> Cast::whole(double value) const {
  const double cut = std::trunc(value);
  return std::abs(cut) <= kMostExact ? std::optional(cut + 0.0) : std::nullopt;
}

std::optional<double> Cast::cast(double value) const {
  if (config_.type() == proto::Cast::DOUBLE) return value;
  if (config_.type() == proto::Cast::INTEGER) return whole(value);
  if (std::isnan(value)) return std::nullopt;
  return value != 0 ? 1 : 0;
}

std::optional<double> Cast::cast(std::string_view text) const {
  const std::string_view trimmed = trim(text);
  if (config_.type() == proto::Cast::BOOLEAN) return truth(trimmed);
  double value = 0;
  if (!parse_number(trimmed, value)) return std::nullopt;
  return config_.type() == proto::Cast::INTEGER ? whole(value) : value;
}

/// Casts a column; counts its values, and what it could not read.
struct Cast::Casting {
  const Cast& stage;
  const Partition& partition;
  std::uint64_t values_cast = 0, unreadable = 0;

  double refuse(std::size_t row, std::string_view text) {
    ++unreadable;
    if (stage.config_.on_error() == proto::Cast::MISSING) return kMissing;
    throw DataError(fmt::format("'{}' in {} cannot be cast: it is not {}", text,
                                row_name(partition, row), name_of(stage.config_.type())),
                    {.field = stage.at_ + ".column"},
                    "correct the value, or set on_error: MISSING");
  }
  Column to_numbers(const Numbers& column) {
    std::vector<double> values(column.values.begin(), column.values.end());
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (is_missing(values[row])) continue;
      ++values_cast;
      const auto cast = stage.cast(values[row]);
      values[row] = cast ? *cast : refuse(row, to_string(values[row], ColumnType::Format::Double));
    }
    return Numbers{std::move(values)};
  }
  Column to_numbers(const Strings& column) {
    std::vector<double> values(column.rows(), kMissing);
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (column.is_missing(row)) continue;
      ++values_cast;
      const auto cast = stage.cast(column.text(row));
      values[row] = cast ? *cast : refuse(row, column.text(row));
    }
    return Numbers{std::move(values)};
  }
  Column to_strings(const Numbers& column) {
    const auto format = format_of(stage.config_.from());
    StringsBuilder builder;
    for (const double value : column.values) {
      if (is_missing(value)) {
        builder.push_missing();
        continue;
      }
      ++values_cast;
      builder.push(std::string_view(to_string(value, format)));
    }
    return std::move(builder).finish();
  }
};

Effect Cast::transform(Partition& partition, Phase) const {
  Column& column = partition.columns.at(config_.column());
  const auto* numbers = std::get_if<Numbers>(&column);
  const bool to_strings = config_.type() == proto::Cast::STRING;
  if (!numbers && to_strings) return {0, "cast"};
  if (numbers && config_.type() == proto::Cast::DOUBLE) return {0, "cast"};
  Casting casting{*this, partition};
  if (to_strings) {
    column = casting.to_strings(*numbers);
  } else {
    column = numbers ? casting.to_numbers(*numbers) : casting.to_numbers(std::get<Strings>(column));
  }
  return {casting.values_cast, "cast", casting.unreadable};
}

proto::Stage Cast::save() const {
  proto::Stage stage;
  *stage.mutable_cast() = config_;
  return stage;
}

}  // namespace lockstep::data
