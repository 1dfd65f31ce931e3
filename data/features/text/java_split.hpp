#pragma once
/// Cutting a text at matches, by the rules of Java's String.split, which Spark's tokenizers follow.

#include <string_view>
#include <vector>

namespace lockstep::data {

/// The pieces between matches, in order. Empty pieces stay, but for those at the end and for the
/// one before an empty match at the very start. A text without a match is one piece, even if it is
/// empty.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  /// The bytes [begin, end) are a match; matches come in order and do not overlap.
  void cut(std::size_t begin, std::size_t end) {
    if (end == 0) return;  // empty, and at the very start
    pieces_.push_back(text_.substr(next_, begin - next_));
    next_ = end;
  }

  std::vector<std::string_view> finish() && {
    pieces_.push_back(text_.substr(next_));
    if (next_ == 0) return std::move(pieces_);
    while (!pieces_.empty() && pieces_.back().empty()) pieces_.pop_back();
    return std::move(pieces_);
  }

 private:
  std::string_view text_;
  std::size_t next_ = 0;  // where the next piece begins
  std::vector<std::string_view> pieces_;
};

}  // namespace lockstep::data
