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

/// The cells of a line of CSV, without their quotes.
std::vector<std::string> csv_cells(const std::string& line);

/// One section of metrics.json as lines "  name  value"; matrices as a grid.
std::string metrics_text(const nlohmann::ordered_json& metrics);

/// "1.2 MB"
std::string bytes_text(double bytes);

/// "1,234,567"
std::string count_text(std::uint64_t count);

}  // namespace lockstep::apps
