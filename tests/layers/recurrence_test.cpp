// A recurrence from a state of its own, in pieces; and the order in which it takes its steps.
#include "layers/recurrence.hpp"

#include <memory>
#include <vector>

#include "core/buffer.hpp"
#include "layers/gru_cell.hpp"
#include "layers/lstm_cell.hpp"
#include "layers/simple_rnn_cell.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

constexpr std::size_t kRows = 3, kFeatures = 2, kUnits = 5;

using MakeCell = std::unique_ptr<const RecurrentCell> (*)();

const std::vector<MakeCell> kCells{
    []() -> std::unique_ptr<const RecurrentCell> {
      return std::make_unique<SimpleRnnCell>(kUnits, false);
    },
    []() -> std::unique_ptr<const RecurrentCell> { return std::make_unique<LstmCell>(kUnits); },
    []() -> std::unique_ptr<const RecurrentCell> {
      return std::make_unique<GruCell>(kUnits, true);
    },
    []() -> std::unique_ptr<const RecurrentCell> {
      return std::make_unique<GruCell>(kUnits, false);
    }};

// Some steps of all rows, from a given state.
struct Piece {
  Piece(const Recurrence& recurrence, std::size_t steps)
      : recurrence_(recurrence),
        memory_(PackedSteps::memory_floats(kRows, steps)),
        workspace_(recurrence.workspace_floats(kRows, steps)),
        scratch_(recurrence.scratch_floats(kRows)),
        steps_(kRows, steps, memory_.data()),
        h(kRows * kUnits),
        c(h.size()),
        dh0(h.size()),
        dc0(h.size()),
        dx(kRows * steps * kFeatures) {
    steps_.arrange(nullptr);
  }

  RecurrencePass pass(const Buffer<float>& parameters, const Buffer<float>& packed) {
    RecurrencePass pass;
    pass.steps = &steps_;
    pass.parameters = parameters.data();
    pass.packed = packed.data();
    pass.workspace = workspace_.data();
    pass.scratch = scratch_.data();
    return pass;
  }

  void forward(const RecurrencePass& pass) {
    recurrence_.forward(pass);
    recurrence_.copy_last_states(pass, {h.data(), kUnits});
    if (recurrence_.cell().has_memory()) recurrence_.copy_last_memories(pass, {c.data(), kUnits});
  }

 private:
  const Recurrence& recurrence_;
  Buffer<float> memory_, workspace_, scratch_;
  PackedSteps steps_;

 public:
  Numbers h, c;          // the last states
  Numbers dh0, dc0, dx;  // after backward
};

void check_equal(const float* got, const float* wanted, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    CHECK(got[i] == Approx(wanted[i]).margin(1e-6).epsilon(1e-5));
}

}  // namespace

TEST_CASE("packed steps: each step's rows, the longest first", "[layers][recurrent]") {
  Buffer<float> memory(PackedSteps::memory_floats(3, 4));
  PackedSteps steps(3, 4, memory.data());
  const std::vector<std::int32_t> lengths{2, 3, 0};
  steps.arrange(lengths.data());
  CHECK(steps.size() == 5);
  const auto list = [](const std::int32_t* p, std::size_t n) {
    return std::vector<std::int32_t>(p, p + n);
  };
  using Ints = std::vector<std::int32_t>;
  CHECK(list(steps.rows_of(), 3) == Ints{1, 0, 2});
  CHECK(list(steps.places(), 5) == Ints{4, 0, 5, 1, 6});  // row * 4 + step
  CHECK(list(steps.reversed_places(), 5) == Ints{6, 1, 5, 0, 4});
  CHECK(list(steps.mirror(), 5) == Ints{4, 3, 2, 1, 0});
  CHECK(steps.active(0) == 2);
  CHECK(steps.active(2) == 1);
  CHECK(steps.active(3) == 0);
  CHECK(steps.length(1) == 2);
  steps.arrange(nullptr);
  CHECK(steps.size() == 12);
  CHECK(list(steps.rows_of(), 3) == Ints{0, 1, 2});
}

TEST_CASE("a recurrence that is interrupted goes on from its last state, forward and backward",
          "[layers][recurrent]") {
  prepare_thread();
  for (const auto make_cell : kCells) {
    const Recurrence recurrence(make_cell(), kFeatures);
    const bool memory = recurrence.cell().has_memory();
    INFO("gates " << recurrence.cell().gates());
    Buffer<float> parameters(recurrence.parameter_floats()), packed(recurrence.packed_floats());
    const auto numbers = random_numbers(parameters.size(), 3);
    std::copy(numbers.begin(), numbers.end(), parameters.data());
    recurrence.pack(parameters.data(), packed.data());
    const Numbers x = random_numbers(kRows * 5 * kFeatures, 1);
    const Numbers h0 = random_numbers(kRows * kUnits, 2), c0 = random_numbers(h0.size(), 5);
    const Numbers dh = random_numbers(kRows * 5 * kUnits, 6);
    const Numbers dh_last = random_numbers(h0.size(), 7), dc_last = random_numbers(h0.size(), 8);
    Buffer<float> whole_gradient(parameters.size()), gradient(parameters.size());

    const auto begin_with = [&](RecurrencePass pass, const Numbers& h, const Numbers& c) {
      pass.h0 = h.data();
      if (memory) pass.c0 = c.data();
      return pass;
    };
    const auto gradients_of = [&](Piece& piece, const Numbers& h, const Numbers& c) {
      RecurrenceGradients gradients;
      gradients.dh_last = {h.data(), kUnits};
      if (memory) gradients.dc_last = {c.data(), kUnits};
      gradients.dx = piece.dx.data();
      gradients.dh0 = piece.dh0.data();
      gradients.dc0 = piece.dc0.data();
      return gradients;
    };

    Piece whole(recurrence, 5), first(recurrence, 2), second(recurrence, 3);
    auto pass = begin_with(whole.pass(parameters, packed), h0, c0);
    pass.x = x.data();
    whole.forward(pass);
    auto gradients = gradients_of(whole, dh_last, dc_last);
    gradients.dh = dh.data();
    gradients.parameters = whole_gradient.data();
    recurrence.backward(pass, gradients);

    auto first_pass = begin_with(first.pass(parameters, packed), h0, c0);
    first_pass.x = x.data();
    first.forward(first_pass);
    auto second_pass = begin_with(second.pass(parameters, packed), first.h, first.c);
    second_pass.x = x.data() + kRows * 2 * kFeatures;
    second.forward(second_pass);
    gradients = gradients_of(second, dh_last, dc_last);
    gradients.dh = dh.data() + kRows * 2 * kUnits;
    gradients.parameters = gradient.data();
    recurrence.backward(second_pass, gradients);
    gradients = gradients_of(first, second.dh0, second.dc0);
    gradients.dh = dh.data();
    gradients.parameters = gradient.data();
    gradients.add = true;
    recurrence.backward(first_pass, gradients);

    check_equal(second.h.data(), whole.h.data(), whole.h.size());
    if (memory) check_equal(second.c.data(), whole.c.data(), whole.c.size());
    check_equal(first.dh0.data(), whole.dh0.data(), whole.dh0.size());
    if (memory) check_equal(first.dc0.data(), whole.dc0.data(), whole.dc0.size());
    check_equal(first.dx.data(), whole.dx.data(), first.dx.size());
    check_equal(second.dx.data(), whole.dx.data() + first.dx.size(), second.dx.size());
    check_equal(gradient.data(), whole_gradient.data(), gradient.size());
  }
}

TEST_CASE("the gradients of a recurrence's first state are its derivatives",
          "[layers][recurrent]") {
  prepare_thread();
  for (const auto make_cell : kCells) {
    const Recurrence recurrence(make_cell(), kFeatures);
    INFO("gates " << recurrence.cell().gates());
    Buffer<float> parameters(recurrence.parameter_floats()), packed(recurrence.packed_floats()),
        gradient(recurrence.parameter_floats());
    const auto numbers = random_numbers(parameters.size(), 3);
    std::copy(numbers.begin(), numbers.end(), parameters.data());
    recurrence.pack(parameters.data(), packed.data());
    const Numbers x = random_numbers(kRows * 3 * kFeatures, 1),
                  r = random_numbers(kRows * kUnits, 9);
    Numbers h0 = random_numbers(kRows * kUnits, 2), c0 = random_numbers(h0.size(), 5);
    Piece piece(recurrence, 3);
    auto pass = piece.pass(parameters, packed);
    pass.x = x.data();
    pass.h0 = h0.data();
    if (recurrence.cell().has_memory()) pass.c0 = c0.data();
    const auto objective = [&] {
      piece.forward(pass);
      double sum = 0;
      for (std::size_t i = 0; i < r.size(); ++i) sum += static_cast<double>(r[i]) * piece.h[i];
      return sum;
    };
    objective();
    RecurrenceGradients gradients;
    gradients.dh_last = {r.data(), kUnits};
    gradients.dh0 = piece.dh0.data();
    gradients.dc0 = piece.dc0.data();
    gradients.parameters = gradient.data();
    recurrence.backward(pass, gradients);
    const auto check = [&](Numbers& state, const Numbers& derivative) {
      for (std::size_t i = 0; i < state.size(); ++i) {
        const float before = state[i];
        state[i] = before + 0.01f;
        const double up = objective();
        state[i] = before - 0.01f;
        const double down = objective();
        state[i] = before;
        CHECK(derivative[i] == Approx((up - down) / 0.02).margin(1e-3).epsilon(0));
      }
    };
    const Numbers dh0 = piece.dh0, dc0 = piece.dc0;
    check(h0, dh0);
    if (recurrence.cell().has_memory()) check(c0, dc0);
  }
}

}  // namespace lockstep::layers::testing
