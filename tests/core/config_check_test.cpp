#include <google/protobuf/text_format.h>

#include <algorithm>

#include "core/config.hpp"
#include "tests/catch.hpp"

namespace lockstep {
namespace {

// What check_ranges says of a message, one line each: field: what (advice).
template <typename Message>
std::string complaints(const std::string& text) {
  Message message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  Problems problems;
  check_ranges(message, "at", problems);
  if (problems.empty()) return "";
  problems.add("zzz", "end");
  try {
    problems.throw_if_any({});
  } catch (const ConfigError& error) {
    const std::string all = error.what();
    return all.substr(all.find('\n'), all.find("\n  zzz") - all.find('\n'));
  }
  return "not thrown";
}

TEST_CASE("check_ranges is content with the limits themselves where they are allowed",
          "[core][config]") {
  CHECK(complaints<proto::Dropout>("rate: 0").empty());
  CHECK(complaints<proto::Dropout>("").empty());
  CHECK(complaints<proto::Cluster>("bucket_megabytes: 256").empty());
  CHECK(complaints<proto::Network>("epochs: 0 lane_size: 1").empty());
}

TEST_CASE("check_ranges names the limit that a value breaks", "[core][config]") {
  CHECK(complaints<proto::Dropout>("rate: 1") ==
        "\n  at.rate: 1 is out of range (it must be smaller than 1)");
  CHECK(complaints<proto::Dropout>("rate: -0.5") ==
        "\n  at.rate: -0.5 is out of range (it must be at least 0)");
  CHECK(complaints<proto::Cluster>("bucket_megabytes: 257") ==
        "\n  at.bucket_megabytes: 257 is out of range (it must be at most 256)");
  CHECK(complaints<proto::Cluster>("bucket_megabytes: 0") ==
        "\n  at.bucket_megabytes: 0 is out of range (it must be larger than 0)");
  CHECK(complaints<proto::Network>("lane_size: 0") ==
        "\n  at.lane_size: 0 is out of range (it must be at least 1)");
}

TEST_CASE("check_ranges refuses what is not a number, and an infinity where there is a limit",
          "[core][config]") {
  CHECK(complaints<proto::Dropout>("rate: nan") == "\n  at.rate: not a number");
  CHECK(complaints<proto::ImageFeature>("mean: [0, nan]") == "\n  at.mean[1]: not a number");
  CHECK(complaints<proto::Cluster>("bucket_megabytes: inf") ==
        "\n  at.bucket_megabytes: inf is out of range (it must be at most 256)");
}

TEST_CASE("check_ranges misses required fields and kinds, at any depth", "[core][config]") {
  const std::string found =
      complaints<proto::Network>("layer { dense {} } layer { name: 'x' } loss {}");
  // The kinds grow with the catalogue, so that the test names only the first ones.
  CHECK(found.starts_with(
      "\n  at.layer[0].dense.units: units is missing (Dense needs it)"
      "\n  at.layer[1]: Layer without a kind (give one of conv2d, max_pooling, "));
  CHECK_THAT(found, has_text("variational_code)\n  at.loss: Loss without a kind (give one of "
                             "cross_entropy, binary_cross_entropy, "));
  CHECK(std::count(found.begin(), found.end(), '\n') == 3);
  CHECK(complaints<proto::LearningRate>("warmup_steps: 5").empty());  // its kind may be left out
}

TEST_CASE("check_ranges finds everything in one go", "[core][config]") {
  CHECK(complaints<proto::Experiment>(
            "data { partitions: 0 validation_fraction: 1 } cluster { stall_timeout_seconds: 0 }") ==
        "\n  at.name: name is missing (Experiment needs it)"
        "\n  at.data.train: train is missing (Data needs it)"
        "\n  at.data.validation_fraction: 1 is out of range (it must be smaller than 1)"
        "\n  at.data.partitions: 0 is out of range (it must be at least 1)"
        "\n  at.cluster.stall_timeout_seconds: 0 is out of range (it must be larger than 0)");
}

}  // namespace
}  // namespace lockstep
