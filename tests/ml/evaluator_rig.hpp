#pragma once
/// Rows for evaluators, and their metrics however the rows are cut.

#include <nlohmann/json.hpp>

#include <google/protobuf/text_format.h>

#include "ml/evaluator.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml::tests {

struct Judged {
  std::vector<float> outputs;  ///< [rows, width]
  std::vector<float> labels;   ///< [rows], or [rows, width] targets
  std::size_t width = 1;

  std::size_t rows() const { return outputs.size() / width; }

  /// Rows [begin, end).
  Scored part(std::size_t begin, std::size_t end) const {
    const std::size_t label_width = labels.size() / rows();
    return {std::span(outputs).subspan(begin * width, (end - begin) * width), width,
            std::span(labels).subspan(begin * label_width, (end - begin) * label_width),
            end - begin};
  }
};

inline MakeSums evaluator_of(const std::string& config, layers::Task task, std::size_t outputs) {
  proto::Evaluate evaluate;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(config, &evaluate));
  return make_evaluator(evaluate, task, outputs, "evaluate[0]");
}

inline nlohmann::ordered_json finish(const EvaluatorSums& sums) {
  auto metrics = nlohmann::ordered_json::object();
  sums.finish(metrics);
  return metrics;
}

inline nlohmann::ordered_json metrics_of(const MakeSums& make, const Judged& judged) {
  const auto sums = make();
  if (!judged.outputs.empty()) sums->add(judged.part(0, judged.rows()));
  return finish(*sums);
}

/// The sums of rows [begin, end), sent to another rank and back.
inline std::unique_ptr<EvaluatorSums> sent(const MakeSums& make, const Judged& judged,
                                           std::size_t begin, std::size_t end) {
  const auto sums = make();
  sums->add(judged.part(begin, end));
  Writer out;
  sums->save(out);
  out.value(77);
  const std::string bytes = out.take();
  Reader in(bytes);
  auto received = make();
  received->add(judged.part(0, 1));  // load() replaces what was there
  received->load(in);
  CHECK(in.value<int>() == 77);
  CHECK(in.done());
  return received;
}

/// Calls check(metrics) for every way of cutting the rows into three parts (some of them empty),
/// merged left before right.
template <typename Check>
void with_every_cut(const MakeSums& make, const Judged& judged, const Check& check) {
  const std::size_t rows = judged.rows();
  for (std::size_t a = 0; a <= rows; ++a) {
    for (std::size_t b = a; b <= rows; ++b) {
      INFO("cut at " << a << " and " << b << " of " << rows);
      const auto left = sent(make, judged, 0, a), right = sent(make, judged, a, b);
      right->merge(*sent(make, judged, b, rows));
      left->merge(*right);
      check(finish(*left));
    }
  }
}

}  // namespace lockstep::ml::tests
