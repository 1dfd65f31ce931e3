#include "core/error.hpp"

#include <new>

namespace lockstep {

std::string to_string(const Where& where) {
  std::string text = where.file;
  if (where.line >= 0) text += ":" + std::to_string(where.line);
  if (where.column >= 0) text += ":" + std::to_string(where.column);
  if (!where.field.empty()) text += (text.empty() ? "" : ": ") + where.field;
  if (where.partition >= 0)
    text +=
        (text.empty() ? "" : ", ") + std::string("partition ") + std::to_string(where.partition);
  return text;
}

std::string describe(const std::exception& error, int rank) {
  std::string text = "error: ";
  text += dynamic_cast<const std::bad_alloc*>(&error) ? "out of memory" : error.what();
  if (const auto* ours = dynamic_cast<const Error*>(&error)) {
    const std::string where = to_string(ours->where());
    if (!where.empty()) text += "\n   at: " + where;
    if (rank < 0) rank = ours->where().rank;
    if (!ours->advice().empty()) text += "\n hint: " + ours->advice();
  }
  if (rank >= 0) text += "\n rank: " + std::to_string(rank);
  if (const auto* agreed = dynamic_cast<const AgreedError*>(&error)) {
    if (!agreed->group().empty()) text += "\n   of: " + agreed->group();
  }
  return text;
}

ExitCode exit_code_of(const std::exception& error) noexcept {
  if (const auto* ours = dynamic_cast<const Error*>(&error)) return ours->exit_code();
  return ExitCode::Internal;
}

}  // namespace lockstep
