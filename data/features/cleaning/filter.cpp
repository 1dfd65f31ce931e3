#include "data/features/cleaning/filter.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

using Op = proto::Filter;

/// `wanted` are the values, ascending. Of a value that is there.
template <typename T, typename Wanted>
bool compares(proto::Filter::Op op, const T& value, const std::vector<Wanted>& wanted) {
  switch (op) {
    case Op::EQ:
    case Op::IN:
      return std::binary_search(wanted.begin(), wanted.end(), value, std::less<>());
    case Op::NE:
      return value != wanted.front();
    case Op::LT:
      return value < wanted.front();
    case Op::LE:
      return value <= wanted.front();
    case Op::GT:
      return value > wanted.front();
    case Op::GE:
      return value >= wanted.front();
    case Op::NOT_MISSING:
      return true;
    case Op::IS_MISSING:
    case Op::MATCHES:
      break;
  }
  return false;
}

std::unique_ptr<const re2::RE2> compile(const std::string& pattern, const std::string& field) {
  auto compiled = std::make_unique<const re2::RE2>(pattern, re2::RE2::Quiet);
  if (!compiled->ok()) {
    throw ConfigError(
        fmt::format("'{}' is not a regular expression: {}", pattern, compiled->error()),
        {.field = field}, "the syntax is RE2's");
  }
  return compiled;
}

}  // namespace

Filter::Filter(const proto::Filter& config, std::string at) : config_(config), at_(std::move(at)) {
  check_values();
  for (const auto& value : config_.value()) {
    texts_.push_back(value);
    const auto number = number_from_text(value);
    if (number && !std::isnan(*number)) numbers_.push_back(*number);
  }
  std::sort(texts_.begin(), texts_.end());
  std::sort(numbers_.begin(), numbers_.end());
  if (config_.op() == Op::MATCHES) pattern_ = compile(config_.value(0), at_ + ".value[0]");
}

Filter::~Filter() = default;

void Filter::check_values() const {
  const bool none = config_.op() == Op::IS_MISSING || config_.op() == Op::NOT_MISSING;
  if (none && !config_.value().empty()) {
    throw ConfigError("this comparison takes no value", {.field = at_ + ".value"},
                      "leave value out");
  }
  if (!none && config_.value().empty()) {
    throw ConfigError("there is nothing to compare with", {.field = at_ + ".value"},
                      "give a value");
  }
  if (config_.value_size() > 1 && config_.op() != Op::IN) {
    throw ConfigError(fmt::format("{} values for a comparison with one", config_.value_size()),
                      {.field = at_ + ".value"}, "give one value, or op: IN");
  }
}

Schema Filter::output_schema(const Schema& input) const {
  const ColumnType& type =
      input_column(input, config_.column(), {ColumnType::Kind::Number, ColumnType::Kind::String},
                   at_ + ".column");
  if (type.kind == ColumnType::Kind::String) return input;
  if (config_.op() == Op::MATCHES) {
    throw ConfigError(
        fmt::format("the column '{}' holds numbers, which match no text", config_.column()),
        {.field = at_ + ".op"}, "cast it to STRING first, or compare by LT, GE, IN");
  }
  for (int i = 0; i < config_.value_size(); ++i) {
    const std::string field = element(at_ + ".value", static_cast<std::size_t>(i));
    if (std::isnan(number_from_config(config_.value(i), field))) {
      throw ConfigError("nothing compares with NaN", {.field = field},
                        "use op: IS_MISSING or NOT_MISSING, which count NaN as missing");
    }
  }
  return input;
}

bool Filter::holds(double value) const {
  if (std::isnan(value)) return config_.op() == Op::IS_MISSING;
  return compares(config_.op(), value, numbers_);
}

bool Filter::holds(std::string_view text) const {
  if (pattern_)
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern_);
  return compares(config_.op(), text, texts_);
}

Effect Filter::transform(Partition& partition, Phase phase) const {
  if (phase == Phase::Scoring && !config_.when_scoring()) return {};
  const Column& column = partition.column(config_.column());
  std::vector<bool> keep(partition.rows());
  if (const auto* numbers = std::get_if<Numbers>(&column)) {
    expects(numbers_.size() == static_cast<std::size_t>(config_.value_size()),
            "a filter's values are numbers where its column holds numbers");
    for (std::size_t row = 0; row < keep.size(); ++row) keep[row] = holds(numbers->values[row]);
  } else {
    const auto& strings = std::get<Strings>(column);
    for (std::size_t row = 0; row < keep.size(); ++row) {
      keep[row] =
          strings.is_missing(row) ? config_.op() == Op::IS_MISSING : holds(strings.text(row));
    }
  }
  return {keep_rows(partition, keep), "dropped"};
}

proto::Stage Filter::save() const {
  proto::Stage stage;
  *stage.mutable_filter() = config_;
  return stage;
}

}  // namespace lockstep::data
