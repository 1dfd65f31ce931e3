#pragma once
/// The command line: parses it on every rank and runs the command it names.

namespace lockstep::apps {

/// The whole program; returns its exit code.
int run(int argc, char** argv);

}  // namespace lockstep::apps
