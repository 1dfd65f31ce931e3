/// lockstep: data-parallel training over MPI. One file a subcommand in apps/commands/.
#include "apps/cli.hpp"

int main(int argc, char** argv) { return lockstep::apps::run(argc, argv); }
