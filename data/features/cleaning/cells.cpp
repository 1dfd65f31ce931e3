#include "data/features/cleaning/cells.hpp"

#include <fmt/core.h>

#include <memory>
#include <set>

#include "core/error.hpp"
#include "data/sources/text_rows.hpp"

namespace lockstep::data {
namespace {

bool is_category(const Feature& feature, double value) {
  if (feature.kind == Feature::Kind::Numeric) return true;
  if (value < 0 || value != std::trunc(value)) return false;
  const std::size_t arity = feature.kind == Feature::Kind::Binary ? 2 : feature.arity;
  return arity == 0 || value < static_cast<double>(arity);
}

}  // namespace

std::optional<double> number_from_text(std::string_view text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  double value = 0;
  return parse_number(text, value) ? std::optional(value) : std::nullopt;
}

double number_from_config(const std::string& text, const std::string& field) {
  if (const auto value = number_from_text(text)) return *value;
  throw ConfigError(fmt::format("'{}' is not a number, but the column holds numbers", text),
                    {.field = field}, "write for example: \"3.5\"");
}

ColumnType with_value(ColumnType type, double value) {
  if (std::isnan(value)) return type;
  const bool whole = std::trunc(value) == value && std::isfinite(value);
  if (type.format == ColumnType::Format::Boolean && value != 0 && value != 1)
    type.format = ColumnType::Format::Integer;
  if (type.format == ColumnType::Format::Integer && !whole)
    type.format = ColumnType::Format::Double;
  if (type.features && type.features->size() == 1 && !is_category(type.features->front(), value)) {
    Feature feature;
    feature.name = type.features->front().name;
    type.features = std::make_shared<const std::vector<Feature>>(1, std::move(feature));
  }
  return type;
}

void check_unique(const std::vector<std::string>& names, const std::string& field) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (seen.insert(names[i]).second) continue;
    throw ConfigError(fmt::format("'{}' is there twice", names[i]), {.field = element(field, i)},
                      "name it once");
  }
}

std::string element(const std::string& field, std::size_t i) {
  return fmt::format("{}[{}]", field, i);
}

}  // namespace lockstep::data
