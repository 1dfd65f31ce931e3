#pragma once
/// Rows that are left of a dataset, shared out to its partitions anew.

#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "dist/cluster.hpp"

namespace lockstep::data {

/// COLLECTIVE. Cuts the rows that are left of a dataset into its partitions anew, so that they are
/// of the same size again: the rows in the order of partition and slot, partition p of m rows again
/// [ceil(p m / K), ceil((p + 1) m / K)). Few rows move far. @throws AgreedError (DataError) if no
/// rows are left
void rebalance(const dist::Cluster& cluster, Dataset& dataset, const LoadOptions& options);

}  // namespace lockstep::data
