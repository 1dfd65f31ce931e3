#pragma once
/// VectorSlicer: some features of a vector, by index or by name.

#include <cstdint>
#include <string>
#include <vector>

#include "data/features/vectors/vector_stage.hpp"

namespace lockstep::data {

/// The features of `indices` as listed, then those of `names` as listed. What a name stands for is
/// settled by the training rows' columns and kept in the model. Sparse stays sparse.
class VectorSlicer final : public VectorStage {
 public:
  /// `at` is the config path of the message.
  /// @throws ConfigError if nothing is listed, or something twice
  VectorSlicer(const proto::VectorSlicer& config, std::string at);

  /// @throws ConfigError if there is no such index or name
  void fit(const TrainingRows& fitting) override;
  bool is_fitted() const override { return config_.has_model(); }
  proto::Stage save() const override;

 private:
  std::optional<std::size_t> width() const override;
  ColumnType output_type(const ColumnType& type) const override;
  Column map(const Column& column, std::size_t rows) const override;

  /// The features listed, of a column whose width is known.
  std::vector<std::uint32_t> resolve(const ColumnType& type) const;

  proto::VectorSlicer config_;
};

}  // namespace lockstep::data
