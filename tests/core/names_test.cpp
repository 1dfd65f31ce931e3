#include "core/names.hpp"

#include "tests/catch.hpp"

namespace lockstep {
namespace {

using Names = std::vector<std::string>;
const Names kFields{"epochs", "lane_size", "global_batch", "shuffle", "layer", "loss"};

TEST_CASE("nearest finds a slip of the finger", "[core][names]") {
  CHECK(nearest("epoch", kFields) == Names{"epochs"});   // a letter less
  CHECK(nearest("epohcs", kFields) == Names{"epochs"});  // two exchanged
  CHECK(nearest("Epochs", kFields) == Names{"epochs"});  // another case
  CHECK(nearest("lanesize", kFields).at(0) == "lane_size");
  CHECK(nearest("batch", kFields) == Names{"global_batch"});  // a part of it
}

TEST_CASE("nearest puts the best first and gives no more than asked for", "[core][names]") {
  const Names known{"abcf", "abcd", "abce", "abcdx"};
  CHECK(nearest("abcd", known).front() == "abcd");
  CHECK(nearest("abce", known, 1) == Names{"abce"});
  CHECK(nearest("abcd", known, 2).size() == 2);
}

TEST_CASE("nearest does not guess", "[core][names]") {
  CHECK(nearest("zzzzzz", kFields).empty());
  CHECK(nearest("x", kFields).empty());
  CHECK(nearest("anything", {}).empty());
}

TEST_CASE("suggest asks for the nearest names, else tells what is known", "[core][names]") {
  CHECK(suggest("epoch", kFields) == "did you mean epochs?");
  CHECK(suggest("los", {"loss", "lot"}) == "did you mean loss or lot?");
  CHECK(suggest("zzzzzz", {"a", "b"}) == "known are a, b");
  CHECK(suggest("x", {}).empty());
}

}  // namespace
}  // namespace lockstep
