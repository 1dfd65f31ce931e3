#pragma once
/// Rows on their way from a file to their partitions, in few bytes: they are kept, sent and spilled
/// in this form. Local, MPI-free.
///
/// A row is its cells one after the other, by the columns' encodings:
///     Number   8 bytes
///     Text     varint(bytes + 1), bytes; a missing one is varint(0)
///     Tokens   varint(tokens), for each varint(bytes), bytes
///     Sparse   varint(entries * 4 + form), for each entry varint(index - index before - 1), then
///     the
///              values by form: doubles, bytes (all are whole numbers 0..255) or nothing (all are
///              1)
///     Bytes    one byte a number
///     Dense    8 bytes a number
///     Floats   4 bytes a number
/// varint: 7 bits a byte, low bits first.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/serial.hpp"
#include "data/table.hpp"

namespace lockstep::data {

enum class Encoding : std::uint8_t { Number, Text, Tokens, Sparse, Bytes, Dense, Floats };

/// The columns of packed rows, the same on all ranks.
struct RowFormat {
  struct Cell {
    std::string name;
    ColumnType type;
    Encoding encoding = Encoding::Number;
  };
  std::vector<Cell> cells;

  Schema schema() const;
};

/// Consecutive rows, in order.
class PackedRows {
 public:
  // The cells of a row, in the order of the format; then end_row().
  void number(double value);
  void text(std::string_view value);
  void missing_text();
  void sparse(std::span<const std::uint32_t> indices,
              std::span<const double> values);  ///< indices ascend strictly
  void bytes(std::string_view value);           ///< as they are: a Bytes cell
  template <typename T>
  void raw(std::span<const T> values) {  ///< a Dense or Floats cell
    bytes({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  void count(std::size_t tokens);  ///< a Tokens cell: count(), then token() as often
  void token(std::string_view value);
  void end_row() { ends_.push_back(bytes_.size()); }
  void drop_row() {
    bytes_.resize(ends_.empty() ? 0 : ends_.back());
  }  ///< forgets the cells of the row under way

  void packed(std::string_view row) {  ///< a whole row, already packed
    bytes_.append(row);
    end_row();
  }

  std::size_t rows() const noexcept { return ends_.size(); }
  std::size_t size_bytes() const noexcept {
    return bytes_.capacity() + ends_.capacity() * sizeof(std::size_t);
  }
  std::string_view row(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

  void save(Writer& out) const {
    out.text(bytes_);
    out.values(ends_);
  }
  void load(Reader& in) {
    bytes_ = in.text();
    ends_ = in.values<std::size_t>();
  }

  void shrink();  ///< gives unused memory back; rows are complete

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;  // of each row in bytes_
};

/// The columns of `rows` rows, where row(i) gives the packed row i; row(i) is called twice a row,
/// in order.
std::map<std::string, Column> unpack(const RowFormat& format, std::size_t rows,
                                     const std::function<std::string_view(std::size_t)>& row);

/// The format and cells of rows that are in columns already.
RowFormat format_of(const Schema& schema, const Partition& partition);
void pack(const RowFormat& format, const Partition& partition, std::size_t row, PackedRows& into);

}  // namespace lockstep::data
