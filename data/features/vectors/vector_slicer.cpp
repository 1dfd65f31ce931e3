#include "data/features/vectors/vector_slicer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/names.hpp"
#include "data/features/vectors/feature_choice.hpp"

namespace lockstep::data {
namespace {

template <typename List>
void check_distinct(const List& list, const std::string& field) {
  for (int i = 0; i < list.size(); ++i) {
    if (std::find(list.begin(), list.begin() + i, list[i]) == list.begin() + i) continue;
    throw ConfigError(fmt::format("{} is listed twice", list[i]),
                      {.field = fmt::format("{}[{}]", field, i)},
                      "a feature is taken at most once");
  }
}

/// The first feature of each name.
std::map<std::string, std::uint32_t> index_of(const std::vector<Feature>& features) {
  std::map<std::string, std::uint32_t> index;
  for (std::size_t j = 0; j < features.size(); ++j)
    index.emplace(features[j].name, static_cast<std::uint32_t>(j));
  return index;
}

std::vector<std::string> names_of(const std::vector<Feature>& features) {
  std::vector<std::string> names;
  for (const Feature& feature : features) names.push_back(feature.name);
  return names;
}

}  // namespace

VectorSlicer::VectorSlicer(const proto::VectorSlicer& config, std::string at_path)
    : VectorStage(config.input_col(), config.output_col(), std::move(at_path)), config_(config) {
  if (config_.indices().empty() && config_.names().empty()) {
    throw ConfigError("no feature is listed", {.field = at()}, "give indices or names");
  }
  check_distinct(config_.indices(), at() + ".indices");
  check_distinct(config_.names(), at() + ".names");
  const int listed = config_.indices_size() + config_.names_size();
  check_model(!is_fitted() ||
              (is_choice(config_.model()) && config_.model().selected_features_size() == listed));
}

std::optional<std::size_t> VectorSlicer::width() const {
  if (!is_fitted()) return std::nullopt;
  return config_.model().num_features();
}

void VectorSlicer::fit(const TrainingRows& fitting) {
  const std::size_t features = training_width(fitting);
  const ColumnType& type = fitting.schema().at(input(), input_field());
  proto::SelectorModel model;
  for (const std::uint32_t j : resolve(type)) model.add_selected_features(j);
  model.set_num_features(static_cast<std::uint32_t>(features));
  *config_.mutable_model() = std::move(model);
}

std::vector<std::uint32_t> VectorSlicer::resolve(const ColumnType& type) const {
  const std::size_t features = type.shape.size();
  std::vector<std::uint32_t> chosen;
  for (int i = 0; i < config_.indices_size(); ++i) {
    chosen.push_back(config_.indices(i));
    if (chosen.back() < features) continue;
    throw ConfigError(fmt::format("there is no index {}: the vectors of '{}' have {} numbers",
                                  chosen.back(), input(), features),
                      {.field = fmt::format("{}.indices[{}]", at(), i)}, "indices count from 0");
  }
  if (config_.names().empty()) return chosen;
  const std::vector<Feature> known = features_of(input(), type);
  const auto index = index_of(known);
  for (int i = 0; i < config_.names_size(); ++i) {
    const std::string& name = config_.names(i);
    const std::string field = fmt::format("{}.names[{}]", at(), i);
    const auto found = index.find(name);
    if (found == index.end()) {
      throw ConfigError(fmt::format("'{}' has no feature '{}'", input(), name), {.field = field},
                        suggest(name, names_of(known)));
    }
    if (std::find(chosen.begin(), chosen.end(), found->second) != chosen.end()) {
      throw ConfigError(
          fmt::format("'{}' is feature {}, which is listed already", name, found->second),
          {.field = field}, "a feature is taken at most once");
    }
    chosen.push_back(found->second);
  }
  return chosen;
}

ColumnType VectorSlicer::output_type(const ColumnType& type) const {
  if (is_fitted())
    return take_features(input(), type, span_of(config_.model().selected_features()));
  if (!type.open_width) return take_features(input(), type, resolve(type));
  return vector_type(static_cast<std::size_t>(config_.indices_size() + config_.names_size()));
}

Column VectorSlicer::map(const Column& column, std::size_t rows) const {
  return take_features(column, rows, span_of(config_.model().selected_features()));
}

proto::Stage VectorSlicer::save() const {
  proto::Stage stage;
  *stage.mutable_vector_slicer() = config_;
  return stage;
}

}  // namespace lockstep::data
