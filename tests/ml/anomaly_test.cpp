#include "ml/evaluators/anomaly.hpp"

#include "core/error.hpp"
#include "tests/ml/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

MakeSums anomaly_evaluator(const std::string& text) {
  proto::Evaluate config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return make_evaluator(config, layers::Task::Regression, 3, "evaluate[0]", true);
}

Scored scored(const std::vector<float>& errors, const std::vector<float>& anomalies) {
  Scored rows;
  rows.rows = errors.size();
  rows.errors = errors;
  rows.anomalies = anomalies;
  return rows;
}

}  // namespace

TEST_CASE("anomaly: the area by pairs, errors above 1 included", "[ml][evaluator]") {
  // Anomalies 7, 3, 1 against 2, 1, 0.5: 3 + 3 + 1.5 of 9 pairs are in order.
  const std::vector<float> errors{7, 2, 3, 1, 1, 0.5f}, anomalies{1, 0, 1, 0, 1, 0};
  const auto make = anomaly_evaluator("binary {}");
  const auto whole = make();
  whole->add(scored(errors, anomalies));
  const auto metrics = finish(*whole);
  CHECK(metrics.size() == 2);
  CHECK(metrics["area_under_roc"] == Approx(7.5 / 9));
  for (std::size_t cut = 0; cut <= errors.size(); ++cut) {
    const auto part = [&](std::size_t begin, std::size_t end) {
      const auto at = [](const auto& v, std::size_t i) {
        return v.begin() + static_cast<std::ptrdiff_t>(i);
      };
      const std::vector<float> e(at(errors, begin), at(errors, end)),
          a(at(anomalies, begin), at(anomalies, end));
      auto sums = make();
      sums->add(scored(e, a));
      Writer out;
      sums->save(out);
      const std::string bytes = out.take();
      Reader in(bytes);
      auto received = make();
      received->load(in);
      return received;
    };
    const auto left = part(0, cut);
    left->merge(*part(cut, errors.size()));
    CHECK(finish(*left) == metrics);
  }
}

TEST_CASE("anomaly: an error is no probability", "[ml][evaluator]") {
  CHECK_NOTHROW(anomaly_evaluator("binary { metric_name: AREA_UNDER_PR }"));
  CHECK_THROWS_AS(anomaly_evaluator("binary { metric_name: ACCURACY }"), ConfigError);
  CHECK_THROWS_AS(anomaly_evaluator("binary { metric_name: [AREA_UNDER_ROC, LOG_LOSS] }"),
                  ConfigError);
  CHECK_THROWS_AS(anomaly_evaluator("multiclass {}"), ConfigError);
}

}  // namespace lockstep::ml::tests
