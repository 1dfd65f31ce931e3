#include "core/seal.hpp"

#include "core/files.hpp"

namespace lockstep {
namespace {

constexpr const char* kSeal = "# xxh3 ";

}  // namespace

std::string seal(const std::string& text) { return text + kSeal + checksum(text) + "\n"; }

std::optional<std::string> unseal(const std::string& sealed) {
  const auto at = sealed.rfind(kSeal);
  if (at == std::string::npos || sealed != seal(sealed.substr(0, at))) return std::nullopt;
  return sealed.substr(0, at);
}

}  // namespace lockstep
