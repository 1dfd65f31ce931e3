#include "data/sources/csv_fields.hpp"

#include <cstring>

namespace lockstep::data {
namespace {

const char* find(const char* p, const char* end, char c) {
  return static_cast<const char*>(std::memchr(p, c, static_cast<std::size_t>(end - p)));
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

CsvFields::CsvFields(const CsvRules& rules) : rules_(rules) {
  for (const char c : {rules.sep, rules.quote, '\n', '\0'})
    special_[static_cast<unsigned char>(c)] = true;
}

CsvFields::Outcome CsvFields::read(const char* p, const char* end, CsvField& field) {
  field.begin = p;
  if (rules_.trim) {
    while (is_blank(*p)) ++p;
  }
  field.quoted = rules_.quote != '\0' && *p == rules_.quote;
  return field.quoted ? read_quoted(p, end, field) : read_plain(p, field);
}

CsvFields::Outcome CsvFields::read_plain(const char* p, CsvField& field) {
  const char* q = p;
  while (!special_[static_cast<unsigned char>(*q)]) ++q;
  if (!ends_field(*q)) {
    if (*q == '\0') return bad(p + bad_byte(between(p, q + 1)), "", "");
    const bool first = strip_blanks(between(p, q)).empty();
    return bad(q, first ? "a quote behind blanks" : "a quote inside a field without quotes",
               first ? "trim: true drops blanks around fields"
                     : "put the field in quotes and double the quotes in it; or, if quotes mean "
                       "nothing in this file, set quote: \"\"");
  }
  field.end = q;
  if (*q == '\n' && q != p && q[-1] == '\r') --q;
  if (rules_.trim) {
    while (q != p && is_blank(q[-1])) --q;
  }
  field.text = between(p, q);
  return Outcome::Read;
}

CsvFields::Outcome CsvFields::read_quoted(const char* p, const char* end, CsvField& field) {
  const char* limit = rules_.records_span_lines() ? end : find(p, end, '\n');
  has_escapes_ = false;
  const char* close = rules_.escape == rules_.quote ? closing_quote(p + 1, limit)
                                                    : closing_quote_escaped(p + 1, limit);
  if (close == nullptr) return unclosed(p);
  field.text = has_escapes_ ? std::string_view(unescaped_) : between(p + 1, close);
  const char* q = close + 1;
  if (rules_.trim) {
    while (is_blank(*q)) ++q;
  }
  if (*q == '\r' && q[1] == '\n') ++q;
  if (!ends_field(*q)) {
    return bad(q, "text behind a closing quote",
               rules_.escape == rules_.quote ? "double the quotes that belong to the text"
                                             : "escape the quotes that belong to the text");
  }
  field.end = q;
  return Outcome::Read;
}

const char* CsvFields::closing_quote(const char* p, const char* end) {
  for (;;) {
    const char* q = find(p, end, rules_.quote);
    if (q == nullptr) return nullptr;
    const bool doubled = q[1] == rules_.quote;
    if (doubled || has_escapes_) {
      if (!has_escapes_) unescaped_.clear();
      has_escapes_ = true;
      unescaped_.append(between(p, doubled ? q + 1 : q));
    }
    if (!doubled) return q;
    p = q + 2;
  }
}

const char* CsvFields::closing_quote_escaped(const char* p, const char* end) {
  unescaped_.clear();
  has_escapes_ = true;
  for (const char* q = p; q != end; ++q) {
    if (*q == rules_.quote) return q;
    const bool escapes = rules_.escape != '\0' && *q == rules_.escape && q + 1 != end;
    if (escapes && (q[1] == rules_.quote || q[1] == rules_.escape)) ++q;
    unescaped_.push_back(*q);
  }
  return nullptr;
}

CsvFields::Outcome CsvFields::unclosed(const char* at) {
  if (rules_.records_span_lines()) {
    bad(at, "a quote that is never closed",
        "close it; or, if quotes mean nothing in this file, set quote: \"\"");
    return Outcome::Unfinished;
  }
  const bool no_multi_line = rules_.escape == rules_.quote;
  return bad(at, "a quote that is not closed on its line",
             no_multi_line ? "close it, or set multi_line: true if fields hold line ends"
                           : "close it; fields with line ends need escape: the same as quote");
}

CsvFields::Outcome CsvFields::bad(const char* at, std::string why, std::string advice) {
  bad_at_ = at;
  why_ = std::move(why);
  advice_ = std::move(advice);
  return Outcome::Bad;
}

const char* CsvFields::skip_blank_line(const char* p) const noexcept {
  while (is_blank(*p)) ++p;
  if (*p == '\r') ++p;
  return *p == '\n' ? p + 1 : nullptr;
}

const char* CsvFields::skip_comment(const char* p, const char* end) const noexcept {
  if (rules_.comment == '\0' || *p != rules_.comment) return nullptr;
  return find(p, end, '\n') + 1;
}

}  // namespace lockstep::data
