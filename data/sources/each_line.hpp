#pragma once
/// The lines of a text.

#include <cstdint>
#include <string_view>

namespace lockstep::data {

/// Calls use(line) for every line, without its LF or CR LF, until one returns false. Returns the
/// line ends behind the lines that were used.
template <typename Use>
std::int64_t each_line(std::string_view text, const Use& use) {
  std::int64_t ends = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && !line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (!use(line)) return ends;
    if (end == std::string_view::npos) return ends;
    ++ends;
    text.remove_prefix(end + 1);
  }
  return ends;
}

}  // namespace lockstep::data
