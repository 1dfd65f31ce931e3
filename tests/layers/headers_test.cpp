// Every public header of the room, and no oneDNN with them.
#include "layers/activation.hpp"
#include "layers/average_pooling.hpp"
#include "layers/batch_norm.hpp"
#include "layers/catalogue.hpp"
#include "layers/conv2d.hpp"
#include "layers/dense.hpp"
#include "layers/dropout.hpp"
#include "layers/flatten.hpp"
#include "layers/global_average_pooling.hpp"
#include "layers/initializers.hpp"
#include "layers/layer.hpp"
#include "layers/layer_norm.hpp"
#include "layers/losses.hpp"
#include "layers/max_pooling.hpp"
#include "layers/network.hpp"
#include "layers/residual.hpp"
#include "layers/sequential.hpp"
#include "tests/catch.hpp"

TEST_CASE("no public header of layers/ shows oneDNN", "[layers]") {
#if defined(DNNL_VERSION_MAJOR) || defined(ONEAPI_DNNL_DNNL_HPP)
  FAIL("dnnl.hpp leaks");
#else
  SUCCEED();
#endif
}
