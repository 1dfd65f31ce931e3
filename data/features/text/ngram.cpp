#include "data/features/text/ngram.hpp"

#include "core/error.hpp"

namespace lockstep::data {

NGram::NGram(const proto::NGram& config, std::string at) : config_(config), at_(std::move(at)) {
  if (config_.n() == 0) throw ConfigError("a window has at least one token", {.field = at_ + ".n"});
}

Schema NGram::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::Tokens}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Tokens}, at_ + ".output_col");
  return output;
}

Effect NGram::transform(Partition& partition, Phase) const {
  const auto& input = partition.get<Tokens>(config_.input_col());
  const std::size_t n = config_.n();
  TokensBuilder windows;
  std::string window;
  for (std::size_t row = 0; row < input.rows(); ++row) {
    const std::size_t first = input.first(row), end = first + input.count(row);
    for (std::size_t begin = first; begin + n <= end; ++begin) {
      window = input.token(begin);
      for (std::size_t i = begin + 1; i < begin + n; ++i) window.append(" ").append(input.token(i));
      windows.push(window);
    }
    windows.end_row();
  }
  partition.set(config_.output_col(), std::move(windows).finish());
  return {};
}

proto::Stage NGram::save() const {
  proto::Stage stage;
  *stage.mutable_ngram() = config_;
  return stage;
}

}  // namespace lockstep::data
