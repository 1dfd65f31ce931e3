#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

const char* const kDropout = "layer { dropout { rate: 0.25 } }";

Numbers ones(std::size_t n) { return Numbers(n, 1.0f); }

}  // namespace

TEST_CASE("dropout is the identity in inference", "[layers][dropout]") {
  Rig rig(kDropout, {10}, 3);
  CHECK(rig.forward(false) == rig.x);
}

TEST_CASE("dropout drops its share and scales the rest", "[layers][dropout]") {
  Rig rig(kDropout, {1000}, 10);
  rig.x = ones(10000);
  double zeros = 0;
  for (const float v : rig.forward()) {
    zeros += v == 0 ? 1 : 0;
    CHECK((v == 0 || v == Approx(1 / 0.75)));
  }
  CHECK(zeros / 10000 == Approx(0.25).margin(0.02));
}

TEST_CASE("dropout is keyed by row, not by place in the lane", "[layers][dropout]") {
  Rig three(kDropout, {33}, 3), one(kDropout, {33}, 1);
  three.x = ones(99), one.x = ones(33);
  const Numbers all = three.forward();
  one.row_ids = {three.row_ids[2]};
  CHECK(one.forward() == Numbers(all.begin() + 66, all.end()));
}

TEST_CASE("dropout differs by row, step, seed and layer", "[layers][dropout]") {
  Rig rig(kDropout, {64}, 2);
  rig.x = ones(128);
  const Numbers y = rig.forward();
  CHECK(Numbers(y.begin(), y.begin() + 64) != Numbers(y.begin() + 64, y.end()));
  rig.step = 4;
  CHECK(rig.forward() != y);
  rig.step = 3, rig.seed = 6;
  CHECK(rig.forward() != y);
  Rig nested(
      "layer { residual { layer { dropout { rate: 0.25 } } shortcut { dropout { rate: 0.25 } } } }",
      {64}, 1);
  nested.x = ones(64);
  bool different = false;  // equal masks would give 0 or 2.67 everywhere
  for (const float v : nested.forward()) different = different || v == Approx(1 / 0.75);
  CHECK(different);
}

TEST_CASE("dropout does not depend on the layout of its input", "[layers][dropout]") {
  // A 1x1 convolution that copies its channels, in a blocked layout, against the plain input.
  Rig blocked("layer { conv2d { filters: 20 kernel_size: 1 } } layer { dropout { rate: 0.5 } }",
              {20, 3, 3}, 2);
  Rig plain("layer { dropout { rate: 0.5 } }", {20, 3, 3}, 2);
  std::fill(blocked.plain[0].begin(), blocked.plain[0].end(), 0.0f);
  std::fill(blocked.plain[1].begin(), blocked.plain[1].end(), 0.0f);
  for (std::size_t c = 0; c < 20; ++c) blocked.plain[0][c * 20 + c] = 1;
  blocked.x = plain.x;
  CHECK(blocked.forward() == plain.forward());
}

}  // namespace lockstep::layers::testing
