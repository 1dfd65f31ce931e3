#pragma once
/// Vector jobs (dist/vector_job.hpp) over the partitions of a dataset.

#include "data/dataset.hpp"
#include "data/storage/memory_limit.hpp"
#include "data/storage/partition_file.hpp"
#include "dist/vector_job.hpp"

namespace lockstep::data {

/// COLLECTIVE. dist::run_vector_job over the rows of all ranks, with double sums. Mapped partitions
/// are given back after it, and as many are read at a time as the dataset's memory limit has room
/// for. @throws AgreedError
template <typename Job>
auto run_vector_job(const dist::Cluster& cluster, const Job& job, const Dataset& rows) {
  PartitionGate gate(MemoryShares(rows.memory_limit_bytes).partitions);
  const auto around = [&gate](const Partition& partition, const auto& work) {
    gate.pass(payload_bytes(partition), [&] {
      work();
      partition.release();
    });
  };
  return dist::run_vector_job<double>(cluster, job, rows.partitions, rows.block, rows.own, around);
}

}  // namespace lockstep::data
