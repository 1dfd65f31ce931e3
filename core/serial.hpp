#pragma once
/// Plain values to bytes and back, for messages between ranks of one job (same binary, so no versions).

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/error.hpp"

namespace lockstep {

class Writer {
 public:
  template <typename T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof(v));
  }
  template <typename T>
  void values(std::span<const T> v) {
    static_assert(std::is_trivially_copyable_v<T>);
    value(v.size());
    bytes_.append(reinterpret_cast<const char*>(v.data()), v.size_bytes());
  }
  template <typename T>
  void values(const std::vector<T>& v) {
    values(std::span<const T>(v));
  }
  void text(std::string_view v) { values(std::span<const char>(v.data(), v.size())); }
  std::string take() { return std::move(bytes_); }
  std::size_t size() const noexcept { return bytes_.size(); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T value() {
    T v;
    take(&v, sizeof(v));
    return v;
  }
  template <typename T>
  std::vector<T> values() {
    std::vector<T> v(value<std::size_t>());
    take(v.data(), v.size() * sizeof(T));
    return v;
  }
  std::string text() {
    std::string v(value<std::size_t>(), '\0');
    take(v.data(), v.size());
    return v;
  }
  bool done() const noexcept { return rest_.empty(); }

 private:
  void take(void* to, std::size_t bytes) {
    expects(bytes <= rest_.size(), "a message between ranks is whole");
    if (bytes > 0) std::memcpy(to, rest_.data(), bytes);
    rest_.remove_prefix(bytes);
  }
  std::string_view rest_;
};

}  // namespace lockstep
