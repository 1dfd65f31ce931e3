#include "ml/pipeline/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

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

/// The names of the types, in the order of TensorValues.
constexpr std::array<const char*, 4> kTypes{"F32", "F64", "I64", "U8"};

TensorValues empty_values(const std::string& type) {
  if (type == kTypes[0]) return std::vector<float>();
  if (type == kTypes[1]) return std::vector<double>();
  if (type == kTypes[2]) return std::vector<std::int64_t>();
  if (type == kTypes[3]) return std::vector<std::uint8_t>();
  throw std::invalid_argument(fmt::format("numbers of type {} are not read", type));
}

std::span<const std::byte> bytes_of(const TensorValues& values) {
  return std::visit([](const auto& v) { return std::as_bytes(std::span(v)); }, values);
}

NamedTensor read_tensor(const std::string& name, const Json& entry, std::string_view data) {
  NamedTensor tensor{name, entry.at("shape").get<std::vector<std::int64_t>>(),
                     empty_values(entry.at("dtype").get<std::string>())};
  const auto begin = entry.at("data_offsets").at(0).get<std::size_t>(),
             end = entry.at("data_offsets").at(1).get<std::size_t>();
  const std::size_t count = elements(tensor.shape);
  std::visit(
      [&](auto& values) {
        const std::size_t bytes = sizeof(values[0]);
        if (begin > end || end > data.size() || end - begin != count * bytes) {
          throw std::invalid_argument(
              fmt::format("tensor {} lies outside the file or has the wrong size", name));
        }
        values.resize(count);
        if (count > 0) std::memcpy(values.data(), data.data() + begin, end - begin);
      },
      tensor.values);
  return tensor;
}

}  // namespace

std::string to_safetensors(const std::vector<NamedTensor>& tensors,
                           const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& tensor : tensors) {
    const std::size_t bytes = bytes_of(tensor.values).size();
    header[tensor.name] = {{"dtype", kTypes.at(tensor.values.index())},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + bytes}}};
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
    const auto bytes = bytes_of(tensor.values);
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
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

template <typename T>
const std::vector<T>& find_tensor(const std::vector<NamedTensor>& tensors, const std::string& name,
                                  const std::vector<std::int64_t>& shape, const std::string& path) {
  for (const auto& tensor : tensors) {
    if (tensor.name != name) continue;
    const auto* values = std::get_if<std::vector<T>>(&tensor.values);
    const bool fits = std::equal(tensor.shape.begin(), tensor.shape.end(), shape.begin(),
                                 shape.end(), [](auto d, auto s) { return s < 0 || d == s; });
    if (values != nullptr && fits) return *values;
    throw FileError(fmt::format("tensor '{}' of {} has another type or shape", name, path),
                    {.file = path}, "is it of this model?");
  }
  throw FileError(fmt::format("{} has no tensor '{}'", path, name), {.file = path},
                  "is it of this model?");
}

template const std::vector<float>& find_tensor(const std::vector<NamedTensor>&, const std::string&,
                                               const std::vector<std::int64_t>&,
                                               const std::string&);
template const std::vector<double>& find_tensor(const std::vector<NamedTensor>&, const std::string&,
                                                const std::vector<std::int64_t>&,
                                                const std::string&);
template const std::vector<std::int64_t>& find_tensor(const std::vector<NamedTensor>&,
                                                      const std::string&,
                                                      const std::vector<std::int64_t>&,
                                                      const std::string&);
template const std::vector<std::uint8_t>& find_tensor(const std::vector<NamedTensor>&,
                                                      const std::string&,
                                                      const std::vector<std::int64_t>&,
                                                      const std::string&);

}  // namespace lockstep::ml
