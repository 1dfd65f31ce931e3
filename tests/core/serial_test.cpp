#include "core/serial.hpp"

#include <cstdint>

#include "tests/catch.hpp"

namespace lockstep {
namespace {

struct Pair {
  int a;
  float b;
};

std::string message() {
  Writer out;
  out.value(std::uint64_t{1} << 60);
  out.value(Pair{-3, 0.5f});
  out.values(std::vector<double>{1.5, -2.5});
  out.values(std::vector<int>{});
  out.text("two words");
  out.text("");
  out.value('x');
  return out.take();
}

struct Content {
  std::uint64_t large;
  Pair pair;
  std::vector<double> doubles;
  std::vector<int> none;
  std::string text, empty;
  char last;
};

Content read(Reader& in) {
  return {in.value<std::uint64_t>(), in.value<Pair>(), in.values<double>(),
          in.values<int>(),          in.text(),        in.text(),
          in.value<char>()};
}

TEST_CASE("Reader gives back what Writer took", "[core][serial]") {
  const std::string bytes = message();
  Reader in(bytes);
  CHECK_FALSE(in.done());
  const auto content = read(in);
  CHECK(in.done());
  CHECK(content.large == std::uint64_t{1} << 60);
  CHECK((content.pair.a == -3 && content.pair.b == 0.5f));
  CHECK(content.doubles == std::vector{1.5, -2.5});
  CHECK(content.none.empty());
  CHECK(content.text == "two words");
  CHECK(content.empty.empty());
  CHECK(content.last == 'x');
}

TEST_CASE("Reader refuses a message that was cut, at every length", "[core][serial]") {
  const std::string bytes = message();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    Reader in(std::string_view(bytes).substr(0, length));
    CHECK_THROWS_AS(read(in), InternalError);
  }
}

TEST_CASE("Reader refuses a count that the message cannot hold, before it allocates",
          "[core][serial]") {
  Writer out;
  out.value(~std::size_t{0} / 4);
  const std::string bytes = out.take();
  CHECK_THROWS_AS(Reader(bytes).values<double>(), InternalError);
  CHECK_THROWS_AS(Reader(bytes).text(), InternalError);
}

TEST_CASE("Writer tells its size", "[core][serial]") {
  Writer out;
  CHECK(out.size() == 0);
  out.value(1.0);
  out.text("abc");
  CHECK(out.size() == 8 + 8 + 3);
}

}  // namespace
}  // namespace lockstep
