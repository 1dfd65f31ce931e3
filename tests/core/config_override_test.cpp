#include <google/protobuf/text_format.h>

#include <filesystem>

#include "core/config.hpp"
#include "tests/catch.hpp"

namespace lockstep {
namespace {

proto::Experiment two_stages() {
  proto::Experiment experiment;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(
      "name: 'a' data { train { libsvm { path: '/x' } } }"
      "stage { image_feature { height: 8 } }"
      "stage { network { layer { dense { units: 3 } } layer { dense { units: 2 } } epochs: 9 } }",
      &experiment));
  return experiment;
}

// What an override says against itself; empty if it was taken.
std::string complaint(proto::Experiment& experiment, const std::string& assignment) {
  Problems problems;
  apply_override(experiment, assignment, problems);
  try {
    problems.throw_if_any({});
  } catch (const ConfigError& error) {
    return std::string(error.what()) + (error.advice().empty() ? "" : " | " + error.advice());
  }
  return "";
}

proto::Experiment with(const std::string& assignment) {
  auto experiment = two_stages();
  CHECK(complaint(experiment, assignment).empty());
  return experiment;
}

std::string refused(const std::string& assignment) {
  auto experiment = two_stages();
  const auto text = complaint(experiment, assignment);
  CHECK(to_text(experiment) == to_text(two_stages()));  // and nothing has changed
  return text;
}

TEST_CASE("--set sets a field by its path, by the stage's number or by its kind",
          "[core][config]") {
  CHECK(with("seed=7").seed() == 7);
  CHECK(with("data.partitions=32").data().partitions() == 32);
  CHECK(with("stage[1].network.epochs=3").stage(1).network().epochs() == 3);
  CHECK(with("network.epochs=3").stage(1).network().epochs() == 3);
  CHECK(with("network[0].epochs=3").stage(1).network().epochs() == 3);
  CHECK(with("image_feature.height=4").stage(0).image_feature().height() == 4);
  CHECK(with("network.layer[1].dense.units=5").stage(1).network().layer(1).dense().units() == 5);
  CHECK(with("network.layer[1].dense.activation=RELU")
            .stage(1)
            .network()
            .layer(1)
            .dense()
            .activation() == proto::RELU);
  CHECK(with("network.shuffle=false").stage(1).network().shuffle() == false);
}

TEST_CASE("--set takes strings with and without quotes, whatever is in them", "[core][config]") {
  CHECK(with("name=b c").name() == "b c");
  CHECK(with("name=\"b c\"").name() == "b c");
  CHECK(with("name='b'").name() == "b");
  CHECK(with("name=a=b").name() == "a=b");
  CHECK(with("name=[x]").name() == "[x]");
  CHECK(with("name=it's \"so\"\\n").name() == "it's \"so\"\\n");
  CHECK(with("name=").name().empty());
}

TEST_CASE("--set makes file names absolute, against the working folder", "[core][config]") {
  const auto here = std::filesystem::current_path().string();
  CHECK(with("data.train.libsvm.path=b.txt").data().train().libsvm().path(0) == here + "/b.txt");
  CHECK(with("data.train.libsvm.path='b.txt'").data().train().libsvm().path(0) == here + "/b.txt");
  CHECK(with("data.train.libsvm.path=/b.txt").data().train().libsvm().path(0) == "/b.txt");
  const auto two = with("data.train.libsvm.path=['b.txt', '/c.txt']").data().train().libsvm();
  REQUIRE(two.path_size() == 2);
  CHECK(two.path(0) == here + "/b.txt");
  CHECK(two.path(1) == "/c.txt");
}

TEST_CASE("--set replaces lists and messages, and makes what was not there", "[core][config]") {
  const auto layers = with("network.layer=[{ dense { units: 1 } }]").stage(1).network();
  CHECK((layers.layer_size() == 1 && layers.layer(0).dense().units() == 1));
  CHECK(with("image_feature.mean=[1, 2]").stage(0).image_feature().mean_size() == 2);
  CHECK(with("network.optimizer={ sgd { momentum: 0.5 } }")
            .stage(1)
            .network()
            .optimizer()
            .sgd()
            .momentum() == 0.5);
  CHECK(with("network.optimizer.adamw.beta1=0.5").stage(1).network().optimizer().adamw().beta1() ==
        0.5);
  CHECK(with("data.train={ synthetic { rows: 5 } }").data().train().synthetic().rows() == 5);
  CHECK(with("evaluate=[{ multiclass {} }, { binary {} }]").evaluate_size() == 2);
}

TEST_CASE("--set: an unknown field gets a suggestion", "[core][config]") {
  CHECK(refused("network.epoch=3") ==
        "--set: unknown field 'epoch' in Network | did you mean epochs?");
  CHECK(refused("sed=3") == "--set: unknown field 'sed' in Experiment | did you mean seed?");
  CHECK(refused("metwork.epochs=3") ==
        "--set: unknown field 'metwork' in Experiment | did you mean network?");
}

TEST_CASE("--set asks which one is meant", "[core][config]") {
  CHECK(refused("stage.network.epochs=3") ==
        "--set: there are 2 of 'stage' | say which, as stage[0]");
  CHECK(refused("stage[2].network.epochs=3") ==
        "--set: there are 2 of 'stage' | say which, as stage[0]");
  CHECK(refused("network[1].epochs=3") == "the config has 1 'network' stages");
  auto twins = two_stages();
  *twins.add_stage() = twins.stage(1);
  CHECK(complaint(twins, "network.epochs=3") ==
        "the config has 2 'network' stages | say which, as network[0]");
  CHECK(complaint(twins, "network[1].epochs=3").empty());
  CHECK(twins.stage(2).network().epochs() == 3);
  CHECK(twins.stage(1).network().epochs() == 9);
}

TEST_CASE("--set refuses what it cannot set, and leaves the config as it was", "[core][config]") {
  CHECK(refused("seed") == "--set needs path=value | for example --set network.epochs=3");
  CHECK(refused("=3") == "--set needs path=value | for example --set network.epochs=3");
  CHECK(refused("network..epochs=3") ==
        "--set needs path=value | for example --set network.epochs=3");
  CHECK(refused("stage[99999999999].network.epochs=3") ==
        "--set needs path=value | for example --set network.epochs=3");
  CHECK(refused("seed.x=3") == "--set: 'seed' has no fields of its own");
  CHECK(refused("data[0].partitions=3") == "--set: 'data' is not a list | leave the [] out");
  CHECK(refused("network.layer[0]={}") ==
        "--set: a single element cannot be set | give the whole list: layer=[...]");
  CHECK(refused("network.epochs=three").find("--set: 'three' does not fit: Expected integer") == 0);
  CHECK(
      refused("network.monitor=LOS").find("--set: 'LOS' does not fit: Unknown enumeration value") ==
      0);
  CHECK(refused("network.layer=").find("--set: '' does not fit") == 0);
  CHECK(refused("network.layer=[{ dense { units: }").find("--set: ") == 0);
}

}  // namespace
}  // namespace lockstep
