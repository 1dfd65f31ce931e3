#include "core/shape.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

TEST_CASE("Shape multiplies its dimensions and prints them", "[core][shape]") {
  const Shape image{3, 28, 14};
  CHECK(image.rank() == 3);
  CHECK(image.size() == 3 * 28 * 14);
  CHECK(image[1] == 28);
  CHECK(to_string(image) == "3x28x14");
  CHECK(Shape{5, 0}.size() == 0);
}

TEST_CASE("Shape: the empty one is a scalar", "[core][shape]") {
  CHECK(Shape().rank() == 0);
  CHECK(Shape().size() == 1);
  CHECK(to_string(Shape()) == "scalar");
}

TEST_CASE("Shape: equal means the same dimensions in the same order", "[core][shape]") {
  CHECK(Shape{2, 3} == Shape(std::vector<std::int64_t>{2, 3}));
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{6} != Shape{2, 3});
  CHECK(Shape{6} != Shape{6, 1});
}

TEST_CASE("Shape refuses a dimension that it does not have", "[core][shape]") {
  CHECK_THROWS_AS(Shape({2})[1], std::out_of_range);
}

}  // namespace
}  // namespace lockstep
