#include "core/config.hpp"

#include <google/protobuf/text_format.h>

#include "core/files.hpp"
#include "tests/catch.hpp"
#include "tests/data/temporary_folder.hpp"

namespace lockstep {
namespace {

using tests::TemporaryFolder;

proto::Experiment experiment_of(const std::string& text) {
  proto::Experiment experiment;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &experiment));
  return experiment;
}

std::string digest(const std::string& text) { return config_digest(experiment_of(text)); }

const std::string kBase =
    "name: 'a' seed: 3 data { train { libsvm { path: '/x/train.txt' } } } stage { network { "
    "epochs: 4 } } ";

TEST_CASE("config_digest ignores cluster, output and the folders of files", "[core][config]") {
  CHECK(digest(kBase).size() == 16);
  CHECK(digest(kBase + "cluster { dedicated_driver: true }") == digest(kBase));
  CHECK(digest(kBase + "output { run_dir: '/somewhere' report: false }") == digest(kBase));
  CHECK(digest("name: 'a' seed: 3 data { train { libsvm { path: 'y/train.txt' } } } stage { "
               "network { epochs: 4 } }") == digest(kBase));
}

TEST_CASE("config_digest ignores how long a run goes on", "[core][config]") {
  const auto with = [](const std::string& fields) {
    return digest("name: 'a' stage { network { early_stopping { " + fields + " } epochs: 3 } }");
  };
  CHECK(with("patience: 3") == with("patience: 5"));
  CHECK(with("min_delta: 3") != with("min_delta: 5"));
  CHECK(digest("name: 'a' stage { autoencoder { epochs: 3 max_steps: 9 } }") ==
        digest("name: 'a' stage { autoencoder {} }"));
}

TEST_CASE("config_digest notices everything else", "[core][config]") {
  for (const auto& [part, other] :
       std::vector<std::pair<std::string, std::string>>{{"seed: 3", "seed: 4"},
                                                        {"name: 'a'", "name: 'b'"},
                                                        {"train.txt", "other.txt"},
                                                        {"epochs: 4", "global_batch: 5"}}) {
    std::string changed = kBase;
    changed.replace(changed.find(part), part.size(), other);
    CHECK(digest(changed) != digest(kBase));
  }
  CHECK(digest(kBase + "evaluate { multiclass {} }") != digest(kBase));
}

TEST_CASE("resolve_paths makes relative file names absolute and leaves the others",
          "[core][config]") {
  auto experiment = experiment_of(
      "data { train { libsvm { path: 'a.txt' } } test { idx { images: '../b' labels: '/c' } } } "
      "output { run_dir: 'runs/x' } name: 'n'");
  resolve_paths(experiment, "/home/me");
  CHECK(experiment.data().train().libsvm().path(0) == "/home/me/a.txt");
  CHECK(experiment.data().test().idx().images() == "/home/b");
  CHECK(experiment.data().test().idx().labels() == "/c");
  CHECK(experiment.output().run_dir() == "/home/me/runs/x");
  CHECK(experiment.name() == "n");
}

TEST_CASE("from_text takes what to_text wrote, and nothing else", "[core][config]") {
  const auto experiment = experiment_of(kBase);
  proto::Experiment back;
  CHECK(from_text(to_text(experiment), back));
  CHECK(to_text(back) == to_text(experiment));
  CHECK_FALSE(from_text(to_text(experiment) + "}", back));
  CHECK_FALSE(from_text("unknown: 3", back));
}

TEST_CASE("child names the parts of a config path", "[core][config]") {
  CHECK(child("", "seed") == "seed");
  CHECK(child(child("stage", 1), "network") == "stage[1].network");
}

TEST_CASE("load_config reads, resolves, overrides and checks", "[core][config]") {
  TemporaryFolder folder;
  const std::string path = folder.write(
      "a.textproto",
      "name: 'a' data { train { libsvm { path: 'train.txt' } } } stage { network { epochs: 4 } }");
  int checked = 0;
  const auto config =
      load_config(path, {"network.epochs=7"}, [&](const proto::Experiment& experiment, Problems&) {
        ++checked;
        CHECK(experiment.stage(0).network().epochs() == 7);
      });
  CHECK(checked == 1);
  CHECK(config.experiment.data().train().libsvm().path(0) == folder.path() + "/train.txt");
  CHECK(config.locations.file == path);
}

TEST_CASE("load_config lists the mistakes of every kind together, in the order of the file",
          "[core][config]") {
  TemporaryFolder folder;
  const std::string path = folder.write(
      "a.textproto",
      "name: 'a'\nsed: 1\ndata {\n  partitions: 0\n  train {}\n}\n"
      "stage {\n  network {\n    monitor: LOS\n    layer {\n      dense {}\n    }\n  }\n}\n");
  const auto check = [](const proto::Experiment&, Problems& problems) {
    problems.add("stage[0].network.epochs", "a check of more than one field");
  };
  CHECK_THROWS_WITH(
      load_config(path, {"network.lane=3"}, check),
      path + " has 7 errors\n  " + path +
          ": network.lane: --set: unknown field 'lane' in Network (did you mean lane_size or "
          "layer?)\n  " +
          path + ":2:1: unknown field 'sed' in Experiment (did you mean seed?)\n  " + path +
          ":4:3: data.partitions: 0 is out of range (it must be at least 1)\n  " + path +
          ":5:3: data.train: Source without a kind (give one of libsvm, idx, synthetic, csv, text, "
          "json)\n  " +
          path + ":8:3: stage[0].network.epochs: a check of more than one field\n  " + path +
          ":9:14: unknown value 'LOS' for monitor (did you mean LOSS?)\n  " + path +
          ":11:7: stage[0].network.layer[0].dense.units: units is missing (Dense needs it)");
}

TEST_CASE("load_config: of a text that cannot be read to its end, nothing is said to be missing",
          "[core][config]") {
  TemporaryFolder folder;
  const std::string path = folder.write("a.textproto", "name: 'a'\ndata {\n");
  try {
    (void)load_config(path, {}, {});
    FAIL("half a file was taken");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("missing") == std::string::npos);
    CHECK(error.where().line == 3);
  }
}

TEST_CASE("load_config: a file that is not there is a FileError", "[core][config]") {
  TemporaryFolder folder;
  CHECK_THROWS_AS(load_config(folder.path() + "/none", {}, {}), FileError);
}

}  // namespace
}  // namespace lockstep
