/// MPI_Allreduce of each bucket: what most programs do. For measuring only; its sums depend on the
/// number of ranks.

#include <algorithm>

#include "core/buffer.hpp"
#include "dist/mpi_transport.hpp"

namespace lockstep::dist {
namespace {

class PlainReduce final : public ReduceScatter {
 public:
  PlainReduce(const ExchangePlan& plan, LaneSums& lanes, Messages& messages)
      : ReduceScatter(plan.buckets().size()),
        plan_(plan),
        lanes_(lanes),
        messages_(messages),
        sums_(plan.sizes().floats) {}

  void start(std::size_t) override {}
  void all_started() override { may_block_ = true; }
  float* sums() override { return sums_.data(); }
  TouchedRows& rows() override { return no_rows_; }

 private:
  void post(std::size_t) override {}

  Progress advance(std::size_t bucket) override {
    if (!may_block_) return Progress::None;
    if (bucket + 1 == plan_.buckets().size()) may_block_ = false;  // until the next step
    const Segment range = plan_.buckets()[bucket];
    const std::size_t count = range.end - range.begin;
    float* sum = sums_.data() + range.begin;
    std::fill_n(sum, count, 0.0f);
    for (std::size_t i = 0; i < plan_.rank_nodes(messages_.rank()).size(); ++i) {
      add_to(sum, lanes_.node(i) + range.begin, count);
    }
    check(MPI_Allreduce(MPI_IN_PLACE, sum, static_cast<int>(count), MPI_FLOAT, MPI_SUM,
                        messages_.comm()),
          "MPI_Allreduce", static_cast<int>(messages_.rank()),
          static_cast<std::int64_t>(count * sizeof(float)));
    messages_.count_sent(2 * count * sizeof(float) * (plan_.sizes().world_size - 1) /
                         plan_.sizes().world_size);
    return Progress::Finished;
  }

  const ExchangePlan& plan_;
  LaneSums& lanes_;
  Messages& messages_;
  Buffer<float> sums_;
  TouchedRows no_rows_;
  bool may_block_ = false;
};

}  // namespace

std::unique_ptr<ReduceScatter> make_plain_reduce(const ExchangePlan& plan, LaneSums& lanes,
                                                 Messages& messages) {
  return std::make_unique<PlainReduce>(plan, lanes, messages);
}

}  // namespace lockstep::dist
