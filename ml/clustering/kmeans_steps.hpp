#pragma once
/// The jobs of k-means, each local: distances from centres, one iteration, the draws of a start.
/// k = centres, d = features.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/proto/clustering.pb.h"
#include "data/table.hpp"

namespace lockstep::ml {

/// k points of d numbers, row-major. With the cosine measure they have length 1.
struct Centers {
  std::size_t k = 0, d = 0;
  std::vector<double> values;
  bool cosine = false;

  std::span<const double> operator[](std::size_t c) const {
    return std::span(values).subspan(c * d, d);
  }
  void add(std::span<const double> point);
};

/// Rows of a vector column, one after another, as centres see them.
class Points {
 public:
  /// `weight` may be empty. @throws DataError for a row of zeros where the measure is cosine
  Points(const data::Partition& partition, const std::string& column, const std::string& weight,
         bool cosine);

  std::size_t rows() const noexcept { return rows_; }
  double weight(std::size_t row) const { return weights_ == nullptr ? 1 : (*weights_)[row]; }

  /// The row's numbers; of length 1 where the measure is cosine. Valid until the next call.
  std::span<const double> operator[](std::size_t row);

 private:
  const data::Partition& partition_;
  const data::Column& column_;
  const Values<double>* weights_;
  bool cosine_;
  std::size_t rows_;
  std::vector<double> buffer_;
};

/// The nearest centre, the first of equals, and the squared distance from it; with the cosine
/// measure 1 - cosine.
struct Nearest {
  std::size_t center = 0;
  double distance = 0;
};
Nearest nearest(const Centers& centers, std::span<const double> point);

/// Squared Euclidean distance, or 1 - cosine.
double distance(std::span<const double> a, std::span<const double> b, bool cosine);

/// Which columns the jobs read.
struct PointColumns {
  std::string features, weight;
};

/// One Lloyd iteration: a vector job (dist/vector_job.hpp).
class LloydStep {
 public:
  struct Result {
    Centers centers;              ///< a centre without rows stays where it was
    std::vector<double> weights;  ///< [k] of the rows nearest to each centre
    double cost = 0;              ///< of the centres this step started from
  };

  LloydStep(const Centers& centers, PointColumns columns)
      : centers_(centers), columns_(std::move(columns)) {}

  std::size_t length() const { return centers_.k * (centers_.d + 1) + 1; }
  void map(const data::Partition& partition, std::span<double> sums) const;
  Result finish(const std::vector<double>& sums) const;

 private:
  const Centers& centers_;
  PointColumns columns_;
};

/// Rows that are drawn for a start, in the order of the partitions.
struct DrawnRows {
  std::vector<double> values;  ///< d a row
  static constexpr auto kFields = std::make_tuple(&DrawnRows::values);
};

/// A round of k-means||: each row with the probability min(1, factor * weight * its distance from
/// the centres).
class DrawFarRows {
 public:
  DrawFarRows(const Centers& centers, PointColumns columns, double factor, std::uint64_t seed,
              std::uint64_t stream)
      : centers_(centers),
        columns_(std::move(columns)),
        factor_(factor),
        seed_(seed),
        stream_(stream) {}

  DrawnRows map(const data::Partition& partition) const;
  DrawnRows merge(DrawnRows left, const DrawnRows& right) const;
  DrawnRows finish(DrawnRows total) const { return total; }

 private:
  const Centers& centers_;
  PointColumns columns_;
  double factor_;
  std::uint64_t seed_, stream_;
};

/// `count` different rows, each as likely as any other: those whose random numbers are the
/// smallest.
class DrawAnyRows {
 public:
  struct Partial {
    std::vector<std::uint64_t> keys;  ///< ascending
    std::vector<double> values;       ///< d a key
    static constexpr auto kFields = std::make_tuple(&Partial::keys, &Partial::values);
  };

  DrawAnyRows(std::size_t count, std::size_t d, PointColumns columns, bool cosine,
              std::uint64_t seed, std::uint64_t stream)
      : count_(count),
        d_(d),
        columns_(std::move(columns)),
        cosine_(cosine),
        seed_(seed),
        stream_(stream) {}

  Partial map(const data::Partition& partition) const;
  Partial merge(Partial left, const Partial& right) const;
  Centers finish(const Partial& total) const;

 private:
  std::size_t count_, d_;
  PointColumns columns_;
  bool cosine_;
  std::uint64_t seed_, stream_;
};

/// k of the candidates by weighted k-means++ (Arthur and Vassilvitskii 2007) and at most 30 of
/// Lloyd's iterations among them; all of them if there are no more than k different ones. Local: a
/// function of its arguments alone.
Centers choose_centers(const Centers& candidates, const std::vector<double>& weights, std::size_t k,
                       std::uint64_t seed, std::uint64_t stream);

/// The same points, each once, in their order.
Centers without_repetitions(const Centers& centers);

}  // namespace lockstep::ml
