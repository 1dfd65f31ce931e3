/// Any bytes as lines of text, with labels and without. Options: format, the label's type,
/// declared.
#include "data/sources/lines_parser.hpp"
#include "tests/fuzz/halves.hpp"

using namespace lockstep;
using namespace lockstep::data;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::Input input = fuzz::input_of(bytes, size);
  const std::size_t border = fuzz::line_border(input.text, fuzz::place(input));
  const TextColumn text{"text", CellType::String, false};
  if (input.options[0] % 2 == 0) {
    fuzz::check_halves(input.text, border, fuzz::format_of({text}),
                       [](std::string_view piece) { return parse_lines(piece); });
    return 0;
  }
  const auto type = static_cast<CellType>(input.options[1] % 5);
  const TextColumn label{"label", type, type != CellType::Unknown && input.options[2] % 2 == 1};
  fuzz::check_halves(
      input.text, border, fuzz::format_of({label, text}),
      [&label](std::string_view piece) { return parse_labelled_lines(piece, label); });
  return 0;
}
