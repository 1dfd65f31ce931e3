#include "layers/losses.hpp"

#include "core/error.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

std::unique_ptr<const Loss> loss_of(const std::string& text, std::size_t outputs) {
  return make_loss(network_config("loss { " + text + " }").loss(), outputs, "network.loss");
}

}  // namespace

TEST_CASE("losses: gradients", "[layers][loss]") {
  struct Case {
    std::string loss;
    std::size_t outputs;
    Numbers labels;
  };
  const auto c = GENERATE(
      Case{"cross_entropy {}", 3, {0, 2, 1}},
      Case{"cross_entropy { label_smoothing: 0.2 }", 3, {0, 2, 1}},
      Case{"cross_entropy { class_weights: [1, 2, 0.5] }", 3, {0, 2, 1}},
      Case{"cross_entropy { class_weights: [1, 2, 0.5] label_smoothing: 0.1 }", 3, {2}},
      Case{"binary_cross_entropy {}", 1, {0, 1, 1}},
      Case{"binary_cross_entropy { label_smoothing: 0.2 }", 1, {0, 1}},
      Case{"binary_cross_entropy { class_weights: [1, 3] }", 1, {0, 1}},
      Case{"binary_cross_entropy {}", 2, {0, 1, 0.5, 0.25}},
      Case{"mean_squared_error {}", 1, {0.5, -2}},
      Case{"mean_squared_error {}", 3, {0.5, -2, 1, 0, 3, 1}},
      Case{"mean_absolute_error {}", 2, {0.5, -2, 1, 0.1f}},
      Case{"huber {}", 2, {0.5, -2, 3, 0.1f}}, Case{"huber { delta: 0.3 }", 1, {0.5, -2, 0.1f}});
  INFO(c.loss);
  const auto loss = loss_of(c.loss, c.outputs);
  const std::size_t rows = c.labels.size() / loss->labels_per_row();
  Numbers z = random_numbers(rows * c.outputs, 4);
  Numbers gradient(z.size());
  loss->evaluate(z, c.labels, gradient.data());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const float before = z[i];
    z[i] = before + 1e-3f;
    const double up = loss->evaluate(z, c.labels, nullptr).loss, upper = z[i];
    z[i] = before - 1e-3f;
    const double down = loss->evaluate(z, c.labels, nullptr).loss, lower = z[i];
    z[i] = before;
    CHECK(gradient[i] == Approx((up - down) / (upper - lower)).margin(1e-5));
  }
}

TEST_CASE("cross_entropy counts right rows and row weights", "[layers][loss]") {
  const auto loss = loss_of("cross_entropy { class_weights: [1, 2, 4] }", 3);
  const Numbers logits{3, 1, 1, 0, 0, 5, 0, 2, 1}, labels{0, 2, 0};
  const auto result = loss->evaluate(logits, labels, nullptr);
  CHECK(result.correct == 2);
  CHECK(result.weight == 1 + 4 + 1);
  const double e = std::exp(1.0);
  const double expected = 1 * std::log(1 + 2 / (e * e)) + 4 * std::log(1 + 2 / std::pow(e, 5)) +
                          1 * std::log(1 + e * e + e);
  CHECK(result.loss == Approx(expected));
}

TEST_CASE("binary_cross_entropy counts right rows and does not overflow", "[layers][loss]") {
  const auto loss = loss_of("binary_cross_entropy {}", 1);
  const auto result = loss->evaluate(Numbers{500, -500, 500}, Numbers{1, 0, 0}, nullptr);
  CHECK(result.correct == 2);
  CHECK(result.weight == 3);
  CHECK(result.loss == Approx(500));
  Numbers p(2);
  loss->present(Numbers{0, 500}, p.data());
  CHECK(p == Numbers{0.5, 1});
}

TEST_CASE("a label that is no class is a DataError that says so", "[layers][loss]") {
  const float bad = GENERATE(-1.0f, 3.0f, 0.5f, std::numeric_limits<float>::quiet_NaN());
  const auto loss = loss_of("cross_entropy {}", 3);
  CHECK_THROWS_AS(loss->evaluate(Numbers{1, 2, 3}, Numbers{bad}, nullptr), DataError);
  const auto binary = loss_of("binary_cross_entropy {}", 1);
  CHECK_THROWS_AS(binary->evaluate(Numbers{1}, Numbers{bad == 3 ? 2 : bad}, nullptr), DataError);
}

TEST_CASE("a loss that does not fit the outputs is a ConfigError with its field",
          "[layers][loss]") {
  const auto field_of = [](const std::string& text, std::size_t outputs) -> std::string {
    try {
      loss_of(text, outputs);
    } catch (const ConfigError& error) {
      return error.where().field;
    }
    return {};
  };
  CHECK(field_of("cross_entropy {}", 1) == "network.loss.cross_entropy");
  CHECK(field_of("cross_entropy { class_weights: [1, 2] }", 3) ==
        "network.loss.cross_entropy.class_weights");
  CHECK(field_of("binary_cross_entropy { class_weights: [1] }", 1) ==
        "network.loss.binary_cross_entropy.class_weights");
  CHECK(field_of("", 1) == "network.loss");
}

}  // namespace lockstep::layers::testing
