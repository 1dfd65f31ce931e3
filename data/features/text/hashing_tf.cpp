#include "data/features/text/hashing_tf.hpp"

#include "core/error.hpp"
#include "data/features/text/murmur_hash.hpp"
#include "data/features/text/tally.hpp"

namespace lockstep::data {

HashingTF::HashingTF(const proto::HashingTF& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.num_features() == 0)
    throw ConfigError("there must be at least one feature", {.field = at_ + ".num_features"});
}

Schema HashingTF::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), vector_type(std::size_t{config_.num_features()}),
             at_ + ".output_col");
  return output;
}

Effect HashingTF::transform(Partition& partition, Phase) const {
  const auto& input = partition.get<Tokens>(config_.input_col());
  SparseBuilder counts(config_.num_features());
  std::vector<std::uint32_t> indices;
  for (std::size_t row = 0; row < input.rows(); ++row) {
    indices.clear();
    const std::size_t first = input.first(row), end = first + input.count(row);
    for (std::size_t i = first; i < end; ++i)
      indices.push_back(hash_index(input.token(i), config_.num_features()));
    tally(indices, [&](std::size_t index, std::size_t times) {
      counts.push(index, config_.binary() ? 1.0 : static_cast<double>(times));
    });
    counts.end_row();
  }
  partition.set(config_.output_col(), std::move(counts).finish());
  return {};
}

proto::Stage HashingTF::save() const {
  proto::Stage stage;
  *stage.mutable_hashing_tf() = config_;
  return stage;
}

}  // namespace lockstep::data
