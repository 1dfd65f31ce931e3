#pragma once
/// What a test on several ranks includes.
#include "dist/communicator.hpp"
#include "tests/catch.hpp"

namespace lockstep::tests {
dist::Communicator& world();  ///< all ranks of this test
}
