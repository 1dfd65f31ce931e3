#include "data/sources/libsvm_parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "data/sources/read_number.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kLargestIndex = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::size_t kExcerptBytes = 32;

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
inline bool ends_field(char c) { return is_blank(c) || c == '\n' || c == '#'; }

/// The text from `p` to the end of its field, short and printable.
std::string field_at(const char* p) {
  std::string text;
  const char* q = p;
  for (; !ends_field(*q) && static_cast<std::size_t>(q - p) < kExcerptBytes; ++q) {
    const auto byte = static_cast<unsigned char>(*q);
    text += byte >= 0x20 && byte < 0x7F ? std::string(1, *q) : fmt::format("\\x{:02x}", byte);
  }
  return ends_field(*q) ? text : text + "...";
}

class Parser {
 public:
  Parser(const LibsvmRules& rules, TextRows& rows) : rules_(rules), rows_(rows) {
    limit_ = rules.num_features == 0 ? kLargestIndex : rules.num_features - 1;
  }

  /// The text ends with '\n', so that no loop needs to look for its end. Throws ParseProblem.
  void parse(std::string_view text) {
    const char* p = text.data();
    end_ = p + text.size();
    while (p != end_) {
      line_ = p;
      p = parse_line(p);
      ++rows_.lines;
    }
  }

 private:
  /// Returns the start of the next line.
  const char* parse_line(const char* p) {
    while (is_blank(*p)) ++p;
    if (*p == '\n' || *p == '#') return next_line(p);
    double label = kMissing;
    p = parse_label(p, label);
    entries_ = 0;
    qid_ = kMissing;
    std::uint64_t least = rules_.zero_based ? 0 : 1;  // of the next index, as written
    for (;;) {
      while (is_blank(*p)) ++p;
      if (*p == '\n' || *p == '#') break;
      p = parse_entry(p, least);
    }
    rows_.rows.number(label);
    if (rules_.keep_qid) rows_.rows.number(qid_);
    rows_.rows.sparse({indices_.data(), entries_}, {values_.data(), entries_});
    rows_.rows.end_row();
    if (entries_ != 0)
      rows_.width = std::max<std::uint64_t>(rows_.width, indices_[entries_ - 1] + std::uint64_t{1});
    return next_line(p);
  }

  const char* next_line(const char* p) const {
    if (*p == '\n') return p + 1;
    return static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end_ - p))) + 1;
  }

  const char* parse_label(const char* p, double& label) {
    double value = 0;
    const char* q = read_number(p, end_, value, ends_field);
    if ((q != nullptr && *q == ':') || is_qid(p)) {
      if (!rules_.labels_optional)
        fail(p, fmt::format("the row has no label before '{}'", field_at(p)), kFormat);
      rows_.labelled = false;
      return p;
    }
    if (q == nullptr || !ends_field(*q))
      fail(p, fmt::format("the label '{}' is not a number", field_at(p)), kFormat);
    if (!std::isfinite(value)) fail_not_finite(p, "the label", value, p);
    label = value;
    return q;
  }

  /// One "index:value"; `least` is the smallest index allowed here, and becomes the smallest one
  /// for the next entry.
  const char* parse_entry(const char* p, std::uint64_t& least) {
    std::uint64_t index = 0;
    const char* q = p;
    while (is_digit(*q)) index = index * 10 + static_cast<std::uint64_t>(*q++ - '0');
    if (*q != ':' || q == p || q - p > 18) return parse_other(p);
    const std::uint64_t base = rules_.zero_based ? 0 : 1;
    if (index < least || index - base > limit_) fail_index(p, index, least);
    double value = 0;
    const char* after = read_number(++q, end_, value, ends_field);
    if (after == nullptr || !ends_field(*after)) {
      fail(q, fmt::format("the value '{}' of index {} is not a number", field_at(q), index),
           kFormat);
    }
    if (!std::isfinite(value))
      fail_not_finite(q, fmt::format("the value of index {}", index), value, q);
    if (entries_ == indices_.size()) grow();
    indices_[entries_] = static_cast<std::uint32_t>(index - base);
    values_[entries_++] = value;
    least = index + 1;
    return after;
  }

  /// A field that does not begin like "index:value".
  const char* parse_other(const char* p) {
    if (is_qid(p)) return rules_.keep_qid ? parse_qid(p) : end_of_field(p);
    const char* q = p;
    while (is_digit(*q)) ++q;
    if (*q == ':' && q - p > 18)
      fail(p, fmt::format("the index '{}' is too large", field_at(p)), kFormat);
    fail(p, fmt::format("'{}' is not index:value", field_at(p)), kFormat);
  }

  const char* parse_qid(const char* p) {
    const char* q = p + 4;
    double value = 0;
    const char* after = read_number(q, end_, value, ends_field);
    if (after == nullptr || !ends_field(*after) || !std::isfinite(value))
      fail(q, fmt::format("the query number '{}' is not a number", field_at(q)), kFormat);
    if (!is_missing(qid_)) fail(p, "the row has two query numbers", "leave one qid:n a row");
    qid_ = value;
    return after;
  }

  static const char* end_of_field(const char* p) {
    while (!ends_field(*p)) ++p;
    return p;
  }

  static bool is_qid(const char* p) {
    return p[0] == 'q' && p[1] == 'i' && p[2] == 'd' && p[3] == ':';
  }

  void grow() {
    indices_.resize(2 * indices_.size());
    values_.resize(indices_.size());
  }

  [[noreturn]] void fail(const char* at, std::string what, std::string advice) const {
    throw ParseProblem{rows_.lines, at - line_ + 1, std::move(what), std::move(advice)};
  }

  [[noreturn]] void fail_index(const char* at, std::uint64_t index, std::uint64_t least) const {
    if (index == 0 && !rules_.zero_based) {
      fail(at, "index 0: indices start at 1", "if the file counts from 0, set zero_based: true");
    }
    if (index + 1 == least) fail(at, fmt::format("index {} comes twice", index), kAscend);
    if (index < least)
      fail(at, fmt::format("index {} comes after index {}", index, least - 1), kAscend);
    if (rules_.num_features == 0)
      fail(at, fmt::format("the index {} is too large", index), kFormat);
    const std::uint64_t largest = rules_.num_features - (rules_.zero_based ? 1 : 0);
    fail(at, fmt::format("index {} is beyond the largest index {}", index, largest),
         fmt::format("the width {} comes from {}", rules_.num_features, rules_.width_comes_from));
  }

  [[noreturn]] void fail_not_finite(const char* at, const std::string& whose, double value,
                                    const char* text) const {
    fail(at,
         fmt::format("{} in the data: {} is '{}'",
                     std::isnan(value) ? "a NaN" : "an infinite number", whose, field_at(text)),
         "remove the row or replace the value");
  }

  static constexpr const char* kFormat =
      "a row looks like: 1 3:0.5 17:2  (label, then index:value with ascending indices)";
  static constexpr const char* kAscend =
      "indices of a row ascend strictly: sort them, and add up or drop repeated ones";

  const LibsvmRules& rules_;
  TextRows& rows_;
  std::uint64_t limit_ = 0;     // largest index from 0
  const char* end_ = nullptr;   // of the text
  const char* line_ = nullptr;  // start of this line
  std::size_t entries_ = 0;     // of this row
  double qid_ = kMissing;       // of this row
  std::vector<std::uint32_t> indices_ = std::vector<std::uint32_t>(1024);
  std::vector<double> values_ = std::vector<double>(1024);
};

}  // namespace

TextRows parse_libsvm(std::string_view text, const LibsvmRules& rules) {
  TextRows rows;
  Parser parser(rules, rows);
  const std::size_t body = text.rfind('\n') + 1;  // npos + 1 == 0
  try {
    parser.parse(text.substr(0, body));
    if (body != text.size()) {
      const std::string last_line = std::string(text.substr(body)) + '\n';
      parser.parse(last_line);
      --rows.lines;
    }
  } catch (ParseProblem& problem) {
    rows.problem = std::move(problem);
  }
  rows.rows.shrink();
  return rows;
}

}  // namespace lockstep::data
