#pragma once
/// A read-only array that owns its values or borrows them from something it keeps alive, such as a
/// mapped file. Copies share nothing but that something.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace lockstep {

template <typename T>
class Values {
 public:
  Values() = default;
  Values(std::vector<T> own) : own_(std::move(own)), view_(own_) {}  // NOLINT: meant to convert
  Values(std::initializer_list<T> own) : Values(std::vector<T>(own)) {}
  Values(std::span<const T> view, std::shared_ptr<const void> keeper)
      : view_(view), keeper_(std::move(keeper)) {}

  Values(const Values& other) : own_(other.own_), view_(other.view_), keeper_(other.keeper_) {
    if (!keeper_) view_ = own_;
  }
  Values(Values&& other) noexcept
      : own_(std::move(other.own_)), view_(other.view_), keeper_(std::move(other.keeper_)) {
    if (!keeper_) view_ = own_;
    other.view_ = {};
    other.own_.clear();
  }
  Values& operator=(Values other) noexcept {
    own_.swap(other.own_);
    keeper_.swap(other.keeper_);
    view_ = keeper_ ? other.view_ : std::span<const T>(own_);
    return *this;
  }
  ~Values() = default;

  std::size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return view_.empty(); }
  const T* data() const noexcept { return view_.data(); }
  const T* begin() const noexcept { return view_.data(); }
  const T* end() const noexcept { return view_.data() + view_.size(); }
  const T& operator[](std::size_t i) const { return view_[i]; }
  const T& back() const { return view_.back(); }
  operator std::span<const T>() const noexcept { return view_; }  // NOLINT: meant to convert
  std::span<const T> span() const noexcept { return view_; }

  /// The values for changing: moved out if owned, else copied.
  std::vector<T> take() && {
    if (keeper_) return {begin(), end()};
    view_ = {};
    return std::move(own_);
  }

  bool operator==(const Values& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  std::vector<T> own_;
  std::span<const T> view_;
  std::shared_ptr<const void> keeper_;  // set: view_ is borrowed
};

}  // namespace lockstep
