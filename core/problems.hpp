#pragma once
/// All the mistakes of a config, collected before any rank does work, and where its fields stand in
/// the file.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace lockstep {

/// Where each field of a config file stands. Field paths look like
/// stage[1].network.layer[0].dense.units.
class Locations {
 public:
  std::string file;                                  ///< the config file
  std::map<std::string, std::pair<int, int>> lines;  ///< field path -> (line, column), both from 1

  /// The place of a field, or of the nearest enclosing message that is in the file.
  Where find(const std::string& field) const;

  /// The same error with file, line and column filled in if it names a field but no file.
  Error locate(const Error& error) const;
};

class Problems {
 public:
  /// A problem at a field path.
  void add(const std::string& field, const std::string& what, const std::string& advice = {});
  /// A problem at a known place of the file.
  void add_at(Where where, const std::string& what, const std::string& advice = {});
  /// Adds the problem unless `holds`.
  void require(bool holds, const std::string& field, const std::string& what,
               const std::string& advice = {}) {
    if (!holds) add(field, what, advice);
  }
  bool empty() const noexcept { return found_.empty(); }

  /// Throws one ConfigError that lists all problems in the order of the file; returns if there are
  /// none.
  void throw_if_any(const Locations& locations) const;

 private:
  struct Problem {
    Where where;
    std::string what, advice;
  };
  std::vector<Problem> found_;
};

}  // namespace lockstep
