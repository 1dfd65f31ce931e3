#pragma once
/// Words and their indices.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lockstep::data {

class Vocabulary {
 public:
  Vocabulary() = default;
  explicit Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
    for (const std::string& word : words_)
      indices_.emplace(word, static_cast<std::uint32_t>(indices_.size()));
  }
  Vocabulary(const Vocabulary&) = delete;  // the indices name the words where they lie
  Vocabulary& operator=(const Vocabulary&) = delete;
  Vocabulary(Vocabulary&&) noexcept = default;
  Vocabulary& operator=(Vocabulary&&) noexcept = default;
  ~Vocabulary() = default;

  std::size_t size() const noexcept { return words_.size(); }
  const std::vector<std::string>& words() const noexcept { return words_; }
  std::optional<std::uint32_t> find(std::string_view word) const {
    const auto found = indices_.find(word);
    return found == indices_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string_view, std::uint32_t> indices_;
};

}  // namespace lockstep::data
