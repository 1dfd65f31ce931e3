#include "data/sources/csv_parser.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "data/sources/csv_fields.hpp"
#include "data/sources/read_number.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kModes = "mode: DROPMALFORMED drops such rows, PERMISSIVE keeps them";

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::int64_t line_ends(const char* begin, const char* end) { return std::count(begin, end, '\n'); }

std::string fields(std::size_t count) {
  return fmt::format("{} {}", count, count == 1 ? "field" : "fields");
}

class Parser {
 public:
  Parser(const CsvRules& rules, const std::vector<TextColumn>& columns, TextRows& rows);

  /// Parses the records of the text, which ends with '\n', and returns its end; or, unless the text
  /// is the `last` of the piece, the start of a record that ends behind it. nullptr: a problem has
  /// ended the piece.
  const char* parse(std::string_view text, bool last);

 private:
  enum class Outcome {
    Read,
    Bad,  ///< the row ends here
  };

  const char* skip_other(const char* p);
  const char* parse_record(const char* p);
  const char* end_bad_record();
  const char* record_end() const;
  Outcome parse_cells(const char*& p);
  std::size_t read_short_numbers(std::size_t c, const char*& at);
  Outcome parse_cell(std::size_t c, const char*& p);
  const char* read_plain_number(const TextColumn& column, const char* p, double& value) const;
  Outcome write_number(std::size_t c, const CsvField& field);
  Outcome write_text(std::size_t c, const CsvField& field);
  void write_missing(std::size_t c);
  void flush_numbers();
  void forget_row();
  void note(std::size_t c, CellType type);
  Outcome mark(const char* at, const std::string& why, const std::string& advice);
  Outcome mark_cell(std::size_t c, const char* at, const std::string& why,
                    const std::string& advice);

  bool ends_field(char c) const { return c == sep_ || c == '\n'; }
  bool is_null(std::string_view text) const {
    const auto& nulls = rules_.null_values;
    return !nulls.empty() && std::find(nulls.begin(), nulls.end(), text) != nulls.end();
  }

  const CsvRules& rules_;
  const std::vector<TextColumn>& columns_;
  TextRows& rows_;
  CsvFields fields_;
  const char sep_;
  std::vector<char> is_text_;       // of each column
  std::vector<char> takes_digits_;  // the same: digits alone are a number, and nothing else
  bool null_numbers_ = false;       // a null value looks like a number
  const char* end_ = nullptr;       // of the text
  bool last_ = false;               // it is the last of the piece

  // Of the record under way:
  const char* record_ = nullptr;
  std::int64_t inner_lines_ = 0;                           // line ends in its fields
  std::size_t cells_ = 0;                                  // written
  std::vector<double> numbers_;                            // the last of them, written together
  std::size_t waiting_ = 0;                                // how many
  std::vector<std::pair<std::size_t, CellType>> widened_;  // columns, and what was seen before
  std::optional<ParseProblem> bad_;                        // set: it is a bad row
};

Parser::Parser(const CsvRules& rules, const std::vector<TextColumn>& columns, TextRows& rows)
    : rules_(rules), columns_(columns), rows_(rows), fields_(rules), sep_(rules.sep) {
  for (const TextColumn& column : columns) {
    rows.seen.push_back(column.type);
    is_text_.push_back(column.type == CellType::String || column.type == CellType::Unknown);
  }
  numbers_.resize(columns.size());
  double ignored = 0;
  for (const std::string& text : rules.null_values) null_numbers_ |= parse_number(text, ignored);
  for (const TextColumn& column : columns) {
    const bool number = column.type == CellType::Integer || column.type == CellType::Double;
    takes_digits_.push_back(number && !null_numbers_ && !is_digit(sep_));
  }
}

const char* Parser::parse(std::string_view text, bool last) {
  const char* p = text.data();
  end_ = p + text.size();
  last_ = last;
  while (p != end_) {
    record_ = p;
    bad_.reset();
    const char* next = skip_other(p);
    if (next == nullptr) next = bad_ ? end_bad_record() : parse_record(p);
    if (next == nullptr) return rows_.problem ? nullptr : p;
    p = next;
  }
  return end_;
}

/// Behind a blank line or a comment, or nullptr if there is none or the comment is a bad row.
const char* Parser::skip_other(const char* p) {
  const char* next = fields_.skip_blank_line(p);
  if (next == nullptr) next = fields_.skip_comment(p, end_);
  if (next == nullptr) return nullptr;
  if (ends_inside_quotes(between(p, next), false, rules_)) {
    mark(std::find(p, next, rules_.quote), "a comment with an unpaired quote",
         "take the quote out; or, if quotes mean nothing in this file, set quote: \"\"");
    return nullptr;
  }
  ++rows_.lines;
  return next;
}

/// Behind the record, or nullptr: it ends behind the text, or the piece with it.
const char* Parser::parse_record(const char* p) {
  inner_lines_ = 0;
  cells_ = 0;
  widened_.clear();
  if (parse_cells(p) == Outcome::Read && !bad_) {
    flush_numbers();
    rows_.rows.end_row();
    rows_.lines += inner_lines_ + 1;
    return p + 1;
  }
  const char* next = end_bad_record();
  if (next == nullptr || rules_.mode != proto::PERMISSIVE) {
    forget_row();
    return next;
  }
  while (cells_ < columns_.size()) write_missing(cells_++);
  flush_numbers();
  rows_.rows.end_row();
  return next;
}

/// Notes the bad row. Behind its record, or nullptr as above.
const char* Parser::end_bad_record() {
  const char* next = record_end();
  if (next == nullptr || !forgive(rows_, rules_.mode, std::move(*bad_))) return nullptr;
  rows_.lines += line_ends(record_, next);
  return next;
}

/// Behind the record by counting its quotes, or nullptr if it ends behind the text.
const char* Parser::record_end() const {
  const std::string_view rest = between(record_, end_);
  const std::size_t bytes = first_record_begin(rest, false, rules_);
  const bool open = bytes == rest.size() && ends_inside_quotes(rest, false, rules_);
  return open && !last_ ? nullptr : record_ + bytes;
}

/// Reads whole numbers of up to three digits from column `c` on, each with a separator behind it,
/// as long as there are such: most of what tables of pixels and counts hold. Moves `at` behind
/// them and returns the column there.
std::size_t Parser::read_short_numbers(std::size_t c, const char*& at) {
  const auto digit = [](char byte) { return static_cast<unsigned char>(byte - '0'); };
  const std::size_t count = columns_.size();
  const char sep = sep_, *p = at;
  double* out = numbers_.data() + waiting_;
  for (; c < count && takes_digits_[c] != 0; ++c) {
    int value = digit(p[0]);
    if (value > 9) break;
    if (p[1] == sep) {
      p += 2;
    } else {
      const int second = digit(p[1]);
      if (second > 9 || value == 0) break;  // 007 is no number
      value = value * 10 + second;
      if (p[2] == sep) {
        p += 3;
      } else {
        const int third = digit(p[2]);
        if (third > 9 || p[3] != sep) break;
        value = value * 10 + third;
        p += 4;
      }
    }
    *out++ = value;
  }
  waiting_ = static_cast<std::size_t>(out - numbers_.data());
  at = p;
  return c;
}

/// Writes the cells of the record at `p` and moves `p` to its end.
Parser::Outcome Parser::parse_cells(const char*& p) {
  const std::size_t count = columns_.size();
  for (std::size_t c = 0; c < count; ++c) {
    cells_ = c = read_short_numbers(c, p);
    if (c == count) break;
    if (parse_cell(c, p) == Outcome::Bad) return Outcome::Bad;
    cells_ = c + 1;
    if (*p == '\n') {
      if (cells_ == count) return Outcome::Read;
      return mark(p, fmt::format("{} instead of {}", fields(cells_), count), kModes);
    }
    ++p;
  }
  return mark(p, fmt::format("more than {}", fields(count)), kModes);
}

/// Writes one cell and moves `p` to the end of its field.
Parser::Outcome Parser::parse_cell(std::size_t c, const char*& p) {
  const bool text = is_text_[c] != 0;
  if (ends_field(*p)) {
    write_missing(c);
    return Outcome::Read;
  }
  double value = 0;
  const char* after = text ? nullptr : read_plain_number(columns_[c], p, value);
  if (after != nullptr) {
    numbers_[waiting_++] = value;
    p = after;
    return Outcome::Read;
  }
  CsvField field;
  if (fields_.read(p, end_, field) != CsvFields::Outcome::Read)
    return mark(fields_.bad_at(), fields_.why(), fields_.advice());
  p = field.end;
  if (field.quoted) inner_lines_ += line_ends(field.begin, field.end);
  const bool nothing = field.text.empty() && !(field.quoted && text);
  if (nothing || is_null(field.text)) {
    write_missing(c);
    return Outcome::Read;
  }
  return text ? write_text(c, field) : write_number(c, field);
}

/// Reads a field that is a number of the column's type and nothing else, and returns its end;
/// nullptr: it is something else, or takes a closer look.
const char* Parser::read_plain_number(const TextColumn& column, const char* p,
                                      double& value) const {
  if (is_digit(*p) && ends_field(p[1]) && !null_numbers_ && column.type != CellType::Boolean) {
    value = *p - '0';
    return p + 1;
  }
  const char* digits = p + (*p == '-' || *p == '+' ? 1 : 0);
  if (*digits == '0' && is_digit(digits[1])) return nullptr;  // 007
  const char* q = digits;
  if (column.type == CellType::Integer) {
    std::uint64_t sum = 0;
    while (is_digit(*q)) sum = sum * 10 + static_cast<std::uint64_t>(*q++ - '0');
    if (q == digits || q - digits > 15) return nullptr;
    value = static_cast<double>(sum);
    if (*p == '-' && sum != 0) value = -value;
  } else if (column.type == CellType::Double) {
    const auto ends = [this](char c) { return ends_field(c) || c == '\r'; };
    q = read_number(p, end_, value, ends);
    if (q == nullptr || std::isnan(value)) return nullptr;
    if (q - digits > 15 && std::all_of(digits, q, is_digit)) return nullptr;  // beyond 2^53?
  } else {
    return nullptr;
  }
  const char* end = *q == '\r' && q[1] == '\n' ? q + 1 : q;
  return ends_field(*end) && !(null_numbers_ && is_null(between(p, q))) ? end : nullptr;
}

Parser::Outcome Parser::write_number(std::size_t c, const CsvField& field) {
  double value = 0;
  const CellType type = read_cell(field.text, columns_[c], value);
  if (type == columns_[c].type) {
    numbers_[waiting_++] = value;
    return Outcome::Read;
  }
  if (columns_[c].declared)
    return mark_cell(c, field.begin, misfit(field.text, columns_[c]), kModes);
  note(c, type);
  write_missing(c);
  return Outcome::Read;
}

Parser::Outcome Parser::write_text(std::size_t c, const CsvField& field) {
  if (bad_byte(field.text) != std::string_view::npos)
    return mark_cell(c, field.begin + bad_byte(between(field.begin, field.end)), "", "");
  if (rows_.seen[c] != CellType::String && !field.text.empty()) {
    double ignored = 0;
    const CellType type = type_of_cell(strip_blanks(field.text), ignored);
    note(c, type == CellType::Unknown ? CellType::String : type);
  }
  flush_numbers();
  rows_.rows.text(field.text);
  return Outcome::Read;
}

void Parser::write_missing(std::size_t c) {
  if (is_text_[c] == 0) {
    numbers_[waiting_++] = kMissing;
  } else {
    flush_numbers();
    rows_.rows.missing_text();
  }
}

void Parser::flush_numbers() {
  if (waiting_ == 0) return;
  rows_.rows.raw(std::span<const double>(numbers_.data(), waiting_));
  waiting_ = 0;
}

/// The row was never there.
void Parser::forget_row() {
  waiting_ = 0;
  rows_.rows.drop_row();
  for (auto w = widened_.rbegin(); w != widened_.rend(); ++w) rows_.seen[w->first] = w->second;
}

void Parser::note(std::size_t c, CellType type) {
  const CellType joined = join(rows_.seen[c], type);
  if (joined == rows_.seen[c]) return;
  widened_.emplace_back(c, rows_.seen[c]);
  rows_.seen[c] = joined;
}

/// The row is a bad one; its first reason counts. Without a `why` it is the byte at `at`.
Parser::Outcome Parser::mark(const char* at, const std::string& why, const std::string& advice) {
  if (bad_) return Outcome::Bad;
  bad_.emplace();
  if (rules_.mode != proto::FAILFAST && rows_.examples.size() == kMostExamples)
    return Outcome::Bad;  // nobody reads it
  const char* line = at;
  while (line != record_ && line[-1] != '\n') --line;
  const std::string_view text = between(line, std::find(at, end_, '\n'));
  const auto column = static_cast<std::size_t>(at - line);
  if (why.empty()) {
    *bad_ = bad_byte_problem(text, column);
  } else {
    bad_->column = static_cast<std::int64_t>(column) + 1;
    bad_->what = fmt::format("{}: {}", why, excerpt(text, column + 1));
    bad_->advice = advice;
  }
  bad_->line = rows_.lines + line_ends(record_, line);
  return Outcome::Bad;
}

/// A bad cell of a row that may be kept without it.
Parser::Outcome Parser::mark_cell(std::size_t c, const char* at, const std::string& why,
                                  const std::string& advice) {
  mark(at, why, advice);
  if (rules_.mode != proto::PERMISSIVE) return Outcome::Bad;
  write_missing(c);
  return Outcome::Read;
}

}  // namespace

TextRows parse_csv(std::string_view text, const CsvRules& rules,
                   const std::vector<TextColumn>& columns) {
  TextRows rows;
  Parser parser(rules, columns, rows);
  const std::string_view body = text.substr(0, text.rfind('\n') + 1);  // npos + 1 == 0
  const bool whole = body.size() == text.size();
  const char* done = parser.parse(body, whole);
  if (done != nullptr && !whole) {
    const std::string tail = std::string(between(done, text.data() + text.size())) + '\n';
    parser.parse(tail, true);
    --rows.lines;
  }
  rows.rows.shrink();
  return rows;
}

}  // namespace lockstep::data
