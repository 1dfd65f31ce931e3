#pragma once
/// The rows of an experiment behind its feature stages, without an estimator: what `lockstep data`
/// shows and writes.

#include <string>

#include "core/proto/experiment.pb.h"
#include "data/dataset.hpp"
#include "ml/context.hpp"

namespace lockstep::ml {

/// Which rows of an experiment.
enum class Rows { Train, Validation, Test };

/// COLLECTIVE. Loads the experiment's rows and, unless `raw`, fits its feature stages to the
/// training rows and applies them: those before the first estimator. @throws AgreedError
data::Dataset load_transformed(const Context& context, const proto::Experiment& experiment,
                               Rows which, bool raw);

/// COLLECTIVE. All rows of data.train, as the files have them: neither split nor set aside. @throws
/// AgreedError
data::Dataset load_source(const Context& context, const proto::Experiment& experiment);

/// COLLECTIVE. Loads the rows of all files of the experiment and keeps them in the cache, whatever
/// their size. Returns how many they are. @throws AgreedError, also if they cannot be kept
std::uint64_t load_into_cache(const Context& context, proto::Experiment experiment);

/// COLLECTIVE. Loads the training rows alone, as the files have them, and says how long it took:
/// the slowest rank's times. @throws AgreedError
struct TimedLoad {
  std::uint64_t rows = 0;
  data::LoadTimes times;
};
TimedLoad load_timed(const Context& context, const proto::Experiment& experiment);

}  // namespace lockstep::ml
