#include "data/sources/row_cuts.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kTailBytes = std::size_t{64} << 10;  // read at once to find a row's end
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::size_t TextFormat::row_end(std::string_view text, bool) const {
  const std::size_t line = text.find('\n');
  return line == std::string_view::npos ? text.size() : line + 1;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
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

std::string RowBlocks::next() {
  std::string block = std::move(rest_);
  rest_.clear();
  std::size_t end = 0, seen = 0;  // of the last whole row, and of the text looked at
  bool inside = false;
  while (!at_end_ && end == 0) {
    const std::size_t before = block.size();
    block.resize(before + kTextPieceBytes);
    block.resize(before +
                 stream_.read({block.data() + before, static_cast<std::size_t>(kTextPieceBytes)}));
    at_end_ = block.size() < before + kTextPieceBytes;
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

/// Behind the last line end that is not inside quotes, walking back from a known end.
std::size_t RowBlocks::last_row_end(std::string_view block, bool inside) const {
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

}  // namespace lockstep::data
