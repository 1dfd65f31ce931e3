#pragma once
/// The feature stages of an experiment, from the columns of a source to those an estimator reads.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/stage.hpp"

namespace lockstep::data {

class Pipeline {
 public:
  /// Makes a stage of its config and its config path, as make_feature_stage
  /// (data/features/catalogue.hpp) does.
  using MakeStage = std::function<std::unique_ptr<FeatureStage>(const proto::Stage& stage,
                                                                const std::string& at)>;

  /// Stages [begin, end), or to the last one: where a pipeline is fitted part by part. The parts
  /// follow each other.
  struct Part {
    std::size_t begin = 0, end = static_cast<std::size_t>(-1);
  };

  Pipeline() = default;

  /// Makes the stages; those that come from a model are fitted. The config path of stage i is
  /// "stage[i]". @throws ConfigError
  Pipeline(const std::vector<proto::Stage>& stages, const MakeStage& make);

  /// The schema behind all stages. Widths and labels that are not learnt yet are open.
  /// @throws ConfigError of the first stage that does not fit
  Schema output_schema(Schema schema) const;

  /// COLLECTIVE. Fits stage after stage to the training rows, which are transformed on the way, and
  /// shares the rows that are left out evenly again. Of the columns, `needed` are kept in the end,
  /// behind a part also what later stages read; empty: all. Logs what the stages did to rows.
  /// @throws AgreedError
  void fit(const dist::Cluster& cluster, Dataset& training, const std::vector<std::string>& needed,
           const LoadOptions& options, Part part);
  void fit(const dist::Cluster& cluster, Dataset& training, const std::vector<std::string>& needed,
           const LoadOptions& options) {
    fit(cluster, training, needed, options, Part());
  }

  /// COLLECTIVE. Transforms other rows. A stage whose column is not there, such as a label's, is
  /// left out, and so are columns of `needed` that nobody makes then. Returns what the first stage
  /// left out lacks, for people; empty: none is. @throws AgreedError
  std::string transform(const dist::Cluster& cluster, Dataset& dataset,
                        const std::vector<std::string>& needed, const LoadOptions& options,
                        Part part) const;
  std::string transform(const dist::Cluster& cluster, Dataset& dataset,
                        const std::vector<std::string>& needed, const LoadOptions& options) const {
    return transform(cluster, dataset, needed, options, Part());
  }

  /// The fitted stages, for pipeline.textproto.
  std::vector<proto::Stage> save() const;

  const std::vector<std::unique_ptr<FeatureStage>>& stages() const noexcept { return stages_; }
  /// Their config paths with their kinds: "stage[2].imputer".
  const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  struct Group;
  struct Tally;
  void apply(Group& group, const dist::Cluster& cluster, Dataset& dataset,
             const LoadOptions& options) const;
  void apply_at_once(Group& group, const dist::Cluster& cluster, Dataset& dataset,
                     const LoadOptions& options) const;
  std::uint64_t transform_own(const Group& group, const std::vector<std::size_t>& possible,
                              ThreadPool& threads, Dataset& dataset, const LoadOptions& options,
                              std::vector<Tally>& tallies) const;
  void report(const dist::Communicator& ranks, const std::vector<std::size_t>& possible,
              const std::vector<Tally>& tallies) const;
  std::vector<std::size_t> possible_stages(Group& group, Schema schema) const;
  std::vector<std::string> needed_after(std::size_t stage,
                                        const std::vector<std::string>& needed) const;

  std::vector<std::unique_ptr<FeatureStage>> stages_;
  std::vector<std::string> names_;  // "stage[2].imputer"
};

}  // namespace lockstep::data
