#pragma once
/// Text cut at the ends of rows. Local.

#include <cstdint>
#include <string>
#include <string_view>

#include "data/sources/input.hpp"
#include "data/sources/input_files.hpp"
#include "data/sources/text_format.hpp"

namespace lockstep::data {

/// Of text that is parsed at once.
inline constexpr std::uint64_t kTextPieceBytes = std::uint64_t{2} << 20;

/// The text behind a byte order mark, if it begins with one.
std::string_view without_mark(std::string_view text);

/// The first bytes of a file, unpacked, without a byte order mark: at most `most`, cut behind the
/// last whole line. Local.
std::string first_bytes(const FileInfo& file, std::size_t most);

/// The rows of a file that start in [begin, end), whole; line ends included. `inside_begin` and
/// `inside_end` say whether these places lie inside quotes. `buffer` holds the text.
std::string_view read_rows(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                           bool inside_begin, bool inside_end, const TextFormat& format,
                           std::string& buffer);

/// Cuts a stream into blocks of whole rows. The blocks depend on the file alone.
class RowBlocks {
 public:
  RowBlocks(const std::string& path, const TextFormat& format) : stream_(path), format_(format) {}

  /// The next block; empty at the end.
  std::string next();

 private:
  std::size_t last_row_end(std::string_view block, bool inside) const;

  InputStream stream_;
  const TextFormat& format_;
  std::string rest_;
  bool at_end_ = false;
};

}  // namespace lockstep::data
