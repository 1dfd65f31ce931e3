#include "ml/pipeline/safetensors.hpp"

#include "core/error.hpp"
#include "tests/catch.hpp"

namespace lockstep::ml {
namespace {

const std::vector<NamedTensor> kTensors{
    {"a.weight", {2, 3}, std::vector<float>{1, -2.5f, 3, 0, 1e-30f, 6}},
    {"b", {1}, std::vector<double>{1e-300}},
    {"none", {0, 4}, std::vector<float>{}},
    {"bins", {3}, std::vector<std::uint8_t>{0, 7, 255}},
    {"counts", {2}, std::vector<std::int64_t>{-1, std::int64_t{1} << 60}},
    {"scalar", {}, std::vector<float>{8}}};

bool same(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.shape == y.shape && x.values == y.values;
  });
}

TEST_CASE("safetensors: what was written is read, in the same order", "[ml][safetensors]") {
  CHECK(same(from_safetensors(to_safetensors(kTensors), "x"), kTensors));
  CHECK(same(from_safetensors(to_safetensors(kTensors, {{"format", "lockstep"}}), "x"), kTensors));
  CHECK(from_safetensors(to_safetensors({}), "x").empty());
}

TEST_CASE("safetensors: the bytes are those of the format", "[ml][safetensors]") {
  // 8 bytes of length, the header filled up with spaces to a multiple of 8, then the numbers.
  const std::string header = R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"
                             "  ";
  REQUIRE(header.size() == 56);
  CHECK(to_safetensors({{"w", {2}, std::vector<float>{1.0f, -2.0f}}}) ==
        std::string("\x38\0\0\0\0\0\0\0", 8) + header + std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  const auto with_metadata = to_safetensors({}, {{"b", "2"}, {"a", "1"}});
  CHECK(with_metadata.substr(8) == R"({"__metadata__":{"a":"1","b":"2"}})"
                                   "      ");
}

TEST_CASE("safetensors: a file cut at any length is refused, with its path", "[ml][safetensors]") {
  const std::string bytes = to_safetensors(kTensors, {{"format", "lockstep"}});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    try {
      (void)from_safetensors(std::string_view(bytes).substr(0, length), "the/path");
      FAIL("taken at " << length << " bytes of " << bytes.size());
    } catch (const FileError& error) {
      CHECK(error.where().file == "the/path");
    }
  }
}

// A file with this header and 8 bytes of data.
std::string with_header(const std::string& header) {
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  return length + header + std::string(8, '\0');
}

TEST_CASE("safetensors: a header that is not right is refused", "[ml][safetensors]") {
  const auto refused = [](const std::string& header) {
    CHECK_THROWS_AS(from_safetensors(with_header(header), "x"), FileError);
  };
  REQUIRE_NOTHROW(from_safetensors(
      with_header(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"), "x"));
  refused(R"({"w":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})");
  refused(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})");
  refused(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})");
  refused(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})");
  refused(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}})");
  refused(R"({"w":{"dtype":"F32","shape":"2","data_offsets":[0,8]}})");
  refused(R"({"w":{"shape":[2],"data_offsets":[0,8]}})");
  refused(R"({"w":7})");
  refused(R"({"w":)");
  refused("[]");
  refused("");
}

TEST_CASE("safetensors: an absurd header length is refused before anything is allocated",
          "[ml][safetensors]") {
  CHECK_THROWS_AS(from_safetensors(std::string(8, '\xff') + "{}", "x"), FileError);
}

}  // namespace
}  // namespace lockstep::ml
