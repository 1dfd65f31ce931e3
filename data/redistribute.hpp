#pragma once
/// Rows move once, after parsing, to the ranks that own their partitions.

#include <vector>

#include "data/assembler.hpp"
#include "dist/communicator.hpp"

namespace lockstep::data {

/// What a source has read. Rows of rank r come before those of rank r + 1 in the file.
struct ParsedRows {
  RowFormat format;               ///< the same on all ranks
  std::vector<RowBatch> batches;  ///< this rank's rows in file order
};

/// What a rank sends in one round of the exchange, about: it ends with the batch that fills it.
inline constexpr std::size_t kRoundBytes = std::size_t{64} << 20;

/// COLLECTIVE. Frees `parsed` as it goes.
/// @throws AgreedError (DataError) if there are no rows, or none left for training
LoadedData redistribute(const dist::Communicator& ranks, ThreadPool& threads,
                        const std::string& name, ParsedRows parsed, const LoadOptions& options,
                        std::size_t round_bytes = kRoundBytes);

}  // namespace lockstep::data
