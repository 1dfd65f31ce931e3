#include "data/features/vectors/elementwise_product.hpp"

#include "core/error.hpp"

namespace lockstep::data {

ElementwiseProduct::ElementwiseProduct(const proto::ElementwiseProduct& config, std::string at_path)
    : VectorStage(config.input_col(), config.output_col(), std::move(at_path)), config_(config) {
  if (config_.scaling_vec().empty()) {
    throw ConfigError("scaling_vec is missing", {.field = at() + ".scaling_vec"},
                      "give one number a feature");
  }
}

std::optional<std::size_t> ElementwiseProduct::width() const {
  return static_cast<std::size_t>(config_.scaling_vec_size());
}

Column ElementwiseProduct::map(const Column& column, std::size_t rows) const {
  const auto factor = span_of(config_.scaling_vec());
  return map_entries(column, rows, factor.size(),
                     [&](std::size_t j, double x) { return x * factor[j]; });
}

proto::Stage ElementwiseProduct::save() const {
  proto::Stage stage;
  *stage.mutable_elementwise_product() = config_;
  return stage;
}

}  // namespace lockstep::data
