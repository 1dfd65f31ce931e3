#pragma once
/// Text files that know whether they are whole: the last line is a checksum of the others.

#include <optional>
#include <string>

namespace lockstep {

/// The text, which ends with a newline, and "# xxh3 0123456789abcdef".
std::string seal(const std::string& text);

/// The text before the seal; nothing if there is no seal or it does not match.
std::optional<std::string> unseal(const std::string& sealed);

}  // namespace lockstep
