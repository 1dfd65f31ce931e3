#include "data/sources/zstd_frames.hpp"

#include <array>

namespace lockstep::data {
namespace {

constexpr std::uint32_t kFrameMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // and the 15 numbers after it

/// A little-endian number of `bytes` bytes at `offset`; advances offset. False at the end of the
/// file.
bool read_number(const InputFile& file, std::uint64_t& offset, std::size_t bytes,
                 std::uint32_t& number) {
  std::array<char, 4> raw{};
  if (file.read_at(offset, {raw.data(), bytes}) < bytes) return false;
  offset += bytes;
  number = 0;
  for (std::size_t i = bytes; i-- > 0;) number = (number << 8) | static_cast<std::uint8_t>(raw[i]);
  return true;
}

/// Bytes of the header after its descriptor byte: window, dictionary id, content size.
std::uint64_t rest_of_header(std::uint32_t descriptor) {
  constexpr std::array<std::uint64_t, 4> kDictionary{0, 1, 2, 4}, kContent{0, 2, 4, 8};
  const bool single_segment = (descriptor & 0x20) != 0;
  const std::uint32_t content = descriptor >> 6;
  return (single_segment ? 0U : 1U) + kDictionary[descriptor & 3] +
         (content == 0 && single_segment ? 1U : kContent[content]);
}

/// Moves `offset` from behind a frame's magic number to behind the frame. False if the file ends
/// before.
bool skip_frame(const InputFile& file, std::uint64_t& offset) {
  std::uint32_t descriptor = 0, block = 0;
  if (!read_number(file, offset, 1, descriptor)) return false;
  offset += rest_of_header(descriptor);
  do {
    if (!read_number(file, offset, 3, block)) return false;
    const bool repeated = ((block >> 1) & 3) == 1;  // one byte, many times
    offset += repeated ? 1 : block >> 3;
  } while ((block & 1) == 0);
  if ((descriptor & 4) != 0) offset += 4;  // checksum
  return offset <= file.size();
}

}  // namespace

bool zstd_frames_are_whole(const InputFile& file) {
  std::uint64_t offset = 0;
  while (offset < file.size()) {
    std::uint32_t magic = 0, size = 0;
    if (!read_number(file, offset, 4, magic)) return false;
    if ((magic & 0xFFFFFFF0) == kSkippableMagic) {
      if (!read_number(file, offset, 4, size)) return false;
      offset += size;
      if (offset > file.size()) return false;
    } else if (magic == kFrameMagic) {
      if (!skip_frame(file, offset)) return false;
    } else {
      return true;
    }
  }
  return true;
}

}  // namespace lockstep::data
