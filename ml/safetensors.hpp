#pragma once
/// The safetensors file format: an 8-byte little-endian header length, a JSON header, raw
/// little-endian data. NumPy and PyTorch users read it with the `safetensors` package. Local.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::ml {

/// One f32 tensor, row-major.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// The file's bytes. Same tensors and metadata, same bytes.
std::string to_safetensors(const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata = {});

/// @throws FileError naming `path` and what is wrong if the bytes are damaged, cut short, or hold
/// anything but F32.
std::vector<NamedTensor> from_safetensors(std::string_view bytes, const std::string& path);

}  // namespace lockstep::ml
