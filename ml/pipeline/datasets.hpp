#pragma once
/// The rows of an experiment as its files have them: loaded, and split into training, validation
/// and test rows.

#include "core/problems.hpp"
#include "core/proto/experiment.pb.h"
#include "data/dataset.hpp"
#include "ml/context.hpp"

namespace lockstep::ml {

struct Datasets {
  data::Dataset train, validation, test;  ///< those the experiment does not have: rows == 0
  data::Schema source_schema;             ///< of the training file
  bool from_cache = true;                 ///< all files were parsed before
};

/// COLLECTIVE. `options`: partitions and blocks are set. Columns of validation and test files are
/// read as the training file's. @throws AgreedError
Datasets load_datasets(const Context& context, const proto::Data& config,
                       data::LoadOptions options);

/// Whether the config makes validation or test rows. Local.
bool has_validation_rows(const proto::Data& config);
bool has_test_rows(const proto::Data& config);

/// Rows that are given twice. Local; adds to `problems`.
void check_data(const proto::Data& config, Problems& problems);

}  // namespace lockstep::ml
