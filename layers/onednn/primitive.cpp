#include "layers/onednn/primitive.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "core/buffer.hpp"
#include "core/error.hpp"
#include "layers/onednn/engine.hpp"
#include "layers/onednn/factory.hpp"

namespace lockstep::layers::onednn {
namespace {

// Hands out slot numbers; a number is used again when its primitive is gone, so threads' tables
// stay small.
class SlotNumbers {
 public:
  std::size_t take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return next_++;
    const auto slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::size_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }

 private:
  std::mutex mutex_;
  std::vector<std::size_t> free_;
  std::size_t next_ = 0;
};

SlotNumbers& slot_numbers() {
  static SlotNumbers numbers;
  return numbers;
}

std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> generation{0};
  return ++generation;
}

// A thread's memory objects for one primitive.
struct Slot {
  std::uint64_t generation = 0;
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t>
      arguments;                      // the C form of the same, which execute takes without a copy
  std::vector<const void*> pointers;  // where the memories point now

  void add(int id, const Desc& desc) {
    memories.emplace_back(desc, engine(), static_cast<void*>(nullptr));
    arguments.push_back({id, memories.back().get()});
    pointers.push_back(nullptr);
  }
  void point(std::size_t index, const void* data) {
    if (pointers[index] == data) return;
    memories[index].set_data_handle(const_cast<void*>(data));
    pointers[index] = data;
  }
};

thread_local std::vector<Slot> slots;

}  // namespace

Primitive::Primitive(const dnnl::primitive_desc_base& pd)
    : pd_(pd), primitive_(pd.get()), slot_(slot_numbers().take()), generation_(next_generation()) {}

Primitive::~Primitive() {
  if (generation_ != 0) slot_numbers().give_back(slot_);
}

Primitive::Primitive(Primitive&& other) noexcept
    : pd_(std::move(other.pd_)),
      primitive_(std::move(other.primitive_)),
      slot_(other.slot_),
      generation_(std::exchange(other.generation_, 0)) {}

Primitive& Primitive::operator=(Primitive&& other) noexcept {
  std::swap(pd_, other.pd_);
  std::swap(primitive_, other.primitive_);
  std::swap(slot_, other.slot_);
  std::swap(generation_, other.generation_);
  return *this;
}

Desc Primitive::desc(int argument) const {
  return pd_.query_md(dnnl::query::exec_arg_md, argument);
}

int Primitive::inputs() const {
  int count = 0;
  const auto status = dnnl_primitive_desc_query(pd_.get(), dnnl_query_num_of_inputs_s32, 0, &count);
  expects(status == dnnl_success, "a primitive tells how many inputs it has");
  return count;
}

void Primitive::run(std::initializer_list<Argument> arguments, float* scratch) const {
  if (slot_ >= slots.size()) slots.resize(slot_ + 1);
  Slot& slot = slots[slot_];
  if (slot.generation != generation_) {
    slot = {};
    for (const auto& argument : arguments) {
      if (argument.id != kNoArgument) slot.add(argument.id, desc(argument.id));
    }
    slot.add(DNNL_ARG_SCRATCHPAD, pd_.scratchpad_desc());
    slot.generation = generation_;
  }
  std::size_t i = 0;
  for (const auto& argument : arguments) {
    if (argument.id == kNoArgument) continue;
    expects(slot.arguments[i].arg == argument.id, "a primitive's arguments never change");
    slot.point(i++, argument.data);
  }
  expects(slot.arguments.size() == i + 1, "a primitive's arguments never change");
  slot.point(i, scratch);
  const auto start = std::chrono::steady_clock::now();
  const auto status =
      dnnl_primitive_execute(primitive_.get(), stream().get(),
                             static_cast<int>(slot.arguments.size()), slot.arguments.data());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  add_primitive_seconds(took.count());
  if (status != dnnl_success) {
    throw InternalError("oneDNN could not run a primitive: status " + std::to_string(status));
  }
}

Reorder::Reorder(const Desc& from, const Desc& to) {
  if (from == to) return;
  primitive_ =
      Primitive(dnnl::reorder::primitive_desc(engine(), from, engine(), to, user_scratchpad()));
}

void Reorder::run(const float* from, float* to, float* scratch) const {
  primitive_.run({{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, scratch);
}

void reorder_once(const Desc& from, const float* source, const Desc& to, float* target) {
  const Reorder reorder(from, to);
  if (!reorder) {
    std::memcpy(target, source, from.get_size());
    return;
  }
  Buffer<float> scratch(reorder.scratch_floats());
  reorder.run(source, target, scratch.data());
}

}  // namespace lockstep::layers::onednn
