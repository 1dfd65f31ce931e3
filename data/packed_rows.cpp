#include "data/packed_rows.hpp"

#include <algorithm>
#include <cstring>

namespace lockstep::data {
namespace {

// kBytes turns -0 into 0: the same number.
enum Form : std::size_t { kDoubles = 0, kBytes = 1, kOnes = 2 };

constexpr std::size_t kMaxVarint = 10;

char* put_varint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

std::uint64_t get_varint(const char*& in) {
  auto byte = static_cast<std::uint8_t>(*in++);
  if (byte < 0x80) return byte;
  std::uint64_t value = byte & 0x7FU;
  for (unsigned shift = 7;; shift += 7) {
    byte = static_cast<std::uint8_t>(*in++);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

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

void PackedRows::push(std::span<const std::uint32_t> indices, std::span<const double> values) {
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
  } else if (form == kDoubles) {
    std::memcpy(out, values.data(), n * sizeof(double));
    out += n * sizeof(double);
  }
  bytes_.resize(static_cast<std::size_t>(out - bytes_.data()));
  ends_.push_back(bytes_.size());
}

void PackedRows::push(std::string_view bytes) {
  bytes_.append(bytes);
  ends_.push_back(bytes_.size());
}

void PackedRows::shrink() {
  bytes_.shrink_to_fit();
  ends_.shrink_to_fit();
}

std::size_t packed_entries(std::string_view row) {
  const char* in = row.data();
  return static_cast<std::size_t>(get_varint(in) >> 2);
}

void unpack(std::string_view row, std::uint32_t* indices, double* values) {
  const char* in = row.data();
  const std::uint64_t head = get_varint(in);
  const auto n = static_cast<std::size_t>(head >> 2);
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < n; ++i) {
    indices[i] = next + static_cast<std::uint32_t>(get_varint(in));
    next = indices[i] + 1;
  }
  switch (static_cast<Form>(head & 3)) {
    case kDoubles:
      if (n != 0) std::memcpy(values, in, n * sizeof(double));
      return;
    case kBytes:
      for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<std::uint8_t>(in[i]);
      return;
    case kOnes:
      std::fill_n(values, n, 1.0);
      return;
  }
}

}  // namespace lockstep::data
