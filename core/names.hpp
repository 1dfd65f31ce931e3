#pragma once
/// Help for mistyped names: one way to say "unknown", everywhere.

#include <span>
#include <string>
#include <vector>

namespace lockstep {

/// The known names nearest to `name` first (edit distance), at most `most`, only plausible ones.
std::vector<std::string> nearest(const std::string& name, const std::vector<std::string>& known,
                                 std::size_t most = 3);

/// "did you mean 'epochs'?" or "known are a, b, c"; empty if nothing is known.
std::string suggest(const std::string& name, const std::vector<std::string>& known);

}  // namespace lockstep
