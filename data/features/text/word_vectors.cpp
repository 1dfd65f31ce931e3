#include "data/features/text/word_vectors.hpp"

#include <fast_float/fast_float.h>
#include <fmt/core.h>

#include <cmath>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "data/sources/each_line.hpp"
#include "data/sources/input.hpp"
#include "data/sources/row_cuts.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::string_view kSpaces = " \t\r";

/// Cuts the next field off `rest`; empty at the end.
std::string_view next_field(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
  const auto field = rest.substr(0, rest.find_first_of(kSpaces));
  rest.remove_prefix(field.size());
  return field;
}

std::size_t count_fields(std::string_view rest) {
  std::size_t count = 0;
  while (!next_field(rest).empty()) ++count;
  return count;
}

template <typename Number>
std::optional<Number> number_of(std::string_view field) {
  Number value{};
  if constexpr (std::is_floating_point_v<Number>) {
    if (!field.empty() && field.front() == '+') field.remove_prefix(1);
    const auto [end, error] = fast_float::from_chars(field.begin(), field.end(), value);
    if (end != field.end() || (error != std::errc() && error != std::errc::result_out_of_range))
      return std::nullopt;
  } else {
    for (const char c : field) {
      if (c < '0' || c > '9' || value > 1'000'000'000'000) return std::nullopt;
      value = value * 10 + static_cast<Number>(c - '0');
    }
    if (field.empty()) return std::nullopt;
  }
  return value;
}

class Reading {
 public:
  Reading(const std::string& path, const Vocabulary& vocabulary, std::size_t width)
      : path_(path), vocabulary_(vocabulary), width_(width), found_(vocabulary.size(), false) {}

  void line(std::string_view text) {
    ++line_;
    if (line_ == 1) text = without_mark(text);
    const std::size_t fields = count_fields(text);
    if (fields == 0 || (line_ == 1 && is_header(text, fields))) return;
    std::string_view rest = text;
    const auto word = next_field(rest);
    if (fields != width_ + 1 && !has_spaces(rest, fields)) refuse_width(fields - 1);
    const auto index = vocabulary_.find(word);
    if (fields != width_ + 1 || !index || found_[*index]) return;
    found_[*index] = true;
    vectors_.words.push_back(*index);
    for (std::size_t i = 0; i < width_; ++i) push(next_field(rest), word);
  }

  WordVectors take() { return std::move(vectors_); }

 private:
  /// "words numbers". A word of one number looks alike unless it is none itself.
  bool is_header(std::string_view rest, std::size_t fields) const {
    if (fields != 2) return false;
    const auto words = number_of<std::uint64_t>(next_field(rest));
    const auto width = number_of<std::uint64_t>(next_field(rest));
    if (!words || !width) return false;
    if (*width != width_) refuse_width(*width);
    return true;
  }

  /// Whether the line has more fields than there are numbers because the word has several.
  bool has_spaces(std::string_view rest, std::size_t fields) const {
    return fields > width_ + 1 && !number_of<float>(next_field(rest));
  }

  void push(std::string_view field, std::string_view word) {
    const auto value = number_of<float>(field);
    if (!value || !std::isfinite(*value)) {
      throw DataError(fmt::format("'{}' in the vector of '{}' is not a finite number", field, word),
                      {.file = path_, .line = line_}, "write a word and its numbers a line");
    }
    vectors_.values.push_back(*value);
  }

  [[noreturn]] void refuse_width(std::uint64_t width) const {
    throw DataError(
        fmt::format("a vector of {} numbers; the embedding has {} units", width, width_),
        {.file = path_, .line = line_},
        "give the embedding as many units as the file's vectors have numbers");
  }

  const std::string& path_;
  const Vocabulary& vocabulary_;
  std::size_t width_;
  std::int64_t line_ = 0;
  std::vector<bool> found_;
  WordVectors vectors_;
};

}  // namespace

WordVectors read_word_vectors(const std::string& path, const Vocabulary& vocabulary,
                              std::size_t width) {
  InputStream input(path);
  Reading reading(path, vocabulary, width);
  std::string text;
  for (bool more = true; more;) {
    const std::size_t kept = text.size();
    text.resize(kept + kChunkBytes);
    const std::size_t read = input.read({text.data() + kept, kChunkBytes});
    more = read == kChunkBytes;
    text.resize(kept + read);
    const std::size_t whole = more ? text.rfind('\n') + 1 : text.size();  // npos + 1 == 0
    each_line(std::string_view(text).substr(0, whole), [&](std::string_view line) {
      reading.line(line);
      return true;
    });
    text.erase(0, whole);
  }
  return reading.take();
}

}  // namespace lockstep::data
