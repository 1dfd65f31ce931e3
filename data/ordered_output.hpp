#pragma once
/// Rows as text, in the order of their source, whoever holds them.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/dataset.hpp"
#include "dist/cluster.hpp"

namespace lockstep::data {

/// A row's text and its number in the source.
struct Line {
  std::uint64_t row = 0;
  std::string text;
};

/// COLLECTIVE. Calls write(text) on the driver with the texts of all rows in ascending order, some
/// MB at a time. lines(begin, end) gives this rank's rows with numbers in [begin, end);
/// it may throw. `end`: a number above all of them on this rank.
void write_in_order(const dist::Communicator& ranks, std::uint64_t end,
                    const std::function<std::vector<Line>(std::uint64_t, std::uint64_t)>& lines,
                    const std::function<void(const std::string&)>& write);

/// COLLECTIVE. The same for a dataset: line(partition, row) makes the text of a row, on several
/// threads. At most the first `most` rows (0: all).
void write_rows(const dist::Cluster& cluster, const Dataset& dataset, std::uint64_t most,
                const std::function<std::string(const Partition&, std::size_t)>& line,
                const std::function<void(const std::string&)>& write);

}  // namespace lockstep::data
