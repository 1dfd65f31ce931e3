#include "core/fault_point.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <regex>
#include <string>

#include "core/error.hpp"

namespace lockstep {
namespace {

struct Drill {
  std::string kind;
  int rank;
  std::uint64_t step;
};

std::optional<Drill> read_drill() {
  const char* text = std::getenv("LOCKSTEP_DRILL");
  if (text == nullptr) return std::nullopt;
  static const std::regex form("(throw|kill|exit|stall|signal):rank=([0-9]+),step=([0-9]+)");
  std::cmatch match;
  if (!std::regex_match(text, match, form)) {
    throw ConfigError(fmt::format("LOCKSTEP_DRILL is '{}'", text), {},
                      "write for example throw:rank=2,step=5");
  }
  return Drill{match[1], std::stoi(match[2]), std::stoull(match[3])};
}

}  // namespace

void fault_point(int rank, std::uint64_t step) {
  static const std::optional<Drill> planned = read_drill();
  if (!planned || planned->rank != rank || planned->step != step) return;
  if (planned->kind == "throw")
    throw InternalError(fmt::format("a drill: rank {} throws at step {}", rank, step));
  if (planned->kind == "kill") std::raise(SIGKILL);
  if (planned->kind == "exit") std::_Exit(3);
  if (planned->kind == "signal") {
    std::raise(SIGUSR1);
    return;
  }
  for (;;) ::pause();
}

}  // namespace lockstep
