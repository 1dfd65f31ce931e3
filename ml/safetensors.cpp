#include "ml/safetensors.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace lockstep::ml {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors holds little-endian numbers");
using Json = nlohmann::ordered_json;

std::size_t elements(const std::vector<std::int64_t>& shape) {
  std::size_t product = 1;
  for (const auto d : shape) product *= static_cast<std::size_t>(d);
  return product;
}

NamedTensor read_tensor(const std::string& name, const Json& entry, std::string_view data) {
  if (entry.at("dtype") != "F32")
    throw std::invalid_argument(fmt::format("tensor {} is not F32", name));
  NamedTensor tensor{name, entry.at("shape").get<std::vector<std::int64_t>>(), {}};
  const auto begin = entry.at("data_offsets").at(0).get<std::size_t>(),
             end = entry.at("data_offsets").at(1).get<std::size_t>();
  if (begin > end || end > data.size() || end - begin != elements(tensor.shape) * sizeof(float)) {
    throw std::invalid_argument(
        fmt::format("tensor {} lies outside the file or has the wrong size", name));
  }
  tensor.values.resize((end - begin) / sizeof(float));
  std::memcpy(tensor.values.data(), data.data() + begin, end - begin);
  return tensor;
}

}  // namespace

std::string to_safetensors(const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& tensor : tensors) {
    const std::size_t bytes = tensor.values.size() * sizeof(float);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begins aligned
  const std::uint64_t length = text.size();
  std::string file(sizeof(length) + text.size() + offset, '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  std::memcpy(file.data() + sizeof(length), text.data(), text.size());
  char* at = file.data() + sizeof(length) + text.size();
  for (const auto& tensor : tensors) {
    std::memcpy(at, tensor.values.data(), tensor.values.size() * sizeof(float));
    at += tensor.values.size() * sizeof(float);
  }
  return file;
}

std::vector<NamedTensor> from_safetensors(std::string_view bytes, const std::string& path) {
  std::uint64_t length = 0;
  try {
    if (bytes.size() < sizeof(length))
      throw std::invalid_argument(fmt::format("it has only {} bytes", bytes.size()));
    std::memcpy(&length, bytes.data(), sizeof(length));
    if (length > bytes.size() - sizeof(length)) throw std::invalid_argument("it is cut short");
    const auto header = Json::parse(bytes.substr(sizeof(length), length));
    if (!header.is_object()) throw std::invalid_argument("its header is not an object");
    std::vector<NamedTensor> tensors;
    for (const auto& [name, entry] : header.items()) {
      if (name != "__metadata__")
        tensors.push_back(read_tensor(name, entry, bytes.substr(sizeof(length) + length)));
    }
    return tensors;
  } catch (const std::exception& error) {
    throw FileError(fmt::format("{} is not a whole safetensors file: {}", path, error.what()),
                    {.file = path}, "take another checkpoint or train again");
  }
}

}  // namespace lockstep::ml
