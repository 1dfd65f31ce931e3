#include "ml/pipeline/datasets.hpp"

#include "data/split.hpp"

namespace lockstep::ml {
namespace {

constexpr const char* kSplit = "data.split";

}  // namespace

Datasets load_datasets(const Context& context, const proto::Data& config,
                       data::LoadOptions options) {
  Datasets rows;
  const auto load = [&](const proto::Source& source) {
    auto loaded = data::load(context, source, options);
    rows.from_cache = rows.from_cache && loaded.times.from_cache;
    return loaded;
  };
  options.validation_fraction = config.validation_fraction();
  auto loaded = load(config.train());
  rows.train = std::move(loaded.rows);
  rows.validation = std::move(loaded.validation);
  rows.source_schema = rows.train.schema;
  options.validation_fraction = 0;
  if (config.has_split()) {
    auto parts = data::split_rows(context, std::move(rows.train), config.split(), kSplit, options);
    rows.train = std::move(parts.at(0));
    rows.validation = std::move(parts.at(1));
    if (parts.size() > 2) rows.test = std::move(parts[2]);
  }
  options.like = &rows.source_schema;
  if (config.has_validation()) rows.validation = load(config.validation()).rows;
  if (config.has_test()) rows.test = load(config.test()).rows;
  return rows;
}

bool has_validation_rows(const proto::Data& config) {
  return config.has_validation() || config.validation_fraction() > 0 || config.has_split();
}

bool has_test_rows(const proto::Data& config) {
  return config.has_test() || config.split().weights_size() > 2 || config.split().has_part_col();
}

void check_data(const proto::Data& config, Problems& problems) {
  problems.require(!(config.has_validation() && config.validation_fraction() > 0),
                   "data.validation_fraction", "validation rows are given twice",
                   "keep data.validation or data.validation_fraction");
  if (!config.has_split()) return;
  problems.require(!config.has_validation() && !(config.validation_fraction() > 0), kSplit,
                   "validation rows are given twice",
                   "keep data.split, or data.validation or data.validation_fraction");
  problems.require(!config.has_test() || config.split().weights_size() < 3, kSplit,
                   "test rows are given twice", "give two weights, or leave data.test out");
  try {
    data::Splitting(config.split(), kSplit);
  } catch (const Error& error) {
    problems.add(error.where().field, error.what(), error.advice());
  }
}

}  // namespace lockstep::ml
