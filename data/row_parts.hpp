#pragma once
/// Rows shared out to parts: what splits and folds have in common. How many rows of each class a
/// part gets, and which part a row goes to.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "data/row_order.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// The part of a row of a partition: local, thread-safe.
using PartOf = std::function<std::size_t(const Partition& partition, std::size_t row)>;

/// [classes][parts] numbers of rows.
using Sizes = std::vector<std::vector<std::uint64_t>>;

/// Sizes of `parts` parts of the rows of each class, by shares or equal ones.
using ShareOut = std::function<Sizes(const std::vector<std::uint64_t>& classes)>;

/// Part p of all n rows ends at row round(n * (w_0 + ... + w_p) / (w_0 + w_1 + ...)). Of each class
/// it gets its share of the rows that the parts behind it have left, by largest remainders; equal
/// ones in the order of the classes.
Sizes sizes_by_weights(const std::vector<std::uint64_t>& classes,
                       const std::vector<double>& weights);

/// Sizes that differ by one at most, in all and in every class: the rows of all classes, one class
/// after the other, are dealt out to the parts in turn.
Sizes equal_sizes(const std::vector<std::uint64_t>& classes, std::size_t parts);

/// Most classes of stratified rows, each with a place of its own in every part.
inline constexpr std::size_t kMostClasses = 10000;

/// COLLECTIVE. Random rows in exact sizes.
PartOf random_parts(const TrainingRows& fitting, const Random& random, const ShareOut& share_out);

/// COLLECTIVE. Random rows in exact sizes of every class. A missing value is a class, too.
/// @throws DataError, the same on every rank, if there are more than kMostClasses classes
PartOf stratified_parts(const TrainingRows& fitting, const Random& random,
                        const ShareOut& share_out, const std::string& column,
                        const std::string& field);

/// COLLECTIVE. The first rows to part 0, in exact sizes: by the values of a column, missing ones
/// first and equal ones by row id, or by row id where `column` is empty.
PartOf ordered_parts(const TrainingRows& fitting, const ShareOut& share_out,
                     const std::string& column);

/// All rows with the same value of `column` to one part, by a hash of its text and the random
/// numbers: a value goes to the same part whatever the other rows are, and sizes come near the
/// weights only where there are many values. Missing ones are one value, that of an empty text.
PartOf hashed_groups(const Schema& schema, const Random& random, const std::string& column,
                     const std::vector<double>& weights);

/// COLLECTIVE. All rows with the same value of `column` to one part; parts of about equal size: the
/// largest group first, each to the part with the fewest rows so far. Equal ones go by random
/// numbers, and so do all where there are more than `most` groups (see hashed_groups).
PartOf even_groups(const TrainingRows& fitting, const Random& random, const std::string& column,
                   std::size_t parts, std::size_t most = 100000);

/// The part that a column says: as a number 0, 1, ... `parts` - 1, in a string column also as one
/// of `names`, if there are any. Calling it @throws DataError naming the row
PartOf named_parts(const std::string& column, std::size_t parts,
                   const std::vector<std::string>& names, const std::string& field);

/// COLLECTIVE. How many rows go to each of `parts` parts. @throws AgreedError what `part` throws,
/// and (DataError) if there are no rows
std::vector<std::uint64_t> count_parts(const TrainingRows& fitting, const PartOf& part,
                                       std::size_t parts);

}  // namespace lockstep::data
