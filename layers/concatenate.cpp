#include "layers/concatenate.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "layers/elementwise.hpp"
#include "layers/onednn/primitive.hpp"
#include "layers/sequential.hpp"

namespace lockstep::layers {

struct Concatenate::Branch {
  std::unique_ptr<const Sequential> layers;
  onednn::Reorder to_plain, from_plain;
  std::size_t parameters_at = 0, packed_at = 0;
  std::size_t first_parameter = 0;
  std::size_t offset = 0, width = 0;            // of its numbers in a block of the output
  std::size_t workspace_at = 0, output_at = 0;  // in the workspace
};

namespace {

// What all branches must share: all but the features of vectors and sequences, or the channels.
Shape rest_of(const Shape& shape) {
  auto dims = shape.dims();
  dims.erase(shape.rank() == 3 ? dims.begin() : dims.end() - 1);
  return Shape(dims);
}

}  // namespace

Concatenate::Concatenate(const proto::Concatenate& config, const TensorSpec& input,
                         const Build& build) {
  if (config.branch_size() == 0) {
    throw config_error(build, "branch", "there is nothing to concatenate",
                       "write for example: branch {} branch { layer { ... } }");
  }
  rows_ = static_cast<std::size_t>(build.rows);
  for (const auto& branch : config.branch()) add_branch(branch, input, build);
  const auto& first = branches_.front().layers->output();
  auto dims = first.shape.dims();
  auto& joined = first.shape.rank() == 3 ? dims.front() : dims.back();
  joined = 0;
  std::size_t width = 0;
  for (auto& branch : branches_) {
    const auto& shape = branch.layers->output().shape;
    joined += shape.rank() == 3 ? shape[0] : shape[shape.rank() - 1];
    branch.offset = width;
    branch.width = shape.size() / (shape.rank() == 2 ? static_cast<std::size_t>(shape[0]) : 1);
    width += branch.width;
  }
  output_ = onednn::plain_spec(Shape(dims), build.rows);
  output_.masked = first.masked;
  blocks_ = output_.floats / width;
  place_buffers(input);
}

Concatenate::~Concatenate() = default;

void Concatenate::add_branch(const proto::LayerList& config, const TensorSpec& input,
                             const Build& build) {
  const auto* reference = static_cast<const Concatenate*>(build.reference);
  const std::size_t number = branches_.size();
  Build inner = build;
  inner.field += ".branch[" + std::to_string(number) + "].layer";
  inner.reference = reference ? reference->branches_.at(number).layers.get() : nullptr;
  Branch branch;
  branch.layers = std::make_unique<const Sequential>(config.layer(), input, inner, false);
  const auto& output = branch.layers->output();
  if (number > 0) {
    const auto& first = branches_.front().layers->output();
    if (first.shape.rank() != output.shape.rank() ||
        rest_of(first.shape) != rest_of(output.shape)) {
      throw config_error(build, "branch[" + std::to_string(number) + "]",
                         "the branch gives " + to_string(output.shape) + ", the first one " +
                             to_string(first.shape),
                         "branches may differ in their features (channels) only");
    }
    if (first.masked != output.masked) {
      throw config_error(build, "branch[" + std::to_string(number) + "]",
                         std::string("the steps of a row end early in ") +
                             (first.masked ? "the first branch" : "this branch") +
                             ", in the other one they do not",
                         "let all branches keep the steps they read, or bring all to vectors");
    }
  }
  const auto desc = onednn::desc_of(output, build.rows);
  const auto plain = onednn::plain(onednn::dims_of(build.rows, output.shape));
  branch.to_plain = onednn::Reorder(desc, plain);
  branch.from_plain = onednn::Reorder(plain, desc);
  branch.first_parameter = parameters_.size();
  for (auto info : branch.layers->parameters()) {
    info.name = "branch_" + std::to_string(number) + "." + info.name;
    parameters_.push_back(std::move(info));
  }
  flops_ += branch.layers->flops();
  branches_.push_back(std::move(branch));
}

void Concatenate::place_buffers(const TensorSpec& input) {
  Regions workspace, scratch;
  std::size_t parameters = 0, packed = 0, inner = 0, widest = 0;
  for (auto& branch : branches_) {
    const auto& layers = *branch.layers;
    branch.parameters_at = parameters;
    branch.packed_at = packed;
    parameters += layers.parameter_floats();
    packed += padded(layers.packed_floats());
    branch.workspace_at = workspace.take(layers.workspace_floats());
    branch.output_at = workspace.take(layers.output().floats);
    inner = std::max({inner, layers.scratch_floats(), branch.to_plain.scratch_floats(),
                      branch.from_plain.scratch_floats()});
    widest = std::max({widest, layers.output().floats, blocks_ * branch.width});
  }
  input_floats_ = input.floats;
  dx_at_ = scratch.take(std::max(input_floats_, widest));
  plain_at_ = scratch.take(widest);
  inner_at_ = scratch.take(inner);
  lengths_at_ = scratch.take(rows_);
  packed_floats_ = packed;
  workspace_floats_ = workspace.size();
  scratch_floats_ = scratch.size();
}

Lane Concatenate::lane_of(const Branch& branch, const Lane& whole) const {
  Lane lane = whole;
  lane.parameters = whole.parameters + branch.parameters_at;
  lane.packed = whole.packed + branch.packed_at;
  lane.gradients = whole.gradients + branch.parameters_at;
  lane.workspace = whole.workspace + branch.workspace_at;
  lane.y = whole.workspace + branch.output_at;  // the last layer may want it back in backward
  lane.scratch = whole.scratch + inner_at_;
  return lane;
}

const Concatenate::Branch& Concatenate::branch_of(std::size_t parameter) const {
  auto branch = branches_.rbegin();
  while (branch->first_parameter > parameter || branch->layers->parameters().empty()) ++branch;
  return *branch;
}

void Concatenate::to_plain(std::size_t index, const float* storage, float* plain) const {
  const Branch& branch = branch_of(index);
  branch.layers->to_plain(index - branch.first_parameter, storage, plain);
}

void Concatenate::from_plain(std::size_t index, const float* plain, float* storage) const {
  const Branch& branch = branch_of(index);
  branch.layers->from_plain(index - branch.first_parameter, plain, storage);
}

void Concatenate::pack(const float* parameters, float* packed) const {
  for (const auto& branch : branches_)
    branch.layers->pack(parameters + branch.parameters_at, packed + branch.packed_at);
}

void Concatenate::output_lengths(const Lane& lane, std::int32_t* lengths) const {
  std::fill_n(lengths, rows_, 0);
  auto* own = reinterpret_cast<std::int32_t*>(lane.scratch + lengths_at_);
  for (const auto& branch : branches_) {
    branch.layers->output_lengths(lane_of(branch, lane), own);
    for (std::size_t n = 0; n < rows_; ++n) lengths[n] = std::max(lengths[n], own[n]);
  }
}

void Concatenate::forward(Lane& lane) const {
  const std::size_t whole = output_.floats / blocks_;
  for (const auto& branch : branches_) {
    Lane own = lane_of(branch, lane);
    branch.layers->forward(own);
    const float* y = own.y;
    if (branch.to_plain) {
      branch.to_plain.run(own.y, lane.scratch + plain_at_, lane.scratch + inner_at_);
      y = lane.scratch + plain_at_;
    }
    for (std::size_t i = 0; i < blocks_; ++i)
      std::copy_n(y + i * branch.width, branch.width, lane.y + i * whole + branch.offset);
  }
}

void Concatenate::backward(Lane& lane) const {
  const std::size_t whole = output_.floats / blocks_;
  bool first = true;
  for (const auto& branch : branches_) {
    float* plain = lane.scratch + plain_at_;
    for (std::size_t i = 0; i < blocks_; ++i)
      std::copy_n(lane.dy + i * whole + branch.offset, branch.width, plain + i * branch.width);
    Lane own = lane_of(branch, lane);
    own.dy = plain;
    float* dx = first ? lane.dx : lane.scratch + dx_at_;
    if (branch.from_plain) {  // the branch's gradient takes the place of its output, then of dx
      float* blocked = lane.scratch + dx_at_;
      branch.from_plain.run(plain, blocked, lane.scratch + inner_at_);
      std::copy_n(blocked, branch.layers->output().floats, plain);
    }
    own.dx = lane.dx == nullptr ? nullptr : dx;
    branch.layers->backward(own);
    if (lane.dx != nullptr && !first) add(lane.dx, dx, lane.dx, input_floats_);
    first = false;
  }
}

}  // namespace lockstep::layers
