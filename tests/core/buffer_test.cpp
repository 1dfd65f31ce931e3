#include "core/buffer.hpp"

#include <algorithm>
#include <cstdint>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

template <typename T>
bool aligned(const Buffer<T>& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0;
}

TEST_CASE("Buffer is aligned to 64 bytes and zero at birth, whatever its size", "[core][buffer]") {
  for (std::size_t size : {1, 2, 3, 15, 16, 17, 1000, 4097}) {
    Buffer<float> floats(size);
    Buffer<char> bytes(size);
    CHECK(aligned(floats));
    CHECK(aligned(bytes));
    CHECK(std::all_of(floats.data(), floats.data() + size, [](float x) { return x == 0; }));
    std::fill_n(floats.data(), size, 1.0f);  // what the next one may find in its memory
  }
}

TEST_CASE("Buffer: spans and indices see the same values", "[core][buffer]") {
  Buffer<int> buffer(3);
  buffer[1] = 5;
  CHECK(buffer.span()[1] == 5);
  CHECK(std::as_const(buffer).span().size() == 3);
  CHECK(std::as_const(buffer)[1] == 5);
}

TEST_CASE("Buffer: moving takes the memory along", "[core][buffer]") {
  Buffer<int> from(2);
  from[0] = 7;
  const int* memory = from.data();
  const Buffer<int> to = std::move(from);
  CHECK(to.data() == memory);
  CHECK(to.size() == 2);
}

TEST_CASE("Buffer of nothing has no memory", "[core][buffer]") {
  CHECK(Buffer<float>().data() == nullptr);
  CHECK(Buffer<float>(0).data() == nullptr);
  CHECK(Buffer<float>(0).span().empty());
}

}  // namespace
}  // namespace lockstep
