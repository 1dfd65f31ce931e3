#include "data/sources/libsvm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <optional>

#include "core/error.hpp"
#include "data/sources/libsvm_parser.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{2} << 20;  // of text parsed at once
constexpr std::size_t kTailBytes = std::size_t{64}
                                   << 10;  // read at once to find the end of a piece's last line
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The rows of one piece of text and where it starts.
struct Piece {
  std::uint64_t begin = 0;
  LibsvmRows rows;
};

[[noreturn]] void throw_problem(const std::string& path, std::int64_t lines_before,
                                const LibsvmProblem& problem) {
  throw DataError(problem.what,
                  {.file = path, .line = lines_before + problem.line + 1, .column = problem.column},
                  problem.advice);
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

std::int64_t count_lines(const InputFile& file, std::uint64_t end) {
  std::string buffer(kPieceBytes, '\0');
  std::int64_t lines = 0;
  for (std::uint64_t at = 0; at < end; at += buffer.size()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const std::size_t got = file.read_at(at, {buffer.data(), size});
    lines += std::count(buffer.data(), buffer.data() + got, '\n');
  }
  return lines;
}

/// Parses this rank's byte range of a plain file.
std::vector<Piece> parse_range(const InputFile& file, dist::Node range, ThreadPool& threads,
                               const LibsvmRules& rules) {
  std::vector<Piece> pieces((range.end - range.begin + kPieceBytes - 1) / kPieceBytes);
  std::vector<std::string> buffers(threads.size());
  std::atomic<std::size_t> first_bad = pieces.size();
  threads.for_each(pieces.size(), [&](std::size_t thread, std::size_t i) {
    if (i > first_bad) return;
    const std::uint64_t begin = range.begin + i * kPieceBytes;
    const std::uint64_t end = std::min<std::uint64_t>(begin + kPieceBytes, range.end);
    std::string_view text = read_lines(file, begin, end, buffers[thread]);
    // A piece in which no line starts has no problems either, so its begin is never asked for.
    pieces[i].begin = begin + static_cast<std::uint64_t>(
                                  begin == 0 ? 0 : text.data() - buffers[thread].data() - 1);
    if (begin == 0) text = without_mark(text);
    pieces[i].rows = parse_libsvm(text, rules);
    if (pieces[i].rows.problem) {
      std::size_t known = first_bad;
      while (i < known && !first_bad.compare_exchange_weak(known, i)) {
      }
    }
  });
  if (first_bad < pieces.size()) {
    const Piece& bad = pieces[first_bad];
    throw_problem(file.path(), count_lines(file, bad.begin), *bad.rows.problem);
  }
  return pieces;
}

/// Cuts a stream into blocks of whole lines. The blocks depend on the file alone.
class LineBlocks {
 public:
  explicit LineBlocks(const std::string& path) : stream_(path) {}

  /// The next block; empty at the end.
  std::string next() {
    std::string block = std::move(rest_);
    rest_.clear();
    std::size_t end = 0;  // of the last whole line
    while (!at_end_ && end == 0) {
      const std::size_t before = block.size();
      block.resize(before + kPieceBytes);
      block.resize(before +
                   stream_.read({block.data() + before, static_cast<std::size_t>(kPieceBytes)}));
      at_end_ = block.size() < before + kPieceBytes;
      end = block.rfind('\n') + 1;  // npos + 1 == 0
    }
    if (!at_end_) {
      rest_ = block.substr(end);
      block.resize(end);
    }
    return block;
  }

 private:
  InputStream stream_;
  std::string rest_;
  bool at_end_ = false;
};

/// A few blocks, and the error that ended them.
struct Batch {
  std::vector<std::string> blocks;
  std::exception_ptr failure;
};

Batch read_batch(LineBlocks& blocks, std::size_t most) {
  Batch batch;
  try {
    while (batch.blocks.size() < most) {
      std::string block = blocks.next();
      if (block.empty()) break;
      batch.blocks.push_back(std::move(block));
    }
  } catch (...) {
    batch.failure = std::current_exception();  // after the rows before it, whose errors come first
  }
  return batch;
}

/// Unpacks and parses a whole file: thread 0 unpacks the next batch while the others parse this
/// one, then helps.
std::vector<Piece> parse_stream(const std::string& path, ThreadPool& threads,
                                const LibsvmRules& rules) {
  LineBlocks blocks(path);
  std::vector<Piece> pieces;
  std::int64_t lines = 0;
  Batch now = read_batch(blocks, threads.size());
  if (!now.blocks.empty() && now.blocks[0].starts_with(kByteOrderMark))
    now.blocks[0].erase(0, kByteOrderMark.size());
  for (;;) {
    Batch next;
    std::vector<Piece> parsed(now.blocks.size());
    std::atomic<std::size_t> counter = 0;
    threads.run([&](std::size_t thread) {
      if (thread == 0 && !now.failure && !now.blocks.empty())
        next = read_batch(blocks, threads.size());
      for (std::size_t i = counter++; i < parsed.size(); i = counter++) {
        parsed[i].rows = parse_libsvm(now.blocks[i], rules);
      }
    });
    for (Piece& piece : parsed) {
      if (piece.rows.problem) throw_problem(path, lines, *piece.rows.problem);
      lines += piece.rows.lines;
      pieces.push_back(std::move(piece));
    }
    if (now.failure) std::rethrow_exception(now.failure);
    if (now.blocks.empty()) return pieces;
    now = std::move(next);
  }
}

/// COLLECTIVE. How the file is packed and its size, as the first worker sees them.
struct Found {
  Packing packing = Packing::None;
  std::uint64_t size = 0;
};
Found look_at(const dist::Communicator& ranks, const std::string& path, int reader) {
  Found found;
  dist::all_or_none(ranks, [&] {
    if (ranks.rank() != reader) return;
    const InputFile file(path);
    found = {packing_of(file), file.size()};
  });
  ranks.broadcast(std::as_writable_bytes(std::span(&found, 1)), reader);
  return found;
}

std::vector<Piece> parse(const dist::Communicator& ranks, ThreadPool& threads,
                         const std::string& path, int reader, const LibsvmRules& rules) {
  const Found found = look_at(ranks, path, reader);
  std::vector<Piece> pieces;
  dist::all_or_none(ranks, [&] {
    if (found.packing != Packing::None) {
      if (ranks.rank() == reader) pieces = parse_stream(path, threads, rules);
      return;
    }
    const InputFile file(path);
    if (file.size() != found.size) {
      throw FileError(fmt::format("'{}' has {} bytes here and {} bytes on rank {}", path,
                                  file.size(), found.size, reader),
                      {.file = path, .rank = ranks.rank()},
                      "every rank must see the same file: use a shared file system, and do not "
                      "write to it meanwhile");
    }
    const auto workers = static_cast<std::size_t>(ranks.world_size());
    pieces = parse_range(
        file, dist::block_of(found.size, static_cast<std::size_t>(ranks.rank()), workers), threads,
        rules);
  });
  return pieces;
}

LibsvmRules rules_of(const proto::LibsvmSource& config, const LoadOptions& options) {
  LibsvmRules rules;
  rules.zero_based = config.zero_based();
  rules.labels_optional = options.keep_labels_optional;
  rules.num_features = config.has_num_features() ? config.num_features() : 0;
  if (options.num_features) {
    rules.num_features = *options.num_features;
    rules.width_comes_from = "the training rows";
  }
  return rules;
}

}  // namespace

int first_worker(const LoadOptions& options) {
  for (std::size_t rank = 0; rank < options.blocks.size(); ++rank) {
    if (options.blocks[rank].begin < options.blocks[rank].end) return static_cast<int>(rank);
  }
  return 0;
}

std::string_view read_lines(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                            std::string& buffer) {
  // The byte before `begin` tells whether a line starts at `begin`.
  const std::uint64_t from = begin == 0 ? 0 : begin - 1;
  buffer.resize(static_cast<std::size_t>(end - from));
  buffer.resize(file.read_at(from, buffer));
  std::size_t start = 0;
  if (begin != 0) {
    start = buffer.find('\n');
    if (start == std::string::npos || start + 1 == buffer.size()) return {};
    ++start;
  }
  if (buffer.empty() || buffer.back() == '\n') return std::string_view(buffer).substr(start);
  for (;;) {  // the last line goes on behind `end`
    const std::size_t before = buffer.size();
    buffer.resize(before + kTailBytes);
    buffer.resize(before + file.read_at(from + before, {buffer.data() + before, kTailBytes}));
    const std::size_t line_end = buffer.find('\n', before);
    if (line_end != std::string::npos)
      return std::string_view(buffer).substr(start, line_end + 1 - start);
    if (buffer.size() < before + kTailBytes) return std::string_view(buffer).substr(start);
  }
}

ParsedRows read_libsvm(const dist::Communicator& ranks, ThreadPool& threads,
                       const proto::LibsvmSource& config, const LoadOptions& options) {
  const LibsvmRules rules = rules_of(config, options);
  std::vector<Piece> pieces = parse(ranks, threads, config.path(), first_worker(options), rules);
  std::int64_t seen[] = {0, 0};  // width, rows without a label
  for (const Piece& piece : pieces) {
    seen[0] = std::max(seen[0], static_cast<std::int64_t>(piece.rows.width));
    if (!piece.rows.labelled) seen[1] = 1;
  }
  ranks.allreduce_max(seen);
  const std::int64_t width = rules.num_features != 0 ? static_cast<std::int64_t>(rules.num_features)
                                                     : std::max<std::int64_t>(seen[0], 1);
  ParsedRows parsed;
  parsed.format = {.features = {ColumnType::Kind::Vector, {width}, !config.has_num_features()},
                   .sparse = true,
                   .labelled = seen[1] == 0};
  for (Piece& piece : pieces) parsed.batches.push_back(std::move(piece.rows.batch));
  return parsed;
}

}  // namespace lockstep::data
