#pragma once
/// Metrics as typed values. What writes them as JSON or as text does that once, at the edge.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep::ml {

/// Row-major numbers, such as a confusion matrix.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;
  bool operator==(const Matrix&) const = default;
};

/// Points of a curve in the order they are drawn.
struct Curve {
  std::string x, y;  ///< what the axes show
  std::vector<std::pair<double, double>> points;
  bool operator==(const Curve&) const = default;
};

/// A metric by its name in lower case: a count, a number, names (of classes), a matrix, a curve.
struct Metric {
  std::string name;
  std::variant<std::uint64_t, double, std::vector<std::string>, Matrix, Curve> value;
  bool operator==(const Metric&) const = default;
};

/// In the order they were asked for.
using Metrics = std::vector<Metric>;

/// Adds a metric. Wholes are counts.
inline void add(Metrics& metrics, std::string name, double value) {
  metrics.push_back({std::move(name), value});
}
inline void add_count(Metrics& metrics, std::string name, std::uint64_t count) {
  metrics.push_back({std::move(name), count});
}

/// The number of that name; null if there is none.
inline const double* find_number(const Metrics& metrics, const std::string& name) {
  for (const auto& metric : metrics) {
    if (metric.name == name) return std::get_if<double>(&metric.value);
  }
  return nullptr;
}

}  // namespace lockstep::ml
