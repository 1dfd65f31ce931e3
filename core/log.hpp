#pragma once
/// Logs for people: to stderr, and to the run folder's log.txt once there is one. Only the driver
/// speaks, unless verbose.

#include <fmt/core.h>

#include <string>
#include <utility>

namespace lockstep::log {

enum class Level { Debug, Info, Warning, Error };

/// Once at start. Ranks other than 0 stay silent unless `verbose`; then every line names its rank
/// and debug lines are shown.
void start(int rank, bool verbose);

/// Copies everything from now on into `path` as well (created anew, or appended to). Driver only.
void also_to(const std::string& path, bool append);

/// Writes one line if this rank speaks. Thread-safe.
void write(Level level, const std::string& text);

/// Writes one line even if this rank is silent: for what a person must know of a rank that is not
/// the driver.
void write_from_any_rank(Level level, const std::string& text);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lockstep::log
