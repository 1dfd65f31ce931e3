#pragma once
/// Puts rows that arrive in any order into the partitions of this rank. Local, MPI-free.

#include <cstdint>
#include <string_view>

#include "data/dataset.hpp"
#include "data/packed_rows.hpp"
#include "data/row_plan.hpp"

namespace lockstep::data {

/// What the rows of a source look like; the same on all ranks.
struct RowFormat {
  ColumnType features;    ///< Vector
  bool sparse = false;    ///< packed sparse rows, or one byte a feature
  bool labelled = false;  ///< every row has a label
};

/// Use: expect() for every own row (sparse rows only), allocate(), place() for every own row,
/// finish(). expect() and place() may be called from several threads at once, for different
/// positions.
class Assembler {
 public:
  Assembler(const std::string& name, const RowPlan& plan, const RowFormat& format, dist::Node block,
            ThreadPool& threads);

  /// The row at `position` will have `entries` entries.
  void expect(std::uint64_t position, std::size_t entries);

  /// Makes room, exactly as much as was expected.
  void allocate(ThreadPool& threads);

  /// Stores the row of `position`, which lies in an own partition. `label` is ignored if rows are
  /// not labelled.
  void place(std::uint64_t position, double label, std::string_view row);

  LoadedData finish() &&;

 private:
  Partition& partition(const Place& place);

  const RowPlan& plan_;
  RowFormat format_;
  dist::Node block_;
  LoadedData data_;
};

}  // namespace lockstep::data
