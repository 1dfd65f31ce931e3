#include "apps/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lockstep::apps {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.,+-e% ") == std::string::npos;
}

/// `names`: of the classes; without them there are numbers.
std::string matrix_text(const nlohmann::ordered_json& matrix, const nlohmann::ordered_json& names) {
  const auto name = [&](std::size_t c) {
    return c < names.size() ? names[c].get<std::string>() : std::to_string(c);
  };
  std::vector<std::string> header{"true \\ predicted"};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t c = 0; c < matrix.size(); ++c) header.push_back(name(c));
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    rows.push_back({name(r)});
    for (const auto& value : matrix[r]) rows.back().push_back(value.dump());
  }
  return table(header, rows);
}

}  // namespace

std::string table(const std::vector<std::string>& header,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < header.size(); ++c) {
    widths.push_back(header[c].size());
    for (const auto& row : rows)
      widths[c] = std::max(widths[c], c < row.size() ? row[c].size() : 0);
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += is_number(row[c]) ? fmt::format("  {:>{}}", row[c], widths[c])
                                : fmt::format("  {:<{}}", row[c], widths[c]);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + '\n';
  };
  add(header);
  std::vector<std::string> rule;
  for (const auto width : widths) rule.emplace_back(width, '-');
  add(rule);
  for (const auto& row : rows) add(row);
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t at = std::min(text.find(separator, begin), text.size());
    pieces.push_back(text.substr(begin, at - begin));
    begin = at + 1;
  }
  return pieces;
}

std::string metrics_text(const nlohmann::ordered_json& metrics) {
  std::string text;
  const auto names = metrics.value("classes", nlohmann::ordered_json::array());
  for (const auto& [name, value] : metrics.items()) {
    if (name == "classes") continue;
    if (value.is_array())
      text += fmt::format("  {}\n{}", name, matrix_text(value, names));
    else if (value.is_number_float())
      text += fmt::format("  {:<20} {:.6g}\n", name, value.get<double>());
    else
      text += fmt::format("  {:<20} {}\n", name, value.dump());
  }
  return text;
}

namespace {

std::string fact_text(const std::string& name, const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (!value.is_number()) return value.dump();
  if (name.find("bytes") != std::string::npos) return bytes_text(value.get<double>());
  return count_text(value.get<std::uint64_t>());
}

std::string objects_text(const nlohmann::ordered_json& objects) {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  for (const auto& object : objects) {
    header.clear();
    auto& row = rows.emplace_back();
    for (const auto& [name, value] : object.items()) {
      header.push_back(name);
      row.push_back(fact_text(name, value));
    }
  }
  return rows.empty() ? "" : table(header, rows);
}

}  // namespace

std::string description_text(const nlohmann::ordered_json& description) {
  std::string tables, facts, advice;
  for (const auto& [name, value] : description.items()) {
    if (name == "advice") {
      for (const auto& line : value) advice += "advice: " + line.get<std::string>() + "\n";
    } else if (value.is_array()) {
      tables += objects_text(value);
    } else if (value.is_string() && value.get<std::string>().find('\n') != std::string::npos) {
      tables += value.get<std::string>();
    } else {
      facts += fmt::format("  {:<32} {}\n", name, fact_text(name, value));
    }
  }
  return tables + facts + advice;
}

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit < 4; ++unit) bytes /= 1000;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string count_text(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace lockstep::apps
