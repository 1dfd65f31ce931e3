#include "core/names.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace lockstep {
namespace {

/// Damerau-Levenshtein distance (optimal string alignment), letter case ignored.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = same(a[i - 1], b[j - 1]) ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::vector<std::string> nearest(const std::string& name, const std::vector<std::string>& known,
                                 std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const auto& candidate : known) {
    const bool part = name.size() >= 3 && (candidate.find(name) != std::string::npos ||
                                           name.find(candidate) != std::string::npos);
    const std::size_t edits = edit_distance(name, candidate),
                      distance = part ? std::min<std::size_t>(1, edits) : edits;
    if (distance <= std::max<std::size_t>(1, name.size() / 2))
      ranked.emplace_back(distance, candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& x, const auto& y) { return x.first < y.first; });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : ranked) {
    if (names.size() == most) break;
    names.push_back(candidate);
  }
  return names;
}

std::string suggest(const std::string& name, const std::vector<std::string>& known) {
  const auto join = [](const std::vector<std::string>& names, const char* between) {
    std::string text;
    for (const auto& one : names) text += (text.empty() ? "" : between) + one;
    return text;
  };
  if (const auto names = nearest(name, known); !names.empty())
    return "did you mean " + join(names, " or ") + "?";
  return known.empty() ? "" : "known are " + join(known, ", ");
}

}  // namespace lockstep
