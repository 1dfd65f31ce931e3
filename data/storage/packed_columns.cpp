/// Packed rows to columns and back; data/packed_rows.hpp says how a row is packed.
#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "data/storage/packed_rows.hpp"
#include "data/storage/varint.hpp"

namespace lockstep::data {
namespace {

enum Form : std::size_t { kDoubles = 0, kBytes = 1, kOnes = 2 };  // as in packed_rows.cpp

std::size_t bytes_of(Form form, std::size_t entries) {
  return form == kDoubles ? entries * sizeof(double) : form == kBytes ? entries : 0;
}

void widen(const char* bytes, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(bytes[i]);
}

/// One column on its way out of packed rows. measure() sees the cells of all rows in order, then
/// allocate(), then fill() sees them again; both return the end of the cell.
class Unpacker {
 public:
  Unpacker(const RowFormat::Cell& cell, std::size_t rows)
      : cell_(cell), rows_(rows), width_(cell.type.shape.size()) {}

  const char* measure(const char* in);
  void allocate();
  const char* fill(const char* in);
  Column finish();
  double* numbers() { return numbers_.data(); }  ///< of a number column, when allocated

 private:
  const char* fill_text(const char* in);
  const char* fill_tokens(const char* in);
  const char* fill_sparse(const char* in);
  const char* fill_dense(const char* in);

  bool is_image() const { return cell_.type.kind == ColumnType::Kind::Image; }

  const RowFormat::Cell& cell_;
  std::size_t rows_, width_;
  std::size_t items_ = 0, bytes_ = 0;  // of all rows: tokens or entries; text
  bool any_missing_ = false;
  std::size_t row_ = 0, item_ = 0, byte_ = 0;  // where fill() stands

  std::vector<double> numbers_;
  std::vector<float> floats_;
  std::vector<std::uint64_t> row_ends_, ends_;
  std::vector<std::size_t> begin_{0};
  std::vector<std::uint32_t> indices_;
  std::vector<char> text_;
  std::vector<std::uint8_t> missing_;
};

const char* Unpacker::measure(const char* in) {
  switch (cell_.encoding) {
    case Encoding::Number:  // in a run
      return in;
    case Encoding::Text: {
      const std::uint64_t head = get_varint(in);
      any_missing_ |= head == 0;
      const std::size_t bytes = head == 0 ? 0 : static_cast<std::size_t>(head - 1);
      bytes_ += bytes;
      return in + bytes;
    }
    case Encoding::Tokens: {
      const auto tokens = static_cast<std::size_t>(get_varint(in));
      items_ += tokens;
      for (std::size_t i = 0; i < tokens; ++i) {
        const auto bytes = static_cast<std::size_t>(get_varint(in));
        bytes_ += bytes;
        in += bytes;
      }
      return in;
    }
    case Encoding::Sparse: {
      const std::uint64_t head = get_varint(in);
      const auto entries = static_cast<std::size_t>(head >> 2);
      items_ += entries;
      return skip_varints(in, entries) + bytes_of(static_cast<Form>(head & 3), entries);
    }
    case Encoding::Bytes:
      return in + width_;
    case Encoding::Dense:
      return in + width_ * sizeof(double);
    case Encoding::Floats:
      return in + width_ * sizeof(float);
  }
  throw InternalError("an encoding out of range");
}

void Unpacker::allocate() {
  switch (cell_.encoding) {
    case Encoding::Text:
      ends_.resize(rows_);
      text_.resize(bytes_);
      if (any_missing_) missing_.resize(rows_);
      return;
    case Encoding::Tokens:
      row_ends_.resize(rows_);
      ends_.resize(items_);
      text_.resize(bytes_);
      return;
    case Encoding::Sparse:
      begin_.resize(rows_ + 1);
      indices_.resize(items_);
      numbers_.resize(items_);
      return;
    case Encoding::Number:
    case Encoding::Bytes:
    case Encoding::Dense:
    case Encoding::Floats:
      is_image() ? floats_.resize(rows_ * width_) : numbers_.resize(rows_ * width_);
      return;
  }
}

const char* Unpacker::fill(const char* in) {
  switch (cell_.encoding) {
    case Encoding::Number:  // in a run
      break;
    case Encoding::Text:
      in = fill_text(in);
      break;
    case Encoding::Tokens:
      in = fill_tokens(in);
      break;
    case Encoding::Sparse:
      in = fill_sparse(in);
      break;
    case Encoding::Bytes:
    case Encoding::Dense:
    case Encoding::Floats:
      in = fill_dense(in);
      break;
  }
  ++row_;
  return in;
}

const char* Unpacker::fill_text(const char* in) {
  const std::uint64_t head = get_varint(in);
  const std::size_t bytes = head == 0 ? 0 : static_cast<std::size_t>(head - 1);
  if (any_missing_) missing_[row_] = head == 0 ? 1 : 0;
  if (bytes != 0) std::memcpy(text_.data() + byte_, in, bytes);
  byte_ += bytes;
  ends_[row_] = byte_;
  return in + bytes;
}

const char* Unpacker::fill_tokens(const char* in) {
  for (auto tokens = get_varint(in); tokens > 0; --tokens) {
    const auto bytes = static_cast<std::size_t>(get_varint(in));
    if (bytes != 0) std::memcpy(text_.data() + byte_, in, bytes);
    byte_ += bytes;
    ends_[item_++] = byte_;
    in += bytes;
  }
  row_ends_[row_] = item_;
  return in;
}

const char* Unpacker::fill_sparse(const char* in) {
  const std::uint64_t head = get_varint(in);
  const auto entries = static_cast<std::size_t>(head >> 2);
  std::uint32_t next = 0;
  for (std::uint32_t* index = indices_.data() + item_; index != indices_.data() + item_ + entries;
       ++index) {
    *index = next + static_cast<std::uint32_t>(get_varint(in));
    next = *index + 1;
  }
  double* values = numbers_.data() + item_;
  const auto form = static_cast<Form>(head & 3);
  if (form == kDoubles && entries != 0) std::memcpy(values, in, entries * sizeof(double));
  if (form == kBytes) widen(in, entries, values);
  if (form == kOnes) std::fill_n(values, entries, 1.0);
  item_ += entries;
  begin_[row_ + 1] = item_;
  return in + bytes_of(form, entries);
}

const char* Unpacker::fill_dense(const char* in) {
  const std::size_t begin = row_ * width_;
  const bool bytes = cell_.encoding == Encoding::Bytes, floats = cell_.encoding == Encoding::Floats;
  const std::size_t size = width_ * (bytes ? 1 : floats ? sizeof(float) : sizeof(double));
  if (size == 0) return in;
  if (is_image()) {
    expects(!cell_.type.shape.dims().empty() && (bytes || floats),
            "an image is of bytes or floats");
    if (floats) std::memcpy(floats_.data() + begin, in, size);
    for (std::size_t i = 0; bytes && i < width_; ++i)
      floats_[begin + i] = static_cast<std::uint8_t>(in[i]);
  } else if (bytes) {
    widen(in, width_, numbers_.data() + begin);
  } else if (floats) {
    for (std::size_t i = 0; i < width_; ++i) {
      float value = 0;
      std::memcpy(&value, in + i * sizeof(float), sizeof(float));
      numbers_[begin + i] = static_cast<double>(value);
    }
  } else {
    std::memcpy(numbers_.data() + begin, in, size);
  }
  return in + size;
}

Column Unpacker::finish() {
  switch (cell_.type.kind) {
    case ColumnType::Kind::Number:
      return Numbers{std::move(numbers_)};
    case ColumnType::Kind::String:
      return Strings{std::move(ends_), std::move(text_), std::move(missing_)};
    case ColumnType::Kind::Tokens:
      return Tokens{std::move(row_ends_), std::move(ends_), std::move(text_)};
    case ColumnType::Kind::Image:
      return Images{cell_.type.shape, std::move(floats_)};
    case ColumnType::Kind::Vector:
      break;
  }
  if (cell_.encoding != Encoding::Sparse) return DenseVectors{width_, std::move(numbers_)};
  return SparseVectors{width_, std::move(begin_), std::move(indices_), std::move(numbers_)};
}

/// Cells that are unpacked together: a run of number cells (tables have hundreds of them), or one
/// cell of another kind.
struct Step {
  std::size_t first = 0;
  std::size_t numbers = 0;        // length of the run; 0: another kind
  std::vector<double*> out = {};  // of the run's columns
};

std::vector<Step> steps_of(const RowFormat& format) {
  std::vector<Step> steps;
  for (std::size_t c = 0; c < format.cells.size(); ++c) {
    const bool number = format.cells[c].encoding == Encoding::Number;
    if (!number) {
      steps.push_back({c});
    } else if (steps.empty() || steps.back().numbers == 0) {
      steps.push_back({c, 1});
    } else {
      ++steps.back().numbers;
    }
  }
  return steps;
}

const char* measure(const Step& step, std::vector<Unpacker>& columns, const char* in) {
  return step.numbers == 0 ? columns[step.first].measure(in) : in + step.numbers * sizeof(double);
}

const char* fill(const Step& step, std::vector<Unpacker>& columns, const char* in,
                 std::size_t row) {
  if (step.numbers == 0) return columns[step.first].fill(in);
  for (double* column : step.out) {
    std::memcpy(column + row, in, sizeof(double));
    in += sizeof(double);
  }
  return in;
}

Encoding encoding_of(const ColumnType& type, const Column& column) {
  switch (type.kind) {
    case ColumnType::Kind::Number:
      return Encoding::Number;
    case ColumnType::Kind::String:
      return Encoding::Text;
    case ColumnType::Kind::Tokens:
      return Encoding::Tokens;
    case ColumnType::Kind::Image:
      return Encoding::Floats;
    case ColumnType::Kind::Vector:
      break;
  }
  return std::holds_alternative<SparseVectors>(column) ? Encoding::Sparse : Encoding::Dense;
}

void pack_tokens(const Tokens& tokens, std::size_t row, PackedRows& into) {
  const std::size_t first = tokens.first(row), count = tokens.count(row);
  into.count(count);
  for (std::size_t i = first; i < first + count; ++i) into.token(tokens.token(i));
}

void pack_sparse(const SparseVectors& rows, std::size_t row, PackedRows& into) {
  const std::size_t begin = rows.begin[row], count = rows.begin[row + 1] - begin;
  into.sparse(rows.indices.span().subspan(begin, count), rows.values.span().subspan(begin, count));
}

void pack_cell(const RowFormat::Cell& cell, const Column& column, std::size_t row,
               PackedRows& into) {
  const std::size_t width = cell.type.shape.size();
  switch (cell.encoding) {
    case Encoding::Number:
      return into.number(std::get<Numbers>(column).values[row]);
    case Encoding::Text: {
      const auto text = std::get<Strings>(column).at(row);
      return text ? into.text(*text) : into.missing_text();
    }
    case Encoding::Tokens:
      return pack_tokens(std::get<Tokens>(column), row, into);
    case Encoding::Sparse:
      return pack_sparse(std::get<SparseVectors>(column), row, into);
    case Encoding::Dense: {
      const auto& dense = std::get<DenseVectors>(column);
      expects(dense.width == width, "dense rows are as wide as the schema says");
      return into.raw(dense.row(row));
    }
    case Encoding::Floats:
      return into.raw(std::get<Images>(column).values.span().subspan(row * width, width));
    case Encoding::Bytes:
      break;
  }
  throw InternalError("columns are not packed as bytes");
}

}  // namespace

std::map<std::string, Column> unpack(const RowFormat& format, std::size_t rows,
                                     const std::function<std::string_view(std::size_t)>& row) {
  std::vector<Unpacker> columns;
  columns.reserve(format.cells.size());
  for (const RowFormat::Cell& cell : format.cells) columns.emplace_back(cell, rows);
  std::vector<Step> steps = steps_of(format);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string_view packed = row(i);
    const char* in = packed.data();
    for (const Step& step : steps) in = measure(step, columns, in);
    expects(in == packed.data() + packed.size(), "a packed row has the cells of its format");
  }
  for (Unpacker& column : columns) column.allocate();
  for (Step& step : steps) {
    for (std::size_t c = 0; c < step.numbers; ++c)
      step.out.push_back(columns[step.first + c].numbers());
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const char* in = row(i).data();
    for (const Step& step : steps) in = fill(step, columns, in, i);
  }
  std::map<std::string, Column> result;
  for (std::size_t c = 0; c < columns.size(); ++c)
    result.emplace(format.cells[c].name, columns[c].finish());
  return result;
}

RowFormat format_of(const Schema& schema, const Partition& partition) {
  RowFormat format;
  for (const auto& [name, type] : schema.columns())
    format.cells.push_back({name, type, encoding_of(type, partition.column(name))});
  return format;
}

void pack(const RowFormat& format, const Partition& partition, std::size_t row, PackedRows& into) {
  for (const RowFormat::Cell& cell : format.cells)
    pack_cell(cell, partition.column(cell.name), row, into);
  into.end_row();
}

}  // namespace lockstep::data
