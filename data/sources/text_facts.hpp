#pragma once
/// What the rows of text files have shown while they were parsed.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "data/sources/text_rows.hpp"
#include "dist/communicator.hpp"

namespace lockstep::data {

/// What rows together have shown: of a rank's pieces, or of all.
struct TextFacts {
  std::uint64_t width = 0;
  bool labelled = true;
  std::vector<CellType> seen;
  std::vector<std::string> names;  ///< sorted
  std::uint64_t bad_rows = 0;
  std::vector<std::string> examples;  ///< "file:line:column: what", in the order of the files

  /// What comes behind in the order of the files is added.
  void add(const TextFacts& next);

  static constexpr auto kFields =
      std::make_tuple(&TextFacts::width, &TextFacts::labelled, &TextFacts::seen, &TextFacts::names,
                      &TextFacts::bad_rows, &TextFacts::examples);
};

/// COLLECTIVE. The facts of all ranks, in rank order, on every rank.
TextFacts agree_on_facts(const dist::Communicator& ranks, const TextFacts& own);

}  // namespace lockstep::data
