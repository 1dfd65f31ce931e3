#pragma once
/// Words so frequent that they say little, for some languages: lower case, in order of their bytes.
/// The English list is the 181 words that Spark takes; the others are articles, pronouns,
/// prepositions, conjunctions and auxiliary verbs.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::data {

/// Empty: the language is not known.
std::span<const std::string_view> stop_words(std::string_view language);

/// "english", ...
std::vector<std::string> stop_word_languages();

}  // namespace lockstep::data
