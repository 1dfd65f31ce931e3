#pragma once
#include <cctype>
#include <string>

namespace lockstep::ml {

/// A metric's name in a config (AREA_UNDER_ROC) as metrics.json writes it (area_under_roc).
inline std::string metric_key(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace lockstep::ml
