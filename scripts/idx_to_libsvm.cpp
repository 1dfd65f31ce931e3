/// Writes idx images and their labels as libsvm text: "label index:value ...", indices from 1,
/// zeros left out.
///
///     idx_to_libsvm IMAGES LABELS > OUTPUT          both idx files of unsigned bytes, not packed
///
/// scripts/datasets compiles and runs it; it needs nothing but the standard library.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "idx_to_libsvm: %s\n", message.c_str());
  std::exit(3);
}

struct Idx {
  std::vector<std::size_t> shape;
  std::vector<std::uint8_t> bytes;
};

/// Reads an idx file: 0 0 8 dimensions, each dimension as four bytes (big end first), the bytes
/// row-major.
Idx read_idx(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(std::string(path) + ": cannot be opened");
  std::array<unsigned char, 4> word{};
  const auto next = [&] {
    if (!file.read(reinterpret_cast<char*>(word.data()), 4))
      fail(std::string(path) + ": ends in its header");
  };
  next();
  if (word[0] != 0 || word[1] != 0 || word[2] != 8)
    fail(std::string(path) + ": is not an idx file of bytes");
  Idx idx;
  idx.shape.resize(word[3]);
  std::size_t size = 1;
  for (std::size_t& dimension : idx.shape) {
    next();
    dimension = std::size_t{word[0]} << 24 | std::size_t{word[1]} << 16 |
                std::size_t{word[2]} << 8 | word[3];
    size *= dimension;
  }
  idx.bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (idx.shape.empty() || idx.bytes.size() != size)
    fail(std::string(path) + ": has another size than it says");
  return idx;
}

void append(std::string& text, std::size_t number) {
  std::array<char, 20> digits{};
  std::size_t begin = digits.size();
  do digits[--begin] = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  text.append(digits.data() + begin, digits.size() - begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: idx_to_libsvm IMAGES LABELS > OUTPUT");
  const Idx images = read_idx(argv[1]);
  const Idx labels = read_idx(argv[2]);
  const std::size_t rows = images.shape[0];
  if (labels.shape.size() != 1 || labels.shape[0] != rows)
    fail("there is not one label for each image");
  const std::size_t features = rows == 0 ? 0 : images.bytes.size() / rows;

  std::string line;
  for (std::size_t row = 0; row < rows; ++row) {
    line.clear();
    append(line, labels.bytes[row]);
    for (std::size_t feature = 0; feature < features; ++feature) {
      const std::uint8_t value = images.bytes[row * features + feature];
      if (value == 0) continue;
      line += ' ';
      append(line, feature + 1);
      line += ':';
      append(line, value);
    }
    line += '\n';
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
      fail("the output cannot be written");
  }
  if (std::fflush(stdout) != 0) fail("the output cannot be written");
  return 0;
}
