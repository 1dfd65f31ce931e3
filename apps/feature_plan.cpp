#include "apps/feature_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/tables.hpp"
#include "data/features/catalogue.hpp"
#include "data/pipeline.hpp"
#include "dist/session.hpp"
#include "ml/pipeline/experiment.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

Json columns_json(const data::Schema& schema) {
  Json columns = Json::array();
  for (const auto& [name, type] : schema.columns()) {
    columns.push_back(
        {{"name", name},
         {"type", to_string(type)},
         {"width_is_open", type.kind == data::ColumnType::Kind::Vector && type.open_width}});
  }
  return columns;
}

/// Columns of `schema` that `other` has not, or has with another type.
Json columns_beside(const data::Schema& schema, const data::Schema& other) {
  Json names = Json::array();
  for (const auto& [name, type] : schema.columns()) {
    if (!other.has(name) || !(other.at(name, "") == type)) names.push_back(name);
  }
  return names;
}

std::string join(const Json& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string columns_text(const Json& columns) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& column : columns) {
    rows.push_back({column["name"], column["type"].get<std::string>() +
                                        (column["width_is_open"] ? ", width from the rows" : "")});
  }
  return table({"column", "type"}, rows);
}

}  // namespace

Json feature_plan(const ml::Context& context, const proto::Experiment& experiment) {
  Json plan;
  dist::all_or_none(context.ranks, [&] {
    const data::Pipeline pipeline({experiment.stage().begin(), experiment.stage().end()},
                                  data::make_feature_stage);
    if (!context.is_driver()) return;
    data::Schema schema = data::peek_schema(experiment.data().train());
    plan["columns_in"] = columns_json(schema);
    plan["stages"] = Json::array();
    for (std::size_t i = 0; i < pipeline.stages().size(); ++i) {
      const auto& stage = *pipeline.stages()[i];
      const data::Schema behind = stage.output_schema(schema);
      plan["stages"].push_back({{"name", pipeline.names()[i]},
                                {"learns", !stage.is_fitted()},
                                {"makes", columns_beside(behind, schema)},
                                {"removes", columns_beside(schema, behind)}});
      schema = behind;
    }
    plan["columns_out"] = columns_json(schema);
    const std::size_t workers =
        static_cast<std::size_t>(context.ranks.world_size()) - (context.dedicated_driver() ? 1 : 0);
    const std::size_t partitions = ml::partitions_of(experiment);
    plan["partitions"] = partitions;
    plan["partitions_per_rank"] = (partitions + workers - 1) / workers;
    plan["ranks"] = context.ranks.world_size();
    plan["threads"] = context.threads.size();
  });
  return plan;
}

std::string feature_plan_text(const Json& plan) {
  std::string text = "in:\n" + columns_text(plan["columns_in"]);
  std::vector<std::vector<std::string>> rows;
  for (const auto& stage : plan["stages"]) {
    rows.push_back({stage["name"], stage["learns"] ? "yes" : "", join(stage["makes"]),
                    join(stage["removes"])});
  }
  if (!rows.empty()) text += "\n" + table({"stage", "learns", "makes", "removes"}, rows);
  text += "\nout:\n" + columns_text(plan["columns_out"]);
  const auto number = [&](const char* key) { return plan[key].get<std::uint64_t>(); };
  text += fmt::format("{} partitions on {} ranks x {} threads, at most {} a rank\n",
                      number("partitions"), number("ranks"), number("threads"),
                      number("partitions_per_rank"));
  return text;
}

}  // namespace lockstep::apps
