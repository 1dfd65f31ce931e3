/// Any bytes as CSV, under any rules. Options: rules, types of the columns, their number and mode.
#include "data/sources/csv_parser.hpp"
#include "tests/fuzz/halves.hpp"

using namespace lockstep;
using namespace lockstep::data;

namespace {

CsvRules rules_of_bits(unsigned bits, unsigned mode) {
  CsvRules rules;
  rules.sep = (bits & 1) != 0 ? ';' : ',';
  rules.quote = (bits & 2) != 0 ? '\0' : '"';
  rules.escape = (bits & 4) != 0 ? '\\' : '"';
  rules.comment = (bits & 8) != 0 ? '#' : '\0';
  rules.trim = (bits & 16) != 0;
  rules.multi_line = (bits & 32) == 0;
  if ((bits & 64) != 0) rules.null_values = {"NA", "0", ""};
  rules.mode = mode % 3 == 0   ? proto::FAILFAST
               : mode % 3 == 1 ? proto::DROPMALFORMED
                               : proto::PERMISSIVE;
  return rules;
}

/// The border of two records at or behind `at`, found as a reader finds it who knows the quotes
/// before.
std::size_t border(std::string_view text, std::size_t at, const CsvRules& rules) {
  const bool inside = ends_inside_quotes(text.substr(0, at), false, rules);
  return at + first_record_begin(text.substr(at), inside, rules);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::Input input = fuzz::input_of(bytes, size);
  const CsvRules rules = rules_of_bits(input.options[0], input.options[2] / 32);
  const auto columns =
      fuzz::columns_of(1 + input.options[2] % 4, input.options[1], (input.options[2] & 4) != 0);
  const std::string_view text = input.text;
  const std::size_t at = border(text, fuzz::place(input), rules);
  fuzz::check_halves(text, at, fuzz::format_of(columns),
                     [&](std::string_view piece) { return parse_csv(piece, rules, columns); });
  const CsvHeader header = read_csv_header(text, rules, (input.options[2] & 8) != 0);
  fuzz::require(header.bytes <= text.size(), "a header is in the text");
  return 0;
}
