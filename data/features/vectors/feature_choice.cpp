#include "data/features/vectors/feature_choice.hpp"

#include <algorithm>
#include <limits>

namespace lockstep::data {
namespace {

constexpr std::uint32_t kNotChosen = std::numeric_limits<std::uint32_t>::max();

/// The place of each feature in the choice.
std::vector<std::uint32_t> places(std::span<const std::uint32_t> chosen, std::size_t width) {
  std::vector<std::uint32_t> place(width, kNotChosen);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i] < width) place[chosen[i]] = static_cast<std::uint32_t>(i);
  return place;
}

SparseVectors take_sparse(const SparseVectors& vectors, std::size_t rows,
                          std::span<const std::uint32_t> chosen) {
  const std::vector<std::uint32_t> place = places(chosen, vectors.width);
  SparseBuilder builder(chosen.size());
  std::vector<std::pair<std::uint32_t, double>> taken;
  for (std::size_t row = 0; row < rows; ++row) {
    taken.clear();
    for (std::size_t i = vectors.begin[row]; i < vectors.begin[row + 1]; ++i) {
      const std::uint32_t to = place[vectors.indices[i]];
      if (to != kNotChosen) taken.emplace_back(to, vectors.values[i]);
    }
    std::sort(taken.begin(), taken.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [to, value] : taken) builder.push(to, value);
    builder.end_row();
  }
  return std::move(builder).finish();
}

}  // namespace

Column take_features(const Column& column, std::size_t rows,
                     std::span<const std::uint32_t> chosen) {
  if (const auto* sparse = std::get_if<SparseVectors>(&column))
    return take_sparse(*sparse, rows, chosen);
  const auto& dense = std::get<DenseVectors>(column);
  std::vector<double> values;
  values.reserve(rows * chosen.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const auto from = dense.row(row);
    for (const std::uint32_t j : chosen) values.push_back(from[j]);
  }
  return DenseVectors{chosen.size(), std::move(values)};
}

ColumnType take_features(const std::string& column, const ColumnType& type,
                         std::span<const std::uint32_t> chosen) {
  std::vector<Feature> features;
  for (const std::uint32_t j : chosen) {
    const bool known = type.features && j < type.features->size();
    features.push_back(known ? (*type.features)[j]
                             : numeric_feature(feature_name(column, type, j)));
  }
  return vector_type(std::move(features));
}

ColumnType open_vector() {
  ColumnType type = vector_type(std::size_t{0});
  type.open_width = true;
  return type;
}

bool is_choice(const proto::SelectorModel& model) {
  std::vector<std::uint32_t> chosen(model.selected_features().begin(),
                                    model.selected_features().end());
  std::sort(chosen.begin(), chosen.end());
  return std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end() &&
         (chosen.empty() || chosen.back() < model.num_features());
}

}  // namespace lockstep::data
