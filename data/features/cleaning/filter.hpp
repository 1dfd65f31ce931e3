#pragma once
/// Filter: keeps the rows for which a comparison holds.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/stage.hpp"

namespace re2 {
class RE2;
}

namespace lockstep::data {

/// Numbers compare as numbers, strings byte by byte. Nothing that is missing (NaN included)
/// compares with a value, not even by NE: such rows stay for IS_MISSING alone.
class Filter final : public FeatureStage {
 public:
  /// @throws ConfigError if the values do not fit the comparison, or a regular expression is none
  Filter(const proto::Filter& config, std::string at);
  ~Filter() override;

  std::vector<std::string> input_columns() const override { return {config_.column()}; }
  Schema output_schema(const Schema& input) const override;  ///< the input's
  Effect transform(Partition& partition, Phase phase) const override;
  proto::Stage save() const override;

 private:
  void check_values() const;
  bool holds(double value) const;
  bool holds(std::string_view text) const;

  proto::Filter config_;
  std::string at_;
  std::vector<double> numbers_;              // the values as far as they are numbers, sorted
  std::vector<std::string> texts_;           // the values, sorted
  std::unique_ptr<const re2::RE2> pattern_;  // of MATCHES
};

}  // namespace lockstep::data
