#pragma once
/// Text files on many ranks: plain ones are cut into byte ranges over ranks and threads at the ends
/// of rows; a packed one is unpacked by one rank and parsed by its threads. Rows follow the files'
/// order either way, and the pieces are a function of the files alone.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/thread_pool.hpp"
#include "data/batch_store.hpp"
#include "data/dataset.hpp"
#include "data/sources/input_files.hpp"
#include "data/sources/text_rows.hpp"
#include "dist/communicator.hpp"

namespace lockstep::data {

/// How a text format is cut and parsed.
class TextFormat {
 public:
  virtual ~TextFormat() = default;

  /// Whole rows. Called on several threads.
  virtual TextRows parse(std::string_view text) const = 0;

  /// What stands before the first row of a file: bytes, and their line ends. @throws DataError
  struct Head {
    std::size_t bytes = 0;
    std::int64_t lines = 0;
  };
  virtual Head head(std::string_view /*text*/, const std::string& /*path*/) const { return {}; }

  /// Line ends inside quotes do not end a row. The defaults know no quotes.
  virtual bool has_quotes() const { return false; }
  virtual bool ends_inside(std::string_view /*text*/, bool starts_inside) const {
    return starts_inside;
  }
  /// Behind the first line end that ends a row, or text.size().
  virtual std::size_t row_end(std::string_view text, bool starts_inside) const;

  /// A file is one row.
  virtual bool whole_files() const { return false; }
  virtual void parse_file(std::string_view /*text*/, const std::string& /*path*/,
                          TextRows& /*into*/) const {}
};

/// What all rows together have shown, the same on every rank.
struct TextFacts {
  std::uint64_t width = 0;
  bool labelled = true;
  std::vector<CellType> seen;
  std::vector<std::string> names;  ///< sorted
  std::uint64_t bad_rows = 0;
  std::vector<std::string> examples;  ///< "file:line:column: what", in the order of the files

  static constexpr auto kFields =
      std::make_tuple(&TextFacts::width, &TextFacts::labelled, &TextFacts::seen, &TextFacts::names,
                      &TextFacts::bad_rows, &TextFacts::examples);
};

/// COLLECTIVE. Parses all files; this rank's rows go into `rows`, in order; those of rank r come
/// before those of rank r + 1. @throws AgreedError: FileError, or DataError with file:line:column
/// of the first bad row
TextFacts read_text(const dist::Communicator& ranks, ThreadPool& threads,
                    const std::vector<FileInfo>& files, const TextFormat& format, BatchStore& rows);

/// COLLECTIVE. What the driver finds for `paths`, on every rank. @throws AgreedError (FileError)
std::vector<FileInfo> agree_on_files(const dist::Communicator& ranks,
                                     const std::vector<std::string>& paths, bool deep = false);

/// The first bytes of a file, unpacked, without a byte order mark: at most `most`, cut behind the
/// last whole line. Local.
std::string first_bytes(const FileInfo& file, std::size_t most);

/// The rows of a file that start in [begin, end), whole; line ends included. `inside_begin` and
/// `inside_end` say whether these places lie inside quotes. `buffer` holds the text.
std::string_view read_rows(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                           bool inside_begin, bool inside_end, const TextFormat& format,
                           std::string& buffer);

}  // namespace lockstep::data
