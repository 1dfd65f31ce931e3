#include "core/checksum.hpp"

#include <fmt/core.h>
#include <xxhash.h>

#include <cstdint>
#include <new>

namespace lockstep {

struct Checksum::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    if (xxh == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;

void Checksum::add(std::string_view bytes) noexcept {
  XXH3_64bits_update(state_->xxh, bytes.data(), bytes.size());
}

std::string Checksum::digits() const {
  return fmt::format("{:016x}", static_cast<std::uint64_t>(XXH3_64bits_digest(state_->xxh)));
}

}  // namespace lockstep
