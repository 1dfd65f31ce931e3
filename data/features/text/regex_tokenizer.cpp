#include "data/features/text/regex_tokenizer.hpp"

#include <fmt/core.h>
#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <algorithm>

#include "core/error.hpp"
#include "data/features/text/java_split.hpp"
#include "data/features/text/text.hpp"

namespace lockstep::data {
namespace {

/// Rewrites a regular expression so that its \s and \S count \v as white space.
class SpaceRewriter {
 public:
  explicit SpaceRewriter(std::string_view pattern) : rest_(pattern) {}

  std::string run() && {
    while (!rest_.empty()) {
      if (!in_class_ && rest_.starts_with("\\Q")) {
        copy_up_to("\\E", rest_.size());
      } else if (rest_[0] == '\\' && rest_.size() > 1) {
        escape();
      } else if (in_class_ && rest_.starts_with("[:")) {
        copy_up_to(":]", 2);
      } else if (!in_class_ && rest_[0] == '[') {
        open_class();
      } else {
        if (rest_[0] == ']') in_class_ = false;
        copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  void copy(std::size_t bytes) {
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }
  void copy_up_to(std::string_view end, std::size_t otherwise) {
    const std::size_t found = rest_.find(end, 2);
    copy(found == std::string_view::npos ? otherwise : found + end.size());
  }
  void open_class() {
    in_class_ = true;
    copy(1);
    if (rest_.starts_with("^")) copy(1);
    if (rest_.starts_with("]")) copy(1);  // the first one is a character of the class
  }
  void escape() {
    const char escaped = rest_[1];
    if (escaped != 's' && escaped != 'S') return copy(2);
    rest_.remove_prefix(2);
    if (escaped == 's') {
      out_ += in_class_ ? "\\s\\x0B" : "[\\s\\x0B]";
    } else {
      out_ += in_class_ ? "\\x00-\\x08\\x0E-\\x1F!-\\x{10FFFF}" : "[^\\s\\x0B]";
    }
  }

  std::string_view rest_;
  bool in_class_ = false;
  std::string out_;
};

std::unique_ptr<const re2::RE2> compile(const std::string& pattern, const std::string& field) {
  re2::RE2::Options quiet;
  quiet.set_log_errors(false);
  if (const re2::RE2 given(pattern, quiet); !given.ok()) {
    throw ConfigError(fmt::format("'{}' is not a regular expression: {}", pattern, given.error()),
                      {.field = field},
                      "the syntax is RE2's: Java's without look-around and back references");
  }
  auto compiled = std::make_unique<const re2::RE2>(SpaceRewriter(pattern).run(), quiet);
  expects(compiled->ok(), "a regular expression stays one when its spaces are rewritten");
  return compiled;
}

/// Calls use(begin, end) for every match, from left to right. After an empty match the search goes
/// on one character further.
template <typename Use>
void for_each_match(const re2::RE2& pattern, std::string_view text, const Use& use) {
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece match;
  std::size_t from = 0;
  while (from <= text.size() &&
         pattern.Match(whole, from, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - whole.data());
    const std::size_t end = begin + match.size();
    use(begin, end);
    from = end;
    if (begin == end) from += end < text.size() ? character_bytes(text, end) : 1;
  }
}

}  // namespace

RegexTokenizer::RegexTokenizer(const proto::RegexTokenizer& config, std::string at)
    : config_(config), at_(std::move(at)), pattern_(compile(config_.pattern(), at_ + ".pattern")) {}

RegexTokenizer::~RegexTokenizer() = default;

Schema RegexTokenizer::output_schema(const Schema& input) const {
  input_column(input, config_.input_col(), {ColumnType::Kind::String}, at_ + ".input_col");
  Schema output = input;
  add_output(output, config_.output_col(), {ColumnType::Kind::Tokens}, at_ + ".output_col");
  return output;
}

std::vector<std::string_view> RegexTokenizer::tokens_of(std::string_view text) const {
  std::vector<std::string_view> tokens;
  if (config_.gaps()) {
    Splitter splitter(text);
    for_each_match(*pattern_, text,
                   [&](std::size_t begin, std::size_t end) { splitter.cut(begin, end); });
    tokens = std::move(splitter).finish();
  } else {
    for_each_match(*pattern_, text, [&](std::size_t begin, std::size_t end) {
      tokens.push_back(text.substr(begin, end - begin));
    });
  }
  std::erase_if(tokens, [&](std::string_view token) {
    return utf16_length(token) < config_.min_token_length();
  });
  return tokens;
}

Effect RegexTokenizer::transform(Partition& partition, Phase) const {
  TokensBuilder tokens;
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    const auto given = text_of_row(partition, config_.input_col(), row, at_ + ".input_col");
    const std::string text = config_.to_lowercase() ? to_lower(given) : std::string(given);
    for (const auto token : tokens_of(text)) tokens.push(token);
    tokens.end_row();
  }
  partition.set(config_.output_col(), std::move(tokens).finish());
  return {};
}

proto::Stage RegexTokenizer::save() const {
  proto::Stage stage;
  *stage.mutable_regex_tokenizer() = config_;
  return stage;
}

}  // namespace lockstep::data
