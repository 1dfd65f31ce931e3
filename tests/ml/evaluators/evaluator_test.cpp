#include "ml/evaluators/evaluator.hpp"

#include "core/error.hpp"
#include "tests/ml/evaluators/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

PredictionColumns of(Task task, std::size_t classes = 0) {
  PredictionColumns columns;
  columns.task = task;
  columns.classes = classes;
  return columns;
}

TEST_CASE("make_evaluator takes what fits the model's task", "[ml][evaluator]") {
  CHECK_NOTHROW(evaluator_of("multiclass {}", of(Task::Multiclass, 3)));
  CHECK_NOTHROW(evaluator_of("multiclass {}", of(Task::Binary, 2)));
  CHECK_NOTHROW(evaluator_of("binary {}", of(Task::Binary, 2)));
  CHECK_NOTHROW(evaluator_of("binary {}", of(Task::Multiclass, 2)));
  CHECK_NOTHROW(evaluator_of("regression {}", of(Task::Regression)));
  CHECK_NOTHROW(evaluator_of("regression {}", of(Task::Reconstruction)));
  CHECK_NOTHROW(evaluator_of("translation {}", of(Task::Translation)));
}

TEST_CASE("make_evaluator names the evaluator that does not fit", "[ml][evaluator]") {
  const auto refused = [](const char* config, const PredictionColumns& columns) {
    try {
      (void)evaluator_of(config, columns);
      FAIL(config << " was taken");
    } catch (const ConfigError& error) {
      CHECK(error.where().field == "evaluate[0]");
    }
  };
  refused("binary {}", of(Task::Multiclass, 3));
  refused("binary {}", of(Task::Regression));
  refused("multiclass {}", of(Task::Regression));
  refused("multiclass {}", of(Task::Clustering, 3));
  refused("regression {}", of(Task::Binary, 2));
  refused("translation {}", of(Task::Multiclass, 2));
  refused("regression {}", of(Task::Translation));
  refused("", of(Task::Binary, 2));
}

TEST_CASE("without evaluators in the config every task has its own", "[ml][evaluator]") {
  const auto count = [](Task task, std::size_t classes = 0) {
    return make_evaluators({}, of(task, classes)).size();
  };
  CHECK(count(Task::Multiclass, 3) == 1);
  CHECK(count(Task::Binary, 2) == 1);
  CHECK(count(Task::Regression) == 1);
  CHECK(count(Task::Reconstruction) == 1);
  CHECK(count(Task::Translation) == 1);
}

TEST_CASE("metric_key writes names in lower case", "[ml][evaluator]") {
  CHECK(metric_key("AREA_UNDER_ROC") == "area_under_roc");
}

TEST_CASE("columns that rows do not have are left out, classes without names are numbers",
          "[ml][evaluator]") {
  PredictionColumns columns;
  columns.label = "y";
  columns.weight = "w";
  columns.prediction = "prediction";
  data::Schema schema;
  schema.add("w", {});
  schema.add("prediction", {});
  const auto there = within(columns, schema);
  CHECK(there.label.empty());
  CHECK(there.weight == "w");
  CHECK(there.prediction == "prediction");
  columns.class_names = {"no"};
  CHECK(class_name(columns, 0) == "no");
  CHECK(class_name(columns, 1) == "1");
}

}  // namespace
}  // namespace lockstep::ml::tests
