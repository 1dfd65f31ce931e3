#pragma once
/// report.html: one page that explains a run, readable offline.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/proto/experiment.pb.h"
#include "ml/pipeline/run_folder.hpp"

namespace lockstep::apps {

/// Writes report.html into the run folder from metrics.jsonl, metrics.json and the config. Driver
/// only.
void write_report(const ml::RunFolder& folder, const proto::Experiment& experiment,
                  const nlohmann::ordered_json& metrics);

}  // namespace lockstep::apps
