#pragma once
/// Plain values to bytes and back, for messages between ranks of one job (same binary, so no
/// versions).

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
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

/// put() and get() write and read numbers, strings, vectors, maps and structs that name their
/// parts:
///     struct Partial { double sum; std::vector<double> counts;
///                      static constexpr auto kFields = std::make_tuple(&Partial::sum, ...); };
template <typename T>
struct Serial {
  static void put(Writer& out, const T& v) {
    if constexpr (requires { T::kFields; }) {
      std::apply(
          [&](auto... field) {
            (Serial<std::decay_t<decltype(v.*field)>>::put(out, v.*field), ...);
          },
          T::kFields);
    } else {
      out.value(v);
    }
  }
  static void get(Reader& in, T& v) {
    if constexpr (requires { T::kFields; }) {
      std::apply(
          [&](auto... field) {
            (Serial<std::decay_t<decltype(v.*field)>>::get(in, v.*field), ...);
          },
          T::kFields);
    } else {
      v = in.value<T>();
    }
  }
};

template <>
struct Serial<std::string> {
  static void put(Writer& out, const std::string& v) { out.text(v); }
  static void get(Reader& in, std::string& v) { v = in.text(); }
};

template <typename T>
struct Serial<std::vector<T>> {
  static constexpr bool kPlain = std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool>;
  static void put(Writer& out, const std::vector<T>& v) {
    if constexpr (kPlain) {
      out.values(v);
    } else {
      out.value(v.size());
      for (const auto& item : v) Serial<T>::put(out, item);
    }
  }
  static void get(Reader& in, std::vector<T>& v) {
    if constexpr (kPlain) {
      v = in.values<T>();
    } else {
      v.clear();
      for (auto n = in.value<std::size_t>(); n > 0; --n) Serial<T>::get(in, v.emplace_back());
    }
  }
};

template <typename A, typename B>
struct Serial<std::pair<A, B>> {
  static void put(Writer& out, const std::pair<A, B>& v) {
    Serial<A>::put(out, v.first);
    Serial<B>::put(out, v.second);
  }
  static void get(Reader& in, std::pair<A, B>& v) {
    Serial<A>::get(in, v.first);
    Serial<B>::get(in, v.second);
  }
};

template <typename K, typename V, typename C>
struct Serial<std::map<K, V, C>> {
  static void put(Writer& out, const std::map<K, V, C>& v) {
    out.value(v.size());
    for (const auto& [key, item] : v) {
      Serial<K>::put(out, key);
      Serial<V>::put(out, item);
    }
  }
  static void get(Reader& in, std::map<K, V, C>& v) {
    v.clear();
    for (auto n = in.value<std::size_t>(); n > 0; --n) {
      K key{};
      Serial<K>::get(in, key);
      Serial<V>::get(in, v[std::move(key)]);
    }
  }
};

}  // namespace lockstep
