#pragma once
/// What an estimator or a model says of itself, typed: `check`, `show` and the report print it as
/// text or JSON.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lockstep::ml {

struct Description {
  using Cell = std::variant<std::string, std::uint64_t, double, bool>;
  struct Fact {
    std::string name;
    Cell value;
  };
  struct Table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
  };

  std::vector<Fact> facts;
  std::vector<Table> tables;
  std::vector<std::pair<std::string, std::string>> texts;  ///< a name and some lines, as of a tree
  std::vector<std::string> advice;                         ///< what would be better, and how

  void fact(std::string name, Cell value) { facts.push_back({std::move(name), std::move(value)}); }
};

}  // namespace lockstep::ml
