#pragma once
/// libsvm files on many ranks. A plain file is cut into byte ranges over ranks and threads, at line
/// ends; a packed one is unpacked by the first rank that owns partitions and parsed there by its
/// threads. Row numbers follow the file either way.

#include "data/redistribute.hpp"
#include "data/sources/input.hpp"

namespace lockstep::data {

/// COLLECTIVE. @throws AgreedError: FileError, or DataError with file:line:column of the first bad
/// row of the file
ParsedRows read_libsvm(const dist::Communicator& ranks, ThreadPool& threads,
                       const proto::LibsvmSource& config, const LoadOptions& options);

/// The first rank that owns partitions: it reads what only one rank can read.
int first_worker(const LoadOptions& options);

/// The lines of a file that start in [begin, end), whole; line ends included. `buffer` holds them.
std::string_view read_lines(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                            std::string& buffer);

}  // namespace lockstep::data
