#pragma once
/// Small tables for the terminal.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace lockstep::apps {

/// Rows of cells under a header, columns as wide as they need; numbers to the right.
std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows);

/// The pieces between separators; one at the end only ends the last piece.
std::vector<std::string> split(const std::string& text, char separator);

/// One section of metrics.json as lines "  name  value"; matrices as a grid.
std::string metrics_text(const nlohmann::ordered_json& metrics);

/// What an estimator or a model says of itself (ml/pipeline/metrics_json.hpp): its tables, then a
/// line a fact.
std::string description_text(const nlohmann::ordered_json& description);

/// "1.2 MB"
std::string bytes_text(double bytes);

/// "1,234,567"
std::string count_text(std::uint64_t count);

}  // namespace lockstep::apps
