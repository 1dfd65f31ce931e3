#include "data/features/cleaning/arithmetic.hpp"

#include <cmath>

#include "core/error.hpp"
#include "core/math.hpp"

namespace lockstep::data {
namespace {

using Op = proto::Arithmetic;

bool is_unary(proto::Arithmetic::Op op) {
  return op == Op::LOG1P || op == Op::ABS || op == Op::SQRT;
}

/// log(1 + x): the quotient gives back the digits that 1 + x loses.
double log1p_exact(double x) {
  const double u = 1 + x;
  if (u == 1) return x;
  return u > 0 && std::isfinite(u) ? log_exact(u) * (x / (u - 1)) : log_exact(u);
}

double compute(proto::Arithmetic::Op op, double left, double right) {
  switch (op) {
    case Op::ADD:
      return left + right;
    case Op::SUBTRACT:
      return left - right;
    case Op::MULTIPLY:
      return left * right;
    case Op::DIVIDE:
      return left / right;
    case Op::LOG1P:
      return log1p_exact(left);
    case Op::ABS:
      return std::abs(left);
    case Op::SQRT:
      return std::sqrt(left);
  }
  return left;
}

bool is_whole(const ColumnType& type) { return type.format != ColumnType::Format::Double; }

}  // namespace

Arithmetic::Arithmetic(const proto::Arithmetic& config, std::string at)
    : config_(config), at_(std::move(at)) {
  const std::string op = proto::Arithmetic::Op_Name(config_.op());
  if (is_unary(config_.op()) && (config_.has_right() || config_.has_number())) {
    throw ConfigError(op + " takes the left operand alone", {.field = at_},
                      "leave right and number out");
  }
  if (is_unary(config_.op())) return;
  if (config_.has_right() && config_.has_number()) {
    throw ConfigError("both right and number are given", {.field = at_}, "keep one of them");
  }
  if (!config_.has_right() && !config_.has_number()) {
    throw ConfigError(op + " needs a second operand", {.field = at_ + ".right"},
                      "give right (a column) or number");
  }
}

std::vector<std::string> Arithmetic::input_columns() const {
  if (!config_.has_right() || config_.right() == config_.left()) return {config_.left()};
  return {config_.left(), config_.right()};
}

Schema Arithmetic::output_schema(const Schema& input) const {
  bool whole =
      is_whole(input_column(input, config_.left(), {ColumnType::Kind::Number}, at_ + ".left"));
  if (config_.has_right()) {
    whole &=
        is_whole(input_column(input, config_.right(), {ColumnType::Kind::Number}, at_ + ".right"));
  } else {
    whole &= std::trunc(config_.number()) == config_.number() && std::isfinite(config_.number());
  }
  if (config_.op() == Op::DIVIDE || config_.op() == Op::LOG1P || config_.op() == Op::SQRT)
    whole = false;
  ColumnType type{ColumnType::Kind::Number};
  if (whole) type.format = ColumnType::Format::Integer;
  Schema output = input;
  add_output(output, config_.output_col(), type, at_ + ".output_col");
  return output;
}

Effect Arithmetic::transform(Partition& partition, Phase) const {
  const auto& left = partition.get<Numbers>(config_.left()).values;
  const auto* right =
      config_.has_right() ? &partition.get<Numbers>(config_.right()).values : nullptr;
  std::vector<double> results(partition.rows());
  std::uint64_t computed = 0, undefined = 0;
  for (std::size_t row = 0; row < results.size(); ++row) {
    const double a = left[row], b = right ? (*right)[row] : config_.number();
    const bool known = !is_missing(a) && !is_missing(b);
    results[row] = known ? compute(config_.op(), a, b) : kMissing;
    computed += known;
    undefined += known && is_missing(results[row]);
  }
  partition.set(config_.output_col(), Numbers{std::move(results)});
  return {computed, "computed", undefined};
}

proto::Stage Arithmetic::save() const {
  proto::Stage stage;
  *stage.mutable_arithmetic() = config_;
  return stage;
}

}  // namespace lockstep::data
