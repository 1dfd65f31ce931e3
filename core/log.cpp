#include "core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace lockstep::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warning:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct Loggers {
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>(
      "lockstep", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  bool speaks = true;
};

Loggers& loggers() {
  static Loggers instance;
  return instance;
}

}  // namespace

void start(int rank, bool verbose) {
  Loggers& own = loggers();
  own.speaks = rank == 0 || verbose;
  own.logger->set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  own.logger->set_pattern(verbose ? fmt::format("%H:%M:%S.%e %^%l%$ [rank {}] %v", rank)
                                  : "%H:%M:%S %^%l%$ %v");
}

void also_to(const std::string& path, bool append) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, !append);
  sink->set_pattern("%Y-%m-%d %H:%M:%S %l %v");
  loggers().logger->sinks().push_back(std::move(sink));
}

void write(Level level, const std::string& text) {
  if (loggers().speaks) write_from_any_rank(level, text);
}

void write_from_any_rank(Level level, const std::string& text) {
  loggers().logger->log(to_spdlog(level), text);
  loggers().logger->flush();
}

}  // namespace lockstep::log
