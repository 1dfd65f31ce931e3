#include "data/sources/text_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "core/error.hpp"
#include "core/serial.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{2} << 20;  // of text parsed at once
constexpr std::size_t kTailBytes = std::size_t{64} << 10;      // read at once to find a row's end
constexpr std::uint64_t kPackedWeight = 4;  // bytes that a packed byte becomes, about
constexpr std::size_t kPiecesAThread = 4;   // parsed before their rows are put away
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What one rank reads at a time: a byte range of a plain file, or a whole packed one.
struct Unit {
  std::size_t file = 0;
  std::uint64_t begin = 0, end = 0;
  bool whole = false;  // packed, or a row by itself
  std::uint64_t weight = 0;
};

std::vector<Unit> cut(const std::vector<FileInfo>& files, const TextFormat& format) {
  std::vector<Unit> units;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const FileInfo& file = files[f];
    if (file.packing != Packing::None || format.whole_files()) {
      const std::uint64_t factor = file.packing == Packing::None ? 1 : kPackedWeight;
      units.push_back({f, 0, file.size, true, std::max<std::uint64_t>(1, file.size * factor)});
      continue;
    }
    for (std::uint64_t begin = 0; begin < file.size; begin += kPieceBytes) {
      const std::uint64_t end = std::min(file.size, begin + kPieceBytes);
      units.push_back({f, begin, end, false, end - begin});
    }
  }
  return units;
}

/// The contiguous units of a rank: those whose middle lies in its share of all weight.
dist::Node units_of(const std::vector<Unit>& units, std::size_t rank, std::size_t ranks) {
  std::uint64_t all = 0;
  for (const Unit& unit : units) all += unit.weight;
  const auto owner = [&](std::uint64_t middle) {
    return static_cast<std::size_t>(static_cast<double>(middle) / static_cast<double>(all) *
                                    static_cast<double>(ranks));
  };
  dist::Node own{units.size(), units.size()};
  std::uint64_t before = 0;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const std::size_t to = std::min(owner(before + units[u].weight / 2), ranks - 1);
    if (to >= rank) own.begin = std::min(own.begin, u);
    if (to > rank) own.end = std::min(own.end, u);
    before += units[u].weight;
  }
  return own;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

std::int64_t count_lines(std::string_view text) {
  return std::count(text.begin(), text.end(), '\n');
}

std::int64_t count_lines(const InputFile& file, std::uint64_t end) {
  std::string buffer(kPieceBytes, '\0');
  std::int64_t lines = 0;
  for (std::uint64_t at = 0; at < end; at += buffer.size()) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const std::size_t got = file.read_at(at, {buffer.data(), size});
    lines += count_lines(std::string_view(buffer).substr(0, got));
  }
  return lines;
}

/// Cuts a stream into blocks of whole rows. The blocks depend on the file alone.
class RowBlocks {
 public:
  RowBlocks(const std::string& path, const TextFormat& format) : stream_(path), format_(format) {}

  /// The next block; empty at the end.
  std::string next() {
    std::string block = std::move(rest_);
    rest_.clear();
    std::size_t end = 0, seen = 0;  // of the last whole row, and of the text looked at
    bool inside = false;
    while (!at_end_ && end == 0) {
      const std::size_t before = block.size();
      block.resize(before + kPieceBytes);
      block.resize(before +
                   stream_.read({block.data() + before, static_cast<std::size_t>(kPieceBytes)}));
      at_end_ = block.size() < before + kPieceBytes;
      if (!format_.has_quotes()) {
        end = block.rfind('\n') + 1;  // npos + 1 == 0
        continue;
      }
      inside = format_.ends_inside(std::string_view(block).substr(seen), inside);
      seen = block.size();
      end = last_row_end(block, inside);
    }
    if (!at_end_) {
      rest_ = block.substr(end);
      block.resize(end);
    }
    return block;
  }

 private:
  /// Behind the last line end that is not inside quotes, walking back from a known end.
  std::size_t last_row_end(std::string_view block, bool inside) const {
    std::size_t end = block.size();
    for (;;) {
      const std::size_t line = block.substr(0, end).rfind('\n');
      if (line == std::string_view::npos) return 0;
      // Quotes work both ways: an odd number of them between here and there changes the side.
      inside = format_.ends_inside(block.substr(line + 1, end - line - 1), inside);
      if (!inside) return line + 1;
      end = line;
    }
  }

  InputStream stream_;
  const TextFormat& format_;
  std::string rest_;
  bool at_end_ = false;
};

/// Parses this rank's units, in order.
class Reading {
 public:
  Reading(const std::vector<FileInfo>& files, const TextFormat& format, ThreadPool& threads,
          BatchStore& rows)
      : files_(files), format_(format), threads_(threads), rows_(rows) {}

  /// `inside`: for each unit of all, whether it begins inside quotes; empty: none does.
  void run(const std::vector<Unit>& units, dist::Node own,
           const std::vector<std::uint8_t>& inside) {
    const std::size_t most = threads_.size() * kPiecesAThread;
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
  void parse_ranges(const std::vector<Unit>& units, dist::Node some,
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
      const Unit& unit = units[some.begin + i];
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
      while (blocks.texts.size() < threads_.size()) {
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
  void parse_files(const std::vector<Unit>& units, std::size_t& u, std::size_t end) {
    const std::size_t count = std::min(end - u, threads_.size() * kPiecesAThread);
    std::vector<TextRows> parsed(count);
    threads_.for_each(count, [&](std::size_t, std::size_t i) {
      const FileInfo& info = files_[units[u + i].file];
      InputStream stream(info.path);
      std::string text;
      for (std::size_t before = 0;; before = text.size()) {
        text.resize(before + kPieceBytes);
        text.resize(before + stream.read({text.data() + before, kPieceBytes}));
        if (text.size() < before + kPieceBytes) break;
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
    facts_.width = std::max(facts_.width, piece.width);
    facts_.labelled = facts_.labelled && piece.labelled;
    merge_types(facts_.seen, piece.seen);
    merge_names(facts_.names, piece.names);
    facts_.bad_rows += piece.bad_rows;
    for (const auto& example : piece.examples) {
      if (facts_.examples.size() >= kMostExamples) break;
      facts_.examples.push_back(fmt::format("{}:{}:{}: {}", path, lines_before() + example.line + 1,
                                            example.column, example.what));
    }
    rows_.push(std::move(piece.rows));
  }

 public:
  static void merge_types(std::vector<CellType>& into, const std::vector<CellType>& from) {
    into.resize(std::max(into.size(), from.size()), CellType::Unknown);
    for (std::size_t i = 0; i < from.size(); ++i) into[i] = join(into[i], from[i]);
  }
  static void merge_names(std::vector<std::string>& into, const std::vector<std::string>& from) {
    std::vector<std::string> all;
    std::set_union(into.begin(), into.end(), from.begin(), from.end(), std::back_inserter(all));
    into = std::move(all);
  }

 private:
  const std::vector<FileInfo>& files_;
  const TextFormat& format_;
  ThreadPool& threads_;
  BatchStore& rows_;
  TextFacts facts_;
};

/// COLLECTIVE. For each unit of all, whether it begins inside quotes.
std::vector<std::uint8_t> find_quotes(const dist::Communicator& ranks, ThreadPool& threads,
                                      const std::vector<FileInfo>& files,
                                      const std::vector<Unit>& units, dist::Node own,
                                      const TextFormat& format) {
  std::vector<std::uint8_t> flips(own.end - own.begin, 0);  // an odd number of quotes
  dist::all_or_none(ranks, [&] {
    threads.for_each(flips.size(), [&](std::size_t, std::size_t i) {
      const Unit& unit = units[own.begin + i];
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

/// COLLECTIVE. The facts of all ranks, in rank order.
TextFacts agree(const dist::Communicator& ranks, const TextFacts& own) {
  Writer out;
  Serial<TextFacts>::put(out, own);
  const std::string bytes = out.take();
  TextFacts all;
  for (const auto& part : ranks.allgather(std::as_bytes(std::span(bytes.data(), bytes.size())))) {
    Reader in(part);
    TextFacts facts;
    Serial<TextFacts>::get(in, facts);
    all.width = std::max(all.width, facts.width);
    all.labelled = all.labelled && facts.labelled;
    Reading::merge_types(all.seen, facts.seen);
    Reading::merge_names(all.names, facts.names);
    all.bad_rows += facts.bad_rows;
    for (auto& example : facts.examples) {
      if (all.examples.size() < kMostExamples) all.examples.push_back(std::move(example));
    }
  }
  return all;
}

}  // namespace

std::size_t TextFormat::row_end(std::string_view text, bool) const {
  const std::size_t line = text.find('\n');
  return line == std::string_view::npos ? text.size() : line + 1;
}

TextFacts read_text(const dist::Communicator& ranks, ThreadPool& threads,
                    const std::vector<FileInfo>& files, const TextFormat& format,
                    BatchStore& rows) {
  const std::vector<Unit> units = cut(files, format);
  const dist::Node own = units_of(units, static_cast<std::size_t>(ranks.rank()),
                                  static_cast<std::size_t>(ranks.world_size()));
  std::vector<std::uint8_t> inside;
  if (format.has_quotes()) inside = find_quotes(ranks, threads, files, units, own, format);
  rows.clear();
  Reading reading(files, format, threads, rows);
  dist::all_or_none(ranks, [&] { reading.run(units, own, inside); });
  return agree(ranks, reading.facts());
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

std::string first_bytes(const FileInfo& file, std::size_t most) {
  InputStream stream(file.path);
  std::string text(most, '\0');
  text.resize(stream.read(text));
  if (text.size() == most) {
    const std::size_t line = text.rfind('\n');
    if (line != std::string::npos) text.resize(line + 1);
  }
  return std::string(without_mark(text));
}

std::string_view read_rows(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                           bool inside_begin, bool inside_end, const TextFormat& format,
                           std::string& buffer) {
  // The byte before `begin` tells whether a row starts at `begin`.
  const std::uint64_t from = begin == 0 ? 0 : begin - 1;
  buffer.resize(static_cast<std::size_t>(end - from));
  buffer.resize(file.read_at(from, buffer));
  std::size_t start = 0;
  if (begin != 0) {
    if (buffer.empty()) return {};
    start = 1;
    if (inside_begin || buffer[0] != '\n')
      start += format.row_end(std::string_view(buffer).substr(1), inside_begin);
    if (start >= buffer.size()) return {};
  }
  if (buffer.empty() || (buffer.back() == '\n' && !inside_end))
    return std::string_view(buffer).substr(start);
  for (bool inside = inside_end;;) {  // the last row goes on behind `end`
    const std::size_t before = buffer.size();
    buffer.resize(before + kTailBytes);
    buffer.resize(before + file.read_at(from + before, {buffer.data() + before, kTailBytes}));
    const auto tail = std::string_view(buffer).substr(before);
    const std::size_t row_end = format.row_end(tail, inside);
    const bool found = row_end > 0 && tail[row_end - 1] == '\n' &&
                       !format.ends_inside(tail.substr(0, row_end), inside);
    if (found || tail.size() < kTailBytes)
      return std::string_view(buffer).substr(start, before + row_end - start);
    inside = format.ends_inside(tail, inside);
  }
}

}  // namespace lockstep::data
