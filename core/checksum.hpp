#pragma once
/// The checksum of bytes that come in pieces. Local.

#include <memory>
#include <string>
#include <string_view>

namespace lockstep {

/// checksum() of core/files.hpp over everything that was added.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  void add(std::string_view bytes) noexcept;
  std::string digits() const;  ///< 16 hex digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep
