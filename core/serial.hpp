#pragma once
/// Plain values to bytes and back, for messages between ranks of one job (same binary, so no
/// versions).

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
    std::vector<T> v(count(sizeof(T)));
    take(v.data(), v.size() * sizeof(T));
    return v;
  }
  std::string text() {
    std::string v(count(1), '\0');
    take(v.data(), v.size());
    return v;
  }
  bool done() const noexcept { return rest_.empty(); }

 private:
  /// How many values follow; that many bytes are there.
  std::size_t count(std::size_t bytes_each) {
    const auto n = value<std::size_t>();
    expects(n <= rest_.size() / bytes_each, kWhole);
    return n;
  }
  void take(void* to, std::size_t bytes) {
    expects(bytes <= rest_.size(), kWhole);
    if (bytes > 0) std::memcpy(to, rest_.data(), bytes);
    rest_.remove_prefix(bytes);
  }
  static constexpr const char* kWhole = "a message between ranks is whole";
  std::string_view rest_;
};

}  // namespace lockstep
