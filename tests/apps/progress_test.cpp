#include "apps/progress.hpp"

#include "tests/catch.hpp"

namespace lockstep::apps {
namespace {

TEST_CASE("durations for people", "[apps][progress]") {
  CHECK(duration_text(0) == "0 s");
  CHECK(duration_text(-3) == "0 s");
  CHECK(duration_text(59.4) == "59 s");
  CHECK(duration_text(59.6) == "1 min 00 s");
  CHECK(duration_text(187) == "3 min 07 s");
  CHECK(duration_text(3725) == "1 h 02 min");
}

}  // namespace
}  // namespace lockstep::apps
