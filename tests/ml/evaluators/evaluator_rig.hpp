#pragma once
/// Rows for evaluators, and their metrics however the rows are cut.

#include <google/protobuf/text_format.h>

#include <map>

#include "ml/evaluators/evaluator.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml::tests {

/// Predictions in the columns of kColumns: classes with their probabilities, or numbers.
struct Judged {
  std::vector<double> outputs;  ///< [rows, width] probabilities or values; of one class: of class 1
  std::vector<double> labels;   ///< [rows], or [rows, width] targets
  std::size_t width = 1;
  bool classes = false;
  std::vector<double> weights = {};

  std::size_t rows() const { return outputs.size() / width; }
  PredictionColumns columns() const {
    PredictionColumns columns;
    columns.task = !classes ? Task::Regression : width == 1 ? Task::Binary : Task::Multiclass;
    columns.classes = !classes ? 0 : std::max<std::size_t>(2, width);
    columns.label = "label";
    columns.prediction = "prediction";
    if (classes) columns.probability = "probability";
    if (!weights.empty()) columns.weight = "weight";
    return columns;
  }

  /// Rows [begin, end).
  data::Partition part(std::size_t begin, std::size_t end) const {
    const auto cut = [&](const std::vector<double>& all) {
      const std::size_t each = rows() == 0 ? 0 : all.size() / rows();
      return std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(begin * each),
                                 all.begin() + static_cast<std::ptrdiff_t>(end * each));
    };
    data::Partition partition;
    partition.row_ids = std::vector<std::uint64_t>(end - begin);
    const auto y = cut(outputs);
    if (labels.size() == rows())
      partition.set("label", data::Numbers{cut(labels)});
    else
      partition.set("label", data::DenseVectors{width, cut(labels)});
    if (!weights.empty()) partition.set("weight", data::Numbers{cut(weights)});
    if (!classes) {
      if (width == 1)
        partition.set("prediction", data::Numbers{y});
      else
        partition.set("prediction", data::DenseVectors{width, y});
      return partition;
    }
    std::vector<double> predictions, probabilities;
    for (std::size_t row = 0; row < end - begin; ++row) {
      const auto* p = y.data() + row * width;
      predictions.push_back(width == 1 ? (p[0] > 0.5 ? 1 : 0)
                                       : static_cast<double>(std::max_element(p, p + width) - p));
      if (width == 1) probabilities.push_back(1 - p[0]);
      probabilities.insert(probabilities.end(), p, p + width);
    }
    partition.set("prediction", data::Numbers{predictions});
    partition.set("probability",
                  data::DenseVectors{std::max<std::size_t>(2, width), probabilities});
    return partition;
  }
};

inline MakeSums evaluator_of(const std::string& config, const PredictionColumns& columns) {
  proto::Evaluate evaluate;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(config, &evaluate));
  return make_evaluator(evaluate, columns, "evaluate[0]");
}

/// Numbers by their names; matrices by theirs.
struct Found {
  std::map<std::string, double> numbers;
  std::map<std::string, Matrix> matrices;

  double operator[](const std::string& name) const { return numbers.at(name); }
  std::size_t size() const { return numbers.size() + matrices.size(); }
  bool contains(const std::string& name) const { return numbers.count(name) > 0; }
};

inline Found found(const Metrics& metrics) {
  Found all;
  for (const auto& [name, value] : metrics) {
    if (const auto* number = std::get_if<double>(&value)) all.numbers[name] = *number;
    if (const auto* matrix = std::get_if<Matrix>(&value)) all.matrices[name] = *matrix;
  }
  return all;
}

inline Found finish(const EvaluatorSums& sums) {
  Metrics metrics;
  sums.finish(metrics);
  return found(metrics);
}

inline Found metrics_of(const MakeSums& make, const Judged& judged) {
  const auto sums = make();
  if (!judged.outputs.empty()) sums->add(judged.part(0, judged.rows()), judged.columns());
  return finish(*sums);
}

/// The sums, sent to another rank and back into one that has seen `other`.
inline std::unique_ptr<EvaluatorSums> sent(const MakeSums& make, const EvaluatorSums& sums,
                                           const data::Partition& other,
                                           const PredictionColumns& columns) {
  Writer out;
  sums.save(out);
  out.value(77);
  const std::string bytes = out.take();
  Reader in(bytes);
  auto received = make();
  received->add(other, columns);  // load() replaces what was there
  received->load(in);
  CHECK(in.value<int>() == 77);
  CHECK(in.done());
  return received;
}

/// Calls check(metrics) for every way of cutting the rows into three parts (some of them empty),
/// merged left before right. `part(begin, end)` gives rows.
template <typename Part, typename Check>
void with_every_cut(const MakeSums& make, std::size_t rows, const Part& part,
                    const PredictionColumns& columns, const Check& check) {
  const auto sums_of = [&](std::size_t begin, std::size_t end) {
    const auto sums = make();
    sums->add(part(begin, end), columns);
    return sent(make, *sums, part(0, 1), columns);
  };
  for (std::size_t a = 0; a <= rows; ++a) {
    for (std::size_t b = a; b <= rows; ++b) {
      INFO("cut at " << a << " and " << b << " of " << rows);
      const auto left = sums_of(0, a), right = sums_of(a, b);
      right->merge(*sums_of(b, rows));
      left->merge(*right);
      check(finish(*left));
    }
  }
}

template <typename Check>
void with_every_cut(const MakeSums& make, const Judged& judged, const Check& check) {
  with_every_cut(
      make, judged.rows(),
      [&](std::size_t begin, std::size_t end) { return judged.part(begin, end); }, judged.columns(),
      check);
}

}  // namespace lockstep::ml::tests
