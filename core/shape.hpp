#pragma once
/// The shape of one row's value: [F] for a vector, [C, H, W] for an image. The number of rows is
/// never part of it.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace lockstep {

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}

  std::size_t rank() const noexcept { return dims_.size(); }
  std::int64_t operator[](std::size_t i) const { return dims_.at(i); }
  const std::vector<std::int64_t>& dims() const noexcept { return dims_; }

  /// Product of the dimensions; 1 for the empty shape (a scalar).
  std::size_t size() const noexcept {
    std::size_t product = 1;
    for (const auto d : dims_) product *= static_cast<std::size_t>(d);
    return product;
  }

  bool operator==(const Shape&) const = default;

 private:
  std::vector<std::int64_t> dims_;
};

/// "32x28x28"; "scalar" for the empty shape.
inline std::string to_string(const Shape& shape) {
  std::string text;
  for (const auto d : shape.dims()) {
    if (!text.empty()) text += 'x';
    text += std::to_string(d);
  }
  return text.empty() ? "scalar" : text;
}

}  // namespace lockstep
