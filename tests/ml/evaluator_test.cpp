#include "ml/evaluator.hpp"

#include "core/error.hpp"
#include "ml/evaluators/names.hpp"
#include "tests/ml/evaluator_rig.hpp"

namespace lockstep::ml::tests {
namespace {

using layers::Task;

TEST_CASE("make_evaluator takes what fits the network's task", "[ml][evaluator]") {
  CHECK_NOTHROW(evaluator_of("multiclass {}", Task::Multiclass, 3));
  CHECK_NOTHROW(evaluator_of("multiclass {}", Task::Binary, 1));
  CHECK_NOTHROW(evaluator_of("binary {}", Task::Binary, 1));
  CHECK_NOTHROW(evaluator_of("binary {}", Task::Multiclass, 2));
  CHECK_NOTHROW(evaluator_of("regression {}", Task::Regression, 4));
}

TEST_CASE("make_evaluator names the evaluator that does not fit", "[ml][evaluator]") {
  const auto refused = [](const char* config, Task task, std::size_t outputs) {
    try {
      (void)evaluator_of(config, task, outputs);
      FAIL(config << " was taken");
    } catch (const ConfigError& error) {
      CHECK(error.where().field == "evaluate[0]");
    }
  };
  refused("binary {}", Task::Multiclass, 3);
  refused("binary {}", Task::Regression, 1);
  refused("multiclass {}", Task::Regression, 1);
  refused("regression {}", Task::Binary, 1);
  refused("", Task::Binary, 1);
}

TEST_CASE("default_evaluator fits every task", "[ml][evaluator]") {
  CHECK(default_evaluator(Task::Multiclass).has_multiclass());
  CHECK(default_evaluator(Task::Binary).has_binary());
  CHECK(default_evaluator(Task::Regression).has_regression());
}

TEST_CASE("metric_key writes names in lower case", "[ml][evaluator]") {
  CHECK(metric_key("AREA_UNDER_ROC") == "area_under_roc");
}

}  // namespace
}  // namespace lockstep::ml::tests
