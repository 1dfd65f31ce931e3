#pragma once
/// Taking some features of a vector column: what the slicer and the selectors do with their choice.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// The vectors of the features `chosen`, in that order; each at most once. Sparse stays sparse.
/// Expects that dense rows have all of them; sparse ones may be narrower.
Column take_features(const Column& column, std::size_t rows, std::span<const std::uint32_t> chosen);

/// Their type, with what is known of each: a feature without a name is called by its place in
/// `column`.
ColumnType take_features(const std::string& column, const ColumnType& type,
                         std::span<const std::uint32_t> chosen);

/// A vector type of a width that fit() will settle.
ColumnType open_vector();

/// Each index at most once, and below num_features.
bool is_choice(const proto::SelectorModel& model);

}  // namespace lockstep::data
