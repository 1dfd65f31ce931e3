#include "data/features/sequences/windows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.hpp"
#include "data/features/cleaning/cells.hpp"
#include "data/features/columns/column_tools.hpp"
#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {
namespace {

constexpr std::initializer_list<ColumnType::Kind> kKeyKinds = {ColumnType::Kind::Number,
                                                               ColumnType::Kind::String};

std::vector<std::string> list_of(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return {names.begin(), names.end()};
}

/// [length, columns] of the columns' features: "x_lag2", "x_lag1", "x_lag0".
ColumnType window_type(const std::vector<Feature>& step, std::size_t columns, std::size_t length) {
  ColumnType type = vector_type(length * columns);
  if (step.size() == columns && length * columns <= kMostNamedFeatures) {
    std::vector<Feature> features;
    for (std::size_t lag = length; lag-- > 0;) {
      for (Feature feature : step) {
        feature.name += fmt::format("_lag{}", lag);
        features.push_back(std::move(feature));
      }
    }
    type = vector_type(std::move(features));
  }
  type.shape = {static_cast<std::int64_t>(length), static_cast<std::int64_t>(columns)};
  return type;
}

}  // namespace

Windows::Windows(const proto::Windows& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.input_cols().empty()) {
    throw ConfigError("no input column is given", {.field = at_ + ".input_cols"},
                      "name the columns that a window shows");
  }
  if (config_.length() == 0 || config_.horizon() == 0 || config_.stride() == 0)
    throw ConfigError("length, horizon and stride are 1 or more", {.field = at_});
  check_unique(list_of(config_.input_cols()), at_ + ".input_cols");
  check_unique(list_of(config_.target_cols()), at_ + ".target_cols");
  load_history();
}

std::size_t Windows::outputs() const {
  return std::size_t{config_.horizon()} * static_cast<std::size_t>(config_.target_cols_size());
}

std::vector<std::string> Windows::input_columns() const {
  std::vector<std::string> columns = list_of(config_.input_cols());
  for (const auto& target : config_.target_cols()) columns.push_back(target);
  for (const auto& key : {config_.order_col(), config_.group_col()})
    if (!key.empty()) columns.push_back(key);
  return columns;
}

bool Windows::can_do_without(const std::string& column) const {
  const auto& inputs = config_.input_cols();
  return std::find(inputs.begin(), inputs.end(), column) == inputs.end() &&
         column != config_.order_col() && column != config_.group_col();
}

bool Windows::is_labelled(const Schema& schema) const {
  const auto& targets = config_.target_cols();
  return !targets.empty() && std::all_of(targets.begin(), targets.end(),
                                         [&](const auto& name) { return schema.has(name); });
}

Schema Windows::output_schema(const Schema& input) const {
  std::vector<Feature> step;
  std::size_t columns = 0;
  bool open = false;
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string& name = config_.input_cols(i);
    const auto field = element(at_ + ".input_cols", static_cast<std::size_t>(i));
    const ColumnType& type =
        input_column(input, name, {ColumnType::Kind::Number, ColumnType::Kind::Vector}, field);
    if (type.shape.rank() > 1) {
      throw ConfigError(
          fmt::format("the column '{}' is a {}: a sequence already", name, to_string(type)),
          {.field = field}, "name columns of numbers and vectors");
    }
    columns += row_width(type);
    open = open || type.open_width;
    if (columns > kMostNamedFeatures) continue;
    for (Feature& feature : features_of(name, type)) step.push_back(std::move(feature));
  }
  if (columns * config_.length() > std::numeric_limits<std::uint32_t>::max()) {
    throw ConfigError(fmt::format("a window of {} numbers is too wide", columns * config_.length()),
                      {.field = at_ + ".length"}, "ask for fewer steps or columns");
  }
  ColumnType window = window_type(step, columns, config_.length());
  window.open_width = open;
  if (!config_.order_col().empty())
    input_column(input, config_.order_col(), kKeyKinds, at_ + ".order_col");
  if (!config_.group_col().empty())
    input_column(input, config_.group_col(), kKeyKinds, at_ + ".group_col");
  Schema output = input;
  add_output(output, config_.output_col(), std::move(window), at_ + ".output_col");
  if (outputs() == 0 || (is_fitted() && !is_labelled(input))) return output;
  std::vector<Feature> label;
  for (std::uint32_t lead = 1; lead <= config_.horizon(); ++lead) {
    for (int i = 0; i < config_.target_cols_size(); ++i) {
      const std::string& name = config_.target_cols(i);
      const ColumnType& type =
          input_column(input, name, {ColumnType::Kind::Number},
                       element(at_ + ".target_cols", static_cast<std::size_t>(i)));
      label.push_back(features_of(name, type).front());
      label.back().name = fmt::format("{}_lead{}", name, lead);
    }
  }
  ColumnType type = outputs() == 1 ? input.at(config_.target_cols(0), at_ + ".target_cols")
                                   : vector_type(std::move(label));
  add_output(output, config_.label_col(), std::move(type), at_ + ".label_col");
  return output;
}

void Windows::fit(const TrainingRows&) { config_.mutable_model(); }

void Windows::load_history() {
  for (const auto& row : config_.model().row()) {
    if (row.has_group()) history_.group.numbers.push_back(row.group());
    if (row.has_group_text()) history_.group.texts.push_back(row.group_text());
    if (row.has_order()) history_.time.numbers.push_back(row.order());
    if (row.has_order_text()) history_.time.texts.push_back(row.order_text());
    history_.ids.push_back(history_.size());
    history_.inputs.insert(history_.inputs.end(), row.input().begin(), row.input().end());
  }
}

/// What is remembered is of the same kind as the rows.
void Windows::check_history(const Steps& own) const {
  if (own.size() == 0 || history_.size() == 0) return;
  const auto fits = [&](const auto& remembered, const auto& cells) {
    return remembered.size() * own.size() == cells.size() * history_.size();
  };
  if (fits(history_.group.numbers, own.group.numbers) &&
      fits(history_.group.texts, own.group.texts) &&
      fits(history_.time.numbers, own.time.numbers) && fits(history_.time.texts, own.time.texts) &&
      fits(history_.inputs, own.inputs))
    return;
  throw ConfigError("the rows of the model are not like those of the data",
                    {.field = at_ + ".model"}, "leave the model as Lockstep has written it");
}

StepColumns Windows::step_columns(const Preparing& preparing) const {
  StepColumns columns;
  columns.inputs = list_of(config_.input_cols());
  if (is_labelled(preparing.rows.schema())) columns.targets = list_of(config_.target_cols());
  columns.order = config_.order_col();
  columns.group = config_.group_col();
  columns.targets_may_miss = preparing.labels_optional;
  columns.at = at_;
  return columns;
}

void Windows::prepare(const Preparing& preparing) {
  const std::string& name = preparing.rows.name();
  const Steps own = collect_steps(preparing.rows, step_columns(preparing));
  if (own.size() > 0 && own.inputs.empty()) {
    throw DataError("the input columns have no numbers", {.field = at_ + ".input_cols"},
                    "look at the stages that make them");
  }
  check_history(own);
  const auto order = time_order(own);
  const bool goes_on = !config_.order_col().empty() || history_name_ == name;
  series_ = std::make_unique<const Series>(own, order, goes_on ? history_ : Steps{},
                                           config_.length() - 1);
  labelled_ = is_labelled(preparing.rows.schema());
  labels_optional_ = preparing.labels_optional;
  check_windows();
  if (config_.history() && !labels_optional_) remember(own, order, name);
}

/// The last rows of each series. Row ids tell the order of rows in one file alone.
void Windows::remember(const Steps& own, const std::vector<std::size_t>& order,
                       const std::string& name) {
  const bool timed = !config_.order_col().empty();
  if (!timed && history_name_ != name) history_ = {};
  history_name_ = name;
  std::size_t series_end = 0;  // in `order`
  for (const Series::Range& range : series_->series()) {
    const std::size_t rows = range.end - range.own_begin;
    series_end += rows;
    for (std::size_t i = series_end - std::min<std::size_t>(rows, config_.length() - 1);
         i < series_end; ++i) {
      history_.append_inputs(own, order[i]);
      if (timed)
        history_.ids.back() = history_.size() - 1;  // of one file or another: in this order
    }
  }
}

void Windows::check_windows() const {
  std::size_t longest = 0;
  for (const Series::Range& range : series_->series()) {
    longest = std::max(longest, range.end - range.begin);
    for (std::size_t position = range.own_begin; position < range.end; ++position)
      if (is_whole({position, range})) return;
  }
  const bool ahead = labelled_ && !labels_optional_;
  throw DataError(
      fmt::format("no row has a window of {} steps{}: the longest series has {} rows",
                  config_.length(),
                  ahead ? fmt::format(" with {} more behind it", config_.horizon()) : "", longest),
      {.field = at_ + ".length"}, "give longer series, or ask for shorter windows");
}

bool Windows::is_whole(const Series::Place& place) const {
  const auto& [position, series] = place;
  const std::size_t length = config_.length();
  if (position + 1 < series.begin + length) return false;
  if ((position + 1 - length - series.begin) % config_.stride() != 0) return false;
  return !labelled_ || labels_optional_ || position + config_.horizon() < series.end;
}

Effect Windows::transform(Partition& partition, Phase) const {
  expects(series_ != nullptr, "windows are prepared before they are made");
  std::vector<bool> keep(partition.rows());
  std::vector<Series::Place> places;
  for (std::size_t row = 0; row < keep.size(); ++row) {
    const Series::Place place = series_->place(partition.row_ids[row]);
    keep[row] = is_whole(place);
    if (keep[row]) places.push_back(place);
  }
  const std::size_t dropped = keep_rows(partition, keep);
  partition.set(config_.output_col(), windows(places));
  if (labelled_) partition.set(config_.label_col(), labels(places));
  return {dropped, "without a whole window or label dropped"};
}

Column Windows::windows(const std::vector<Series::Place>& places) const {
  const std::size_t length = config_.length(), width = series_->inputs(0, length).size();
  std::vector<double> values;
  values.reserve(places.size() * width);
  for (const auto& place : places) {
    const auto window = series_->inputs(place.position + 1 - length, length);
    values.insert(values.end(), window.begin(), window.end());
  }
  return DenseVectors{width, std::move(values)};
}

Column Windows::labels(const std::vector<Series::Place>& places) const {
  const auto targets = static_cast<std::size_t>(config_.target_cols_size());
  std::vector<double> values;
  values.reserve(places.size() * outputs());
  for (const auto& [position, series] : places) {
    for (std::size_t lead = 1; lead <= config_.horizon(); ++lead) {
      if (position + lead < series.end) {
        const auto step = series_->targets(position + lead);
        values.insert(values.end(), step.begin(), step.end());
      } else {
        values.resize(values.size() + targets, kMissing);
      }
    }
  }
  if (outputs() == 1) return Numbers{std::move(values)};
  return DenseVectors{outputs(), std::move(values)};
}

proto::Stage Windows::save() const {
  proto::Stage stage;
  auto& config = *stage.mutable_windows() = config_;
  if (!config.has_model()) return stage;
  config.mutable_model()->clear_row();
  if (config_.order_col().empty()) return stage;  // nobody can tell what comes later
  for (const std::size_t i : time_order(history_)) {
    auto& row = *config.mutable_model()->add_row();
    if (!history_.group.numbers.empty()) row.set_group(history_.group.numbers[i]);
    if (!history_.group.texts.empty()) row.set_group_text(history_.group.texts[i]);
    if (!history_.time.numbers.empty()) row.set_order(history_.time.numbers[i]);
    if (!history_.time.texts.empty()) row.set_order_text(history_.time.texts[i]);
    const std::size_t width = history_.inputs.size() / history_.size();
    for (std::size_t j = 0; j < width; ++j) row.add_input(history_.inputs[i * width + j]);
  }
  return stage;
}

}  // namespace lockstep::data
