#include "ml/pipeline/metrics_json.hpp"

#include <cmath>

namespace lockstep::ml {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Matrix& matrix) {
  Json rows = Json::array();
  for (std::size_t r = 0; r < matrix.rows; ++r) {
    Json row = Json::array();
    for (std::size_t c = 0; c < matrix.columns; ++c) {
      const double value = matrix.values[r * matrix.columns + c];
      if (value == std::floor(value) && std::abs(value) < 1e15)
        row.push_back(static_cast<std::int64_t>(value));
      else
        row.push_back(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json json_of(const Curve& curve) {
  Json x = Json::array(), y = Json::array();
  for (const auto& point : curve.points) {
    x.push_back(point.first);
    y.push_back(point.second);
  }
  return {{curve.x, std::move(x)}, {curve.y, std::move(y)}};
}

template <typename T>
Json json_of(const T& value) {
  return value;
}

}  // namespace

Json to_json(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& metric : metrics)
    json[metric.name] = std::visit([](const auto& value) { return json_of(value); }, metric.value);
  return json;
}

Json to_json(const Outcome& outcome) {
  Json json = Json::object();
  for (const auto& [name, metrics] : outcome.sections) json[name] = to_json(metrics);
  for (const auto& [phase, seconds] : outcome.timing) json["timing"][phase] = seconds;
  return json;
}

Json to_json(const Description& description) {
  const auto cell_of = [](const Description::Cell& cell) {
    return std::visit([](const auto& value) { return json_of(value); }, cell);
  };
  Json json = Json::object();
  for (const auto& fact : description.facts) json[fact.name] = cell_of(fact.value);
  for (const auto& table : description.tables) {
    auto& rows = json[table.name] = Json::array();
    for (const auto& row : table.rows) {
      Json object = Json::object();
      for (std::size_t i = 0; i < row.size(); ++i) object[table.columns[i]] = cell_of(row[i]);
      rows.push_back(std::move(object));
    }
  }
  for (const auto& [name, text] : description.texts) json[name] = text;
  if (!description.advice.empty()) json["advice"] = description.advice;
  return json;
}

}  // namespace lockstep::ml
