#pragma once
/// The safetensors file format: an 8-byte little-endian header length, a JSON header, raw
/// little-endian data. NumPy and PyTorch users read it with the `safetensors` package. Local.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lockstep::ml {

/// The numbers of a tensor: F32, F64, I64 or U8.
using TensorValues = std::variant<std::vector<float>, std::vector<double>,
                                  std::vector<std::int64_t>, std::vector<std::uint8_t>>;

/// One tensor, row-major.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  TensorValues values;
};

/// The tensor of that name, with numbers of type T and that shape (a negative dimension: any).
/// @throws FileError naming `path` and the tensor if there is none
template <typename T>
const std::vector<T>& find_tensor(const std::vector<NamedTensor>& tensors, const std::string& name,
                                  const std::vector<std::int64_t>& shape, const std::string& path);

/// The file's bytes. Same tensors and metadata, same bytes.
std::string to_safetensors(const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata = {});

/// @throws FileError naming `path` and what is wrong if the bytes are damaged, cut short, or hold
/// other types.
std::vector<NamedTensor> from_safetensors(std::string_view bytes, const std::string& path);

}  // namespace lockstep::ml
