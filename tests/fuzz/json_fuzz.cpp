/// Any bytes as JSON lines. Options: all columns given or not, types of the columns, their number
/// and mode.
#include "data/sources/json_parser.hpp"
#include "tests/fuzz/halves.hpp"

using namespace lockstep;
using namespace lockstep::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::Input input = fuzz::input_of(bytes, size);
  const std::size_t border = fuzz::line_border(input.text, fuzz::place(input));
  const auto columns =
      fuzz::columns_of(input.options[2] % 4, input.options[1], (input.options[2] & 4) != 0);
  const unsigned choice = input.options[2] / 32 % 3;
  const auto mode = choice == 0   ? proto::FAILFAST
                    : choice == 1 ? proto::DROPMALFORMED
                                  : proto::PERMISSIVE;
  const bool all = input.options[0] % 2 == 1;
  fuzz::check_halves(input.text, border, fuzz::format_of(columns), [&](std::string_view piece) {
    return parse_json_lines(piece, columns, all, mode);
  });
  return 0;
}
