#pragma once
/// A oneDNN primitive that runs on raw pointers, from any number of threads at once.

#include <oneapi/dnnl/dnnl.hpp>

#include <cstdint>
#include <initializer_list>

#include "layers/onednn/layout.hpp"

namespace lockstep::layers::onednn {

inline constexpr int kNoArgument = 0;

/// What a primitive reads or writes: DNNL_ARG_SRC and so on, and where it lies. kNoArgument is
/// passed over.
struct Argument {
  int id;
  const void* data;
};

/// Movable. Made with scratchpad_mode::user. Each thread keeps its own memory objects for each
/// primitive (a slot), so that a run allocates nothing after the thread's first.
class Primitive {
 public:
  Primitive() = default;
  explicit Primitive(const dnnl::primitive_desc_base& pd);
  ~Primitive();
  Primitive(Primitive&& other) noexcept;
  Primitive& operator=(Primitive&& other) noexcept;

  explicit operator bool() const noexcept { return generation_ != 0; }

  /// The layout of one argument; zero if the primitive does not have it.
  Desc desc(int argument) const;

  int inputs() const;  ///< how many arguments it reads

  std::size_t scratch_floats() const { return floats_of(pd_.scratchpad_desc()); }

  /// The ids must be the same and in the same order in every run. `scratch`: scratch_floats()
  /// numbers.
  void run(std::initializer_list<Argument> arguments, float* scratch) const;

 private:
  dnnl::primitive_desc_base pd_;
  dnnl::primitive primitive_;
  std::size_t slot_ = 0;
  std::uint64_t generation_ =
      0;  // tells a thread that its slot belongs to a primitive that is gone; 0: empty
};

/// Copies between two layouts of the same tensor; zeroes the target's padding. Empty if the layouts
/// are equal.
class Reorder {
 public:
  Reorder() = default;
  Reorder(const Desc& from, const Desc& to);

  explicit operator bool() const noexcept { return static_cast<bool>(primitive_); }
  std::size_t scratch_floats() const { return primitive_ ? primitive_.scratch_floats() : 0; }
  void run(const float* from, float* to, float* scratch) const;

 private:
  Primitive primitive_;
};

/// One copy between two layouts, on no hot path: makes the primitive and its scratch memory on the
/// spot.
void reorder_once(const Desc& from, const float* source, const Desc& to, float* target);

}  // namespace lockstep::layers::onednn
