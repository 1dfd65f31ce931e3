#pragma once
/// Rows on their way from a file to their partitions, in few bytes: they are kept and sent in this
/// form. Local, MPI-free.
///
/// A sparse row is: varint(entries * 4 + form), for each entry varint(index - index before - 1),
/// then the values by form: doubles, bytes (all values are whole numbers 0..255) or nothing (all
/// values are 1). varint: 7 bits a byte, low bits first.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::data {

/// Consecutive rows of a source, in file order. Dense rows are `width` bytes each, sparse rows are
/// packed as above.
class PackedRows {
 public:
  /// Appends a sparse row. Indices ascend strictly.
  void push(std::span<const std::uint32_t> indices, std::span<const double> values);

  /// Appends bytes as they are: one dense row.
  void push(std::string_view bytes);

  std::size_t rows() const noexcept { return ends_.size(); }
  std::string_view row(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

  void shrink();  ///< gives unused memory back; rows are complete

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each row in bytes_
};

/// Entries of a packed sparse row.
std::size_t packed_entries(std::string_view row);

/// Writes the row's packed_entries(row) indices and values.
void unpack(std::string_view row, std::uint32_t* indices, double* values);

/// What a source has read on one rank: rows and labels, one label a row or none at all.
struct RowBatch {
  std::vector<double> labels;
  PackedRows rows;
};

}  // namespace lockstep::data
