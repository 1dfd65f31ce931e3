#include "data/storage/packed_rows.hpp"

#include <algorithm>
#include <cstring>

#include "data/storage/varint.hpp"

namespace lockstep::data {
namespace {

// Of the values of a sparse row. kBytes turns -0 into 0: the same number.
enum Form : std::size_t { kDoubles = 0, kBytes = 1, kOnes = 2 };

Form form_of(std::span<const double> values) {
  bool bytes = true, ones = true;
  for (const double v : values) {
    ones &= v == 1;
    const bool in_range = v >= 0 && v <= 255;
    bytes &= in_range && static_cast<double>(static_cast<int>(in_range ? v : 0)) == v;
  }
  return ones ? kOnes : bytes ? kBytes : kDoubles;
}

}  // namespace

Schema RowFormat::schema() const {
  Schema schema;
  for (const Cell& cell : cells) schema.add(cell.name, cell.type);
  return schema;
}

void PackedRows::number(double value) {
  bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void PackedRows::text(std::string_view value) {
  append_varint(bytes_, value.size() + 1);
  bytes_.append(value);
}

void PackedRows::missing_text() { bytes_.push_back('\0'); }

void PackedRows::sparse(std::span<const std::uint32_t> indices, std::span<const double> values) {
  const std::size_t n = indices.size(), begin = bytes_.size();
  const std::size_t needed =
      begin + kMaxVarint + n * (5 + sizeof(double));  // 5: a varint of 32 bits
  if (needed > bytes_.capacity()) bytes_.reserve(std::max(needed, 2 * bytes_.capacity()));
  bytes_.resize(needed);
  const Form form = form_of(values);
  char* out = put_varint(bytes_.data() + begin, n * 4 + form);
  std::uint32_t next = 0;
  for (const std::uint32_t index : indices) {
    out = put_varint(out, index - next);
    next = index + 1;
  }
  if (form == kBytes) {
    for (const double v : values) *out++ = static_cast<char>(static_cast<int>(v));
  } else if (form == kDoubles && n != 0) {
    std::memcpy(out, values.data(), n * sizeof(double));
    out += n * sizeof(double);
  }
  bytes_.resize(static_cast<std::size_t>(out - bytes_.data()));
}

void PackedRows::bytes(std::string_view value) { bytes_.append(value); }

void PackedRows::count(std::size_t tokens) { append_varint(bytes_, tokens); }

void PackedRows::token(std::string_view value) {
  append_varint(bytes_, value.size());
  bytes_.append(value);
}

void PackedRows::shrink() {
  bytes_.shrink_to_fit();
  ends_.shrink_to_fit();
}

}  // namespace lockstep::data
