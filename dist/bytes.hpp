#pragma once
/// Plain values as bytes and back, between ranks that run the same binary. Private to dist/.

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace lockstep::dist {

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

template <typename T>
std::vector<T> values_of(const std::string& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace lockstep::dist
