#pragma once
/// Loading an experiment: text format -> message, every mistake at once, with file, line, column
/// and the nearest valid name.

#include <functional>
#include <string>
#include <vector>

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"

namespace lockstep {

struct Config {
  proto::Experiment experiment;
  Locations locations;
};

/// Checks that go beyond one field; adds what it finds, throws nothing.
using Check = std::function<void(const proto::Experiment&, Problems&)>;

/// Reads `path`, applies `overrides` (each "path=value"), makes file names absolute (relative ones
/// are relative to the config file), checks every field's range and then `check`. Driver only.
/// @throws ConfigError that lists every problem; FileError if the file cannot be read.
Config load_config(const std::string& path, const std::vector<std::string>& overrides,
                   const Check& check);

/// Parses text format into `message`, adding problems; goes on after mistakes where it can. False
/// if it could not read to the end: then nothing can be said about what is missing.
[[nodiscard]] bool parse_text(const std::string& text, google::protobuf::Message& message,
                              Locations& locations, Problems& problems);

/// Checks required fields, ranges and oneofs of `message` and everything below, as
/// core/proto/options.proto states them.
void check_ranges(const google::protobuf::Message& message, const std::string& at,
                  Problems& problems);

/// Sets one field: "data.partitions=32", "stage[1].network.epochs=3", or by the stage's kind:
/// "network.epochs=3". Values are text format; strings may go without quotes; a repeated field is
/// replaced: network.layer=[...] or strides=[2, 2].
void apply_override(proto::Experiment& experiment, const std::string& assignment,
                    Problems& problems);

/// Makes relative file names absolute, against `folder`.
void resolve_paths(google::protobuf::Message& message, const std::string& folder);

/// What two runs must have in common to be the same experiment: everything but cluster, output,
/// checkpoint intervals and folders of files. 16 hex digits.
std::string config_digest(const proto::Experiment& experiment);

/// The message in text format, as config.textproto of a run folder holds it.
std::string to_text(const google::protobuf::Message& message);

/// The way back, for what Lockstep wrote itself; false, and not a word, if the text is not whole.
[[nodiscard]] bool from_text(const std::string& text, google::protobuf::Message& message);

/// Path of a part: child("stage", 1) = "stage[1]"; child("", "seed") = "seed".
std::string child(const std::string& at, const std::string& name);
std::string child(const std::string& at, std::size_t index);

}  // namespace lockstep
