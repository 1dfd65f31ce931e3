#include "core/config.hpp"
#include "tests/catch.hpp"

namespace lockstep {
namespace {

struct Parsed {
  proto::Experiment experiment;
  bool whole;
  std::string complaints;  // one line each: LINE:COLUMN: what (advice)
};

Parsed parse(const std::string& text) {
  Parsed parsed;
  Locations locations;
  Problems problems;
  parsed.whole = parse_text(text, parsed.experiment, locations, problems);
  problems.add_at({.line = 99}, "end");  // so that there are two and a list is made
  problems.add_at({.line = 99}, "end");
  try {
    problems.throw_if_any(locations);
  } catch (const ConfigError& error) {
    const std::string all = error.what();
    const auto begin = all.find('\n');
    parsed.complaints = all.substr(begin, all.find("\n  :99") - begin);
  }
  return parsed;
}

TEST_CASE("parse_text reads a config and notes where its fields stand", "[core][config]") {
  proto::Experiment experiment;
  Locations locations;
  locations.file = "a.textproto";
  Problems problems;
  CHECK(
      parse_text("name: 'a'\nstage {\n  network {\n    epochs: 3\n\tlane_size: 4\n    layer { "
                 "dense { units: 2 } }\n  }\n}\n",
                 experiment, locations, problems));
  CHECK(problems.empty());
  CHECK(experiment.stage(0).network().epochs() == 3);
  CHECK(to_string(locations.find("stage[0].network.epochs")) ==
        "a.textproto:4:5: stage[0].network.epochs");
  CHECK(to_string(locations.find("stage[0].network.lane_size")) ==
        "a.textproto:5:2: stage[0].network.lane_size");  // a tab is one
  CHECK(to_string(locations.find("stage[0].network.layer[0].dense.units")) ==
        "a.textproto:6:21: stage[0].network.layer[0].dense.units");
}

TEST_CASE("parse_text tells an unknown field with its place and the nearest name, and reads on",
          "[core][config]") {
  const auto parsed = parse(
      "name: 'a'\nstage {\n  network { epoch: 3 lane_size: 4 }\n  metwork { a: 1 }\n}\nseed: 5\n");
  CHECK(parsed.complaints ==
        "\n  :3:13: unknown field 'epoch' in Network (did you mean epochs?)"
        "\n  :4:3: unknown field 'metwork' in Stage (did you mean network?)");
  CHECK(parsed.whole);
  CHECK(parsed.experiment.seed() == 5);
  CHECK(parsed.experiment.stage(0).network().lane_size() == 4);
}

TEST_CASE("parse_text tells an unknown enum value where it stands, with the nearest one",
          "[core][config]") {
  CHECK(parse("stage { network { layer { dense { activation: RELUU } } } }").complaints ==
        "\n  :1:47: unknown value 'RELUU' for activation (did you mean RELU or ELU or GELU?)");
  // The parser has read on to the next line when it complains.
  const auto parsed = parse(
      "stage { network { layer { dense {\n  activation: SOFTMAXX  # SOFTMAXX?\n\n  units: 3\n} } "
      "epochs: 2 } }");
  CHECK(parsed.complaints ==
        "\n  :2:15: unknown value 'SOFTMAXX' for activation (did you mean SOFTMAX?)");
  CHECK(parsed.whole);
  CHECK(parsed.experiment.stage(0).network().layer(0).dense().units() == 3);
  CHECK(parsed.experiment.stage(0).network().epochs() == 2);
}

TEST_CASE("parse_text tells an unknown value in a list", "[core][config]") {
  const auto parsed = parse("evaluate { multiclass { metric_name: [ACCURACY, F2] } }\nseed: 4");
  CHECK(parsed.complaints ==
        "\n  :1:49: unknown value 'F2' for metric_name (did you mean F1 or R2?)");
  CHECK(parsed.experiment.seed() == 4);
}

TEST_CASE("parse_text tells values of a wrong type, several at once", "[core][config]") {
  const auto parsed = parse(
      "name: 'a'\nseed: 'one'\ndata { partitions: 2.5 }\n"
      "stage { network {\n  epochs: -3\n  shuffle: 7\n\tlane_size: x gradient_clip { norm: y }\n  "
      "global_batch: 99999999999\n  max_steps: 12\n} }\n");
  CHECK(parsed.complaints ==
        "\n  :2:7: Expected integer, got: 'one'"
        "\n  :3:20: Expected integer, got: 2.5"
        "\n  :5:11: Expected integer, got: -"
        "\n  :6:12: Integer out of range (7)"
        "\n  :7:13: Expected integer, got: x"
        "\n  :7:37: Expected double, got: y"
        "\n  :8:17: Integer out of range (99999999999)");
  CHECK(parsed.whole);
  CHECK(parsed.experiment.name() == "a");
  CHECK(parsed.experiment.stage(0).network().max_steps() == 12);
}

TEST_CASE("parse_text tells a field that is given twice", "[core][config]") {
  const auto parsed =
      parse("seed: 1\nname: 'a'\nseed: 2\nstage { network {\n  epochs: 3  epochs: 4\n} }");
  CHECK(parsed.complaints ==
        "\n  :3:1: Non-repeated field \"seed\" is specified multiple times."
        "\n  :5:14: Non-repeated field \"epochs\" is specified multiple times.");
  CHECK(parsed.whole);
  CHECK(parsed.experiment.stage(0).network().epochs() == 3);
}

TEST_CASE("parse_text tells two kinds where there can be one", "[core][config]") {
  CHECK(parse("data { train {\n  libsvm { path: 'a' }\n  synthetic { rows: 5 }\n} }").complaints ==
        "\n  :3:3: Field \"synthetic\" is specified along with field \"libsvm\", another member of "
        "oneof \"kind\".");
}

TEST_CASE("parse_text tells mistakes of several kinds together", "[core][config]") {
  const auto parsed = parse("nam: 'a'\nseed: x\nstage { network { monitor: LOS\n  epochs: 3 } }");
  CHECK(parsed.complaints ==
        "\n  :1:1: unknown field 'nam' in Experiment (did you mean name?)"
        "\n  :2:7: Expected integer, got: x"
        "\n  :3:28: unknown value 'LOS' for monitor (did you mean LOSS?)");
}

TEST_CASE("parse_text: a field without a value does not take the fields after it along",
          "[core][config]") {
  const auto parsed = parse("seed:  # which?\nname: 'a'\nstage { network { epochs: 3 } }");
  CHECK(parsed.complaints == "\n  :2:1: Expected integer, got: name");
  CHECK(parsed.whole);
  CHECK(parsed.experiment.stage(0).network().epochs() == 3);
}

TEST_CASE("parse_text says when it could not read to the end", "[core][config]") {
  const auto parsed = parse("name: 'a'\nstage {\n  network {\n    epochs: 3\n  }\n");
  CHECK_FALSE(parsed.whole);
  CHECK(parsed.complaints.substr(0, 7) == "\n  :6:1");
  CHECK_FALSE(parse("name: 'a'\n}\n").whole);
  CHECK_FALSE(parse("name 'a'").whole);
  CHECK(parse("").whole);
}

}  // namespace
}  // namespace lockstep
