/// Any bytes as libsvm. Options: rules, width.
#include "data/sources/libsvm_parser.hpp"
#include "tests/fuzz/halves.hpp"

using namespace lockstep;
using namespace lockstep::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using Kind = ColumnType::Kind;
  const fuzz::Input input = fuzz::input_of(bytes, size);
  const std::size_t border = fuzz::line_border(input.text, fuzz::place(input));
  LibsvmRules rules;
  rules.zero_based = (input.options[0] & 1) != 0;
  rules.labels_optional = (input.options[0] & 2) != 0;
  rules.keep_qid = (input.options[0] & 4) != 0;
  rules.num_features = input.options[1];
  RowFormat format{{{"label", {Kind::Number}, Encoding::Number}}};
  if (rules.keep_qid) format.cells.push_back({"qid", {Kind::Number}, Encoding::Number});
  format.cells.push_back({"features", {Kind::Vector, {1}}, Encoding::Sparse});
  fuzz::check_halves(input.text, border, format,
                     [&](std::string_view piece) { return parse_libsvm(piece, rules); });
  return 0;
}
