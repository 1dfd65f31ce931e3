#include "data/features/vectors/interaction.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "data/features/vectors/feature_choice.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kMostProducts = (std::uint64_t{1} << 31) - 1;
using Categories = std::span<const std::uint32_t>;

struct Entry {
  std::size_t index;
  double value;
};

/// Numbers a column of these categories becomes.
std::uint64_t encoded_width(Categories categories) {
  std::uint64_t width = 0;
  for (const std::uint32_t count : categories) width += count == 0 ? 1 : count;
  return width;
}

bool has_categories(Categories categories) {
  for (const std::uint32_t count : categories)
    if (count != 0) return true;
  return false;
}

/// The categories of each column.
std::vector<Categories> split(const proto::InteractionModel& model) {
  std::vector<Categories> columns;
  std::size_t begin = 0;
  for (const std::uint32_t width : model.widths()) {
    columns.push_back(span_of(model.categories()).subspan(begin, width));
    begin += width;
  }
  return columns;
}

/// One input column of a partition.
struct Input {
  const Partition& partition;
  const Column& column;
  Categories categories;
  std::string field;
  std::size_t width = encoded_width(categories);
  bool nominal = has_categories(categories);
  std::vector<double> buffer = std::vector<double>(categories.size());

  [[noreturn]] void refuse(std::size_t row, const std::string& value, const char* advice) const {
    throw DataError(fmt::format("{} has {}", row_name(partition, row), value), {.field = field},
                    advice);
  }

  std::size_t category(std::size_t row, std::size_t j, double value) const {
    const std::uint32_t count = categories[j];
    if (!(value >= 0 && value < count) || value != std::floor(value)) {
      refuse(row, fmt::format("the category {}, but categories are 0 to {}", value, count - 1),
             "index the column with a string_indexer stage");
    }
    return static_cast<std::size_t>(value);
  }

  /// The row's numbers as they go into the products, without zeros that sparse ones leave out.
  void encode(std::size_t row, std::vector<Entry>& entries) {
    entries.clear();
    if (const auto* numbers = std::get_if<Numbers>(&column);
        numbers != nullptr && is_missing(numbers->values[row]))
      refuse(row, "no value", "drop such rows, or fill them in with an imputer stage before");
    if (!nominal) {
      for_each_entry(column, row, [&](std::size_t j, double x) { entries.push_back({j, x}); });
      return;
    }
    copy_row(column, row, buffer.data());
    std::size_t begin = 0;
    for (std::size_t j = 0; j < buffer.size(); ++j) {
      if (categories[j] == 0) {
        entries.push_back({begin++, buffer[j]});
      } else {
        entries.push_back({begin + category(row, j, buffer[j]), 1.0});
        begin += categories[j];
      }
    }
  }
};

/// The products of one row, the last column varying fastest.
void multiply(std::vector<Input>& inputs, std::size_t row, std::vector<Entry>& products) {
  std::vector<Entry> entries, next;
  products.assign(1, {0, 1.0});
  for (Input& input : inputs) {
    input.encode(row, entries);
    next.clear();
    for (const auto& [i, x] : products)
      for (const auto& [j, y] : entries) next.push_back({i * input.width + j, x * y});
    products.swap(next);
  }
}

/// The names of a column's numbers as they go into the products.
std::vector<std::string> encoded_names(const std::vector<Feature>& features,
                                       Categories categories) {
  std::vector<std::string> names;
  for (std::size_t j = 0; j < features.size(); ++j) {
    const Feature& feature = features[j];
    if (categories[j] == 0) names.push_back(feature.name);
    for (std::size_t k = 0; k < categories[j]; ++k) {
      names.push_back(feature.name + "_" +
                      (k < feature.labels.size() ? feature.labels[k] : std::to_string(k)));
    }
  }
  return names;
}

}  // namespace

Interaction::Interaction(const proto::Interaction& config, std::string at)
    : config_(config), at_(std::move(at)) {
  if (config_.input_cols_size() < 2) {
    throw ConfigError(fmt::format("{} input columns", config_.input_cols_size()),
                      {.field = at_ + ".input_cols"}, "give at least two");
  }
  std::uint64_t numbers = 0;
  for (const std::uint32_t width : config_.model().widths()) numbers += width;
  if (is_fitted() && (config_.model().widths_size() != config_.input_cols_size() ||
                      numbers != static_cast<std::uint64_t>(config_.model().categories_size()))) {
    throw ConfigError("the lists of the model do not fit together", {.field = at_ + ".model"},
                      "leave the model as Lockstep has written it");
  }
}

std::string Interaction::field(int column) const {
  return fmt::format("{}.input_cols[{}]", at_, column);
}

std::vector<std::string> Interaction::input_columns() const {
  return {config_.input_cols().begin(), config_.input_cols().end()};
}

bool Interaction::is_open(const Schema& schema) const {
  bool open = false;
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    open = input_column(schema, config_.input_cols(i),
                        {ColumnType::Kind::Number, ColumnType::Kind::Vector}, field(i))
               .open_width ||
           open;
  }
  return open;
}

proto::InteractionModel Interaction::model_of(const Schema& schema) const {
  proto::InteractionModel model;
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string& name = config_.input_cols(i);
    const std::vector<Feature> features = features_of(name, schema.at(name, field(i)));
    model.add_widths(static_cast<std::uint32_t>(features.size()));
    for (const Feature& feature : features) {
      const bool nominal = feature.kind == Feature::Kind::Nominal;
      if (nominal && feature.arity == 0) {
        throw ConfigError(
            fmt::format("the number of categories of '{}' is not known", feature.name),
            {.field = field(i)}, "index the column with a string_indexer stage");
      }
      model.add_categories(nominal ? static_cast<std::uint32_t>(feature.arity) : 0);
    }
  }
  return model;
}

void Interaction::check_fits(const Schema& schema) const {
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string& name = config_.input_cols(i);
    const ColumnType& type = schema.at(name, field(i));
    const std::size_t has = type.shape.size(), wanted = config_.model().widths(i);
    if (has == wanted || (has < wanted && type.open_width)) continue;
    throw ConfigError(fmt::format("'{}' has {} numbers, not {}", name, has, wanted),
                      {.field = field(i)}, "give vectors as wide as those it was made for");
  }
}

ColumnType Interaction::output_type(const Schema& schema,
                                    const proto::InteractionModel& model) const {
  const std::vector<Categories> categories = split(model);
  std::uint64_t products = 1;
  for (const Categories column : categories) {
    products *= encoded_width(column);
    if (products <= kMostProducts) continue;
    throw ConfigError("the columns have too many products", {.field = at_ + ".input_cols"},
                      "at most 2^31 - 1: leave out a column");
  }
  if (products > kMostNamedFeatures || is_open(schema)) return vector_type(products);
  std::vector<std::string> names{""};
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string& name = config_.input_cols(i);
    std::vector<std::string> longer;
    const auto own = encoded_names(features_of(name, schema.at(name, field(i))),
                                   categories[static_cast<std::size_t>(i)]);
    for (const std::string& before : names)
      for (const std::string& after : own)
        longer.push_back(before.empty() ? after : before + ":" + after);
    names.swap(longer);
  }
  std::vector<Feature> features;
  for (std::string& name : names) features.push_back(numeric_feature(std::move(name)));
  return vector_type(std::move(features));
}

Schema Interaction::output_schema(const Schema& input) const {
  const bool open = is_open(input);
  if (is_fitted()) check_fits(input);
  Schema output = input;
  add_output(output, config_.output_col(),
             is_fitted() ? output_type(input, config_.model())
             : open      ? open_vector()
                         : output_type(input, model_of(input)),
             at_ + ".output_col");
  return output;
}

void Interaction::fit(const TrainingRows& fitting) {
  *config_.mutable_model() = model_of(fitting.schema());
}

Effect Interaction::transform(Partition& partition, Phase) const {
  expects(is_fitted(), "a stage is fitted before it transforms");
  const std::vector<Categories> categories = split(config_.model());
  std::vector<Input> inputs;
  std::size_t width = 1;
  bool dense = true;
  for (int i = 0; i < config_.input_cols_size(); ++i) {
    const std::string& name = config_.input_cols(i);
    const Column& column = partition.column(name);
    const Categories own = categories[static_cast<std::size_t>(i)];
    if (!std::holds_alternative<Numbers>(column))
      check_widths(partition, name, own.size(), field(i));
    inputs.push_back({partition, column, own, field(i)});
    width *= inputs.back().width;
    dense = dense && !inputs.back().nominal && !std::holds_alternative<SparseVectors>(column);
  }
  std::vector<Entry> products;
  std::vector<double> values(dense ? partition.rows() * width : 0);
  SparseBuilder builder(width);
  for (std::size_t row = 0; row < partition.rows(); ++row) {
    multiply(inputs, row, products);
    for (const auto& [i, x] : products) {
      if (dense) {
        values[row * width + i] = x;
      } else if (x != 0) {
        builder.push(i, x);
      }
    }
    builder.end_row();
  }
  partition.set(config_.output_col(), dense ? Column(DenseVectors{width, std::move(values)})
                                            : Column(std::move(builder).finish()));
  return {};
}

proto::Stage Interaction::save() const {
  proto::Stage stage;
  *stage.mutable_interaction() = config_;
  return stage;
}

}  // namespace lockstep::data
