#include "data/sources/text_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "core/error.hpp"
#include "core/serial.hpp"
#include "data/sources/text_units.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kPiecesAThread = 4;  // parsed before their rows are put away
constexpr std::uint64_t kPieceMemory = 2 * kTextPieceBytes;  // of a piece and its rows, about

std::int64_t count_lines(std::string_view text) {
  return std::count(text.begin(), text.end(), '\n');
}

std::int64_t count_lines(const InputFile& file, std::uint64_t end) {
  std::string buffer(kTextPieceBytes, '\0');
  std::int64_t lines = 0;
  for (std::uint64_t at = 0; at < end; at += buffer.size()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const std::size_t got = file.read_at(at, {buffer.data(), size});
    lines += count_lines(std::string_view(buffer).substr(0, got));
  }
  return lines;
}

/// Parses this rank's units, in order.
class Reading {
 public:
  Reading(const std::vector<FileInfo>& files, const TextFormat& format, ThreadPool& threads,
          BatchStore& rows)
      : files_(files), format_(format), threads_(threads), rows_(rows) {}

  /// `inside`: for each unit of all, whether it begins inside quotes; empty: none does.
  void run(const std::vector<TextUnit>& units, dist::Range own,
           const std::vector<std::uint8_t>& inside) {
    const std::size_t most = most_pieces(threads_.size() * kPiecesAThread);
    for (std::size_t u = own.begin; u < own.end;) {
      if (units[u].whole) {
        format_.whole_files() ? parse_files(units, u, own.end)
                              : parse_stream(files_[units[u++].file]);
        continue;
      }
      std::size_t end = u;
      while (end < own.end && end - u < most && !units[end].whole &&
             units[end].file == units[u].file)
        ++end;
      parse_ranges(units, {u, end}, inside);
      u = end;
    }
  }

  TextFacts& facts() { return facts_; }

 private:
  /// How many pieces may be in hand at a time: at most `most`, and as much as rows may stay.
  std::size_t most_pieces(std::size_t most) const {
    if (rows_.limit_bytes() == 0) return most;
    const auto fit = static_cast<std::size_t>(rows_.limit_bytes() / kPieceMemory);
    return std::clamp<std::size_t>(fit, 1, most);
  }

  void parse_ranges(const std::vector<TextUnit>& units, dist::Range some,
                    const std::vector<std::uint8_t>& inside) {
    const FileInfo& info = files_[units[some.begin].file];
    const InputFile file(info.path);
    if (file.size() != info.size) {
      throw FileError(fmt::format("'{}' has {} bytes here, and {} bytes on rank 0", info.path,
                                  file.size(), info.size),
                      {.file = info.path},
                      "every rank must see the same file: use a shared file system, and do not "
                      "write to it meanwhile");
    }
    struct Parsed {
      TextRows rows;
      std::uint64_t begin = 0;        // of the text, in the file
      std::int64_t lines_before = 0;  // of the text, behind `begin`
    };
    std::vector<Parsed> parsed(some.end - some.begin);
    threads_.for_each(parsed.size(), [&](std::size_t, std::size_t i) {
      const TextUnit& unit = units[some.begin + i];
      const auto begins_inside = [&](std::size_t u) {
        return u < inside.size() && units[u].file == unit.file && inside[u] != 0;
      };
      const std::size_t u = some.begin + i;
      std::string buffer;
      std::string_view text = read_rows(file, unit.begin, unit.end, begins_inside(u),
                                        begins_inside(u + 1), format_, buffer);
      // Where no row starts there are no problems either, so `begin` is never asked for.
      parsed[i].begin =
          text.empty() || unit.begin == 0
              ? unit.begin
              : unit.begin - 1 + static_cast<std::uint64_t>(text.data() - buffer.data());
      if (unit.begin == 0) text = without_head(text, info.path, parsed[i].lines_before);
      parsed[i].rows = format_.parse(text);
    });
    for (auto& piece : parsed) {
      const auto lines = [&] { return count_lines(file, piece.begin) + piece.lines_before; };
      put_away(std::move(piece.rows), info.path, lines);
    }
  }

  std::string_view without_head(std::string_view text, const std::string& path,
                                std::int64_t& lines) const {
    text = without_mark(text);
    const auto head = format_.head(text, path);
    lines = head.lines;
    text.remove_prefix(head.bytes);
    return text;
  }

  /// Thread 0 unpacks the next blocks while the others parse these, then helps.
  void parse_stream(const FileInfo& info) {
    RowBlocks blocks(info.path, format_);
    std::int64_t lines = 0;
    Blocks now = read_blocks(blocks);
    if (!now.texts.empty()) {
      const std::string_view text = now.texts[0];
      const auto rest = without_head(text, info.path, lines);
      now.texts[0].erase(0, text.size() - rest.size());
    }
    for (;;) {
      Blocks next;
      std::vector<TextRows> parsed(now.texts.size());
      std::atomic<std::size_t> counter = 0;
      threads_.run([&](std::size_t thread) {
        if (thread == 0 && !now.failure && !now.texts.empty()) next = read_blocks(blocks);
        for (std::size_t i = counter++; i < parsed.size(); i = counter++)
          parsed[i] = format_.parse(now.texts[i]);
      });
      for (TextRows& rows : parsed) {
        const std::int64_t lines_here = rows.lines;
        put_away(std::move(rows), info.path, [&] { return lines; });
        lines += lines_here;
      }
      if (now.failure) std::rethrow_exception(now.failure);
      if (now.texts.empty()) return;
      now = std::move(next);
    }
  }

  /// A few blocks, and the error that ended them.
  struct Blocks {
    std::vector<std::string> texts;
    std::exception_ptr failure;
  };
  Blocks read_blocks(RowBlocks& from) const {
    Blocks blocks;
    try {
      const std::size_t most =
          most_pieces(2 * threads_.size()) / 2;  // the next ones are read beside them
      while (blocks.texts.size() < std::max<std::size_t>(1, most)) {
        std::string text = from.next();
        if (text.empty()) break;
        blocks.texts.push_back(std::move(text));
      }
    } catch (...) {
      blocks.failure =
          std::current_exception();  // after the rows before it, whose errors come first
    }
    return blocks;
  }

  /// Files that are a row each, from unit `u` on.
  void parse_files(const std::vector<TextUnit>& units, std::size_t& u, std::size_t end) {
    const std::size_t count = std::min(end - u, most_pieces(threads_.size() * kPiecesAThread));
    std::vector<TextRows> parsed(count);
    threads_.for_each(count, [&](std::size_t, std::size_t i) {
      const FileInfo& info = files_[units[u + i].file];
      InputStream stream(info.path);
      std::string text;
      for (std::size_t before = 0;; before = text.size()) {
        text.resize(before + kTextPieceBytes);
        text.resize(before + stream.read({text.data() + before, kTextPieceBytes}));
        if (text.size() < before + kTextPieceBytes) break;
      }
      format_.parse_file(without_mark(text), info.path, parsed[i]);
    });
    for (std::size_t i = 0; i < count; ++i)
      put_away(std::move(parsed[i]), files_[units[u + i].file].path, [] { return 0; });
    u += count;
  }

  /// lines_before() is asked for only if there is something to tell.
  template <typename LinesBefore>
  void put_away(TextRows piece, const std::string& path, const LinesBefore& lines_before) {
    if (piece.problem) {
      throw DataError(piece.problem->what,
                      {.file = path,
                       .line = lines_before() + piece.problem->line + 1,
                       .column = piece.problem->column},
                      piece.problem->advice);
    }
    TextFacts facts{piece.width,           piece.labelled,
                    std::move(piece.seen), std::move(piece.names),
                    piece.bad_rows,        {}};
    for (const auto& example : piece.examples) {
      if (facts_.examples.size() + facts.examples.size() >= kMostExamples) break;
      facts.examples.push_back(fmt::format("{}:{}:{}: {}", path, lines_before() + example.line + 1,
                                           example.column, example.what));
    }
    facts_.add(facts);
    rows_.push(std::move(piece.rows));
  }

  const std::vector<FileInfo>& files_;
  const TextFormat& format_;
  ThreadPool& threads_;
  BatchStore& rows_;
  TextFacts facts_;
};

/// COLLECTIVE. For each unit of all, whether it begins inside quotes.
std::vector<std::uint8_t> find_quotes(const dist::Cluster& cluster,
                                      const std::vector<FileInfo>& files,
                                      const std::vector<TextUnit>& units, dist::Range own,
                                      const TextFormat& format) {
  const auto& [ranks, threads] = cluster;
  std::vector<std::uint8_t> flips(own.end - own.begin, 0);  // an odd number of quotes
  dist::all_or_none(ranks, [&] {
    threads.for_each(flips.size(), [&](std::size_t, std::size_t i) {
      const TextUnit& unit = units[own.begin + i];
      if (unit.whole) return;
      const InputFile file(files[unit.file].path);
      std::string text(static_cast<std::size_t>(unit.end - unit.begin), '\0');
      text.resize(file.read_at(unit.begin, text));
      flips[i] = format.ends_inside(text, false) ? 1 : 0;
    });
  });
  std::vector<std::uint8_t> inside;
  bool now = false;
  for (const auto& part : ranks.allgather(std::as_bytes(std::span(flips)))) {
    for (const char flip : part) {
      const std::size_t u = inside.size();
      if (u == 0 || units[u].file != units[u - 1].file) now = false;
      inside.push_back(now ? 1 : 0);
      now ^= flip != 0;
    }
  }
  return inside;
}

}  // namespace

TextFacts read_text(const dist::Cluster& cluster, const std::vector<FileInfo>& files,
                    const TextFormat& format, BatchStore& rows) {
  const auto& [ranks, threads] = cluster;
  const std::vector<TextUnit> units = cut_into_units(files, format);
  const dist::Range own = units_of(units, static_cast<std::size_t>(ranks.rank()),
                                   static_cast<std::size_t>(ranks.world_size()));
  std::vector<std::uint8_t> inside;
  if (format.has_quotes()) inside = find_quotes(cluster, files, units, own, format);
  rows.clear();
  Reading reading(files, format, threads, rows);
  dist::all_or_none(ranks, [&] { reading.run(units, own, inside); });
  return agree_on_facts(ranks, reading.facts());
}

std::vector<FileInfo> agree_on_files(const dist::Communicator& ranks,
                                     const std::vector<std::string>& paths, bool deep) {
  std::string bytes;
  dist::all_or_none(ranks, [&] {
    if (ranks.rank() != 0) return;
    Writer out;
    Serial<std::vector<FileInfo>>::put(out, list_files(paths, deep));
    bytes = out.take();
  });
  ranks.broadcast(bytes);
  std::vector<FileInfo> files;
  Reader in(bytes);
  Serial<std::vector<FileInfo>>::get(in, files);
  return files;
}

}  // namespace lockstep::data
