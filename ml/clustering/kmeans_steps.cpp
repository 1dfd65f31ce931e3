#include "ml/clustering/kmeans_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/simd.hpp"

namespace lockstep::ml {
namespace {

/// Eight interleaved sums, so that it vectorises without reassociation.
LOCKSTEP_SIMD double square_distance(const double* a, const double* b, std::size_t n) {
  double parts[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t j = 0; j < 8; ++j) {
      const double d = a[i + j] - b[i + j];
      parts[j] += d * d;
    }
  }
  for (; i < n; ++i) {
    const double d = a[i] - b[i];
    parts[i & 7] += d * d;
  }
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
         ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

LOCKSTEP_SIMD double product(const double* a, const double* b, std::size_t n) {
  double parts[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t j = 0; j < 8; ++j) parts[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) parts[i & 7] += a[i] * b[i];
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) +
         ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

LOCKSTEP_SIMD void add_scaled(double* sum, const double* x, double weight, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += weight * x[i];
}

/// Makes the length 1; false if it is 0.
bool normalize(std::span<double> point) {
  const double length = std::sqrt(product(point.data(), point.data(), point.size()));
  if (!(length > 0)) return false;
  for (double& x : point) x /= length;
  return true;
}

/// A uniform number in [0, 1) with 53 bits.
double uniform(const Random& random, std::uint64_t index) {
  const auto bits = random.block(index);
  return static_cast<double>(((std::uint64_t{bits[0]} << 32) | bits[1]) >> 11) * 0x1p-53;
}

}  // namespace

void Centers::add(std::span<const double> point) {
  values.insert(values.end(), point.begin(), point.end());
  ++k;
}

Points::Points(const data::Partition& partition, const std::string& column,
               const std::string& weight, bool cosine)
    : partition_(partition),
      column_(partition.column(column)),
      weights_(weight.empty() || partition.columns.count(weight) == 0
                   ? nullptr
                   : &partition.get<data::Numbers>(weight).values),
      cosine_(cosine),
      rows_(partition.rows()),
      buffer_(data::width_of(column_)) {}

std::span<const double> Points::operator[](std::size_t row) {
  if (const auto* dense = std::get_if<data::DenseVectors>(&column_); dense != nullptr && !cosine_)
    return dense->row(row);
  data::copy_row(column_, row, buffer_.data());
  if (cosine_ && !normalize(buffer_)) {
    throw DataError(
        fmt::format("{} is a vector of zeros, which has no direction", row_name(partition_, row)),
        {}, "drop such rows first, or take distance_measure: EUCLIDEAN");
  }
  return buffer_;
}

double distance(std::span<const double> a, std::span<const double> b, bool cosine) {
  return cosine ? 1 - product(a.data(), b.data(), a.size())
                : square_distance(a.data(), b.data(), a.size());
}

Nearest nearest(const Centers& centers, std::span<const double> point) {
  Nearest best{0, std::numeric_limits<double>::infinity()};
  for (std::size_t c = 0; c < centers.k; ++c) {
    const double d = distance(point, centers[c], centers.cosine);
    if (d < best.distance) best = {c, d};
  }
  return best;
}

void LloydStep::map(const data::Partition& partition, std::span<double> sums) const {
  const std::size_t k = centers_.k, d = centers_.d;
  double* const weights = sums.data() + k * d;
  Points points(partition, columns_.features, columns_.weight, centers_.cosine);
  for (std::size_t row = 0; row < points.rows(); ++row) {
    const auto x = points[row];
    const double weight = points.weight(row);
    const auto [center, far] = nearest(centers_, x);
    add_scaled(sums.data() + center * d, x.data(), weight, d);
    weights[center] += weight;
    sums.back() += weight * std::max(0.0, far);
  }
}

LloydStep::Result LloydStep::finish(const std::vector<double>& sums) const {
  const std::size_t k = centers_.k, d = centers_.d;
  Result result{
      centers_, {sums.begin() + static_cast<std::ptrdiff_t>(k * d), sums.end() - 1}, sums.back()};
  for (std::size_t c = 0; c < k; ++c) {
    if (!(result.weights[c] > 0)) continue;
    std::vector<double> mean(sums.begin() + static_cast<std::ptrdiff_t>(c * d),
                             sums.begin() + static_cast<std::ptrdiff_t>((c + 1) * d));
    for (double& x : mean) x /= result.weights[c];
    if (centers_.cosine && !normalize(mean)) continue;
    std::copy(mean.begin(), mean.end(), result.centers.values.data() + c * d);
  }
  return result;
}

DrawnRows DrawFarRows::map(const data::Partition& partition) const {
  const Random random(seed_, Purpose::KMeans, stream_);
  DrawnRows drawn;
  Points points(partition, columns_.features, columns_.weight, centers_.cosine);
  for (std::size_t row = 0; row < points.rows(); ++row) {
    const auto x = points[row];
    const double share = factor_ * points.weight(row) * nearest(centers_, x).distance;
    if (uniform(random, partition.row_ids[row]) < share)
      drawn.values.insert(drawn.values.end(), x.begin(), x.end());
  }
  return drawn;
}

DrawnRows DrawFarRows::merge(DrawnRows left, const DrawnRows& right) const {
  left.values.insert(left.values.end(), right.values.begin(), right.values.end());
  return left;
}

DrawAnyRows::Partial DrawAnyRows::map(const data::Partition& partition) const {
  const Random random(seed_, Purpose::KMeans, stream_);
  Points points(partition, columns_.features, columns_.weight, cosine_);
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t row = 0; row < points.rows(); ++row) {
    if (!(points.weight(row) > 0)) continue;
    const auto bits = random.block(partition.row_ids[row]);
    order.emplace_back((std::uint64_t{bits[0]} << 32) | bits[1], row);
  }
  const std::size_t count = std::min(count_, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end());
  Partial partial;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = points[order[i].second];
    partial.keys.push_back(order[i].first);
    partial.values.insert(partial.values.end(), x.begin(), x.end());
  }
  return partial;
}

DrawAnyRows::Partial DrawAnyRows::merge(Partial left, const Partial& right) const {
  Partial merged;
  std::size_t a = 0, b = 0;
  const auto take = [&](const Partial& from, std::size_t& i) {
    merged.keys.push_back(from.keys[i]);
    const auto begin = from.values.begin() + static_cast<std::ptrdiff_t>(i * d_);
    merged.values.insert(merged.values.end(), begin, begin + static_cast<std::ptrdiff_t>(d_));
    ++i;
  };
  while (merged.keys.size() < count_ && (a < left.keys.size() || b < right.keys.size())) {
    const bool from_left =
        b == right.keys.size() || (a < left.keys.size() && left.keys[a] <= right.keys[b]);
    from_left ? take(left, a) : take(right, b);
  }
  return merged;
}

Centers DrawAnyRows::finish(const Partial& total) const {
  return {total.keys.size(), d_, total.values, cosine_};
}

Centers without_repetitions(const Centers& centers) {
  std::set<std::vector<double>> seen;
  Centers once{0, centers.d, {}, centers.cosine};
  for (std::size_t c = 0; c < centers.k; ++c) {
    const auto point = centers[c];
    if (seen.emplace(point.begin(), point.end()).second) once.add(point);
  }
  return once;
}

namespace {

/// The candidate that a uniform number chooses, each by its share of the sum.
std::size_t choose(const std::vector<double>& shares, double u) {
  double sum = 0, below = 0;
  for (const double share : shares) sum += share;
  std::size_t last = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] > 0) last = i;
    below += shares[i];
    if (u * sum < below && shares[i] > 0) return i;
  }
  return last;
}

/// Centres among weighted candidates, each the mean of those nearest to it. Returns whether any
/// moved.
bool settle(const Centers& candidates, const std::vector<double>& weights, Centers& centers) {
  std::vector<double> sums(centers.k * centers.d), shares(centers.k);
  for (std::size_t i = 0; i < candidates.k; ++i) {
    const auto near = nearest(centers, candidates[i]).center;
    add_scaled(sums.data() + near * centers.d, candidates[i].data(), weights[i], centers.d);
    shares[near] += weights[i];
  }
  bool moved = false;
  for (std::size_t c = 0; c < centers.k; ++c) {
    if (!(shares[c] > 0)) continue;
    std::vector<double> mean(sums.begin() + static_cast<std::ptrdiff_t>(c * centers.d),
                             sums.begin() + static_cast<std::ptrdiff_t>((c + 1) * centers.d));
    for (double& x : mean) x /= shares[c];
    if (centers.cosine && !normalize(mean)) continue;
    moved = moved || !std::equal(mean.begin(), mean.end(), centers[c].begin());
    std::copy(mean.begin(), mean.end(), centers.values.data() + c * centers.d);
  }
  return moved;
}

}  // namespace

Centers choose_centers(const Centers& candidates, const std::vector<double>& weights, std::size_t k,
                       std::uint64_t seed, std::uint64_t stream) {
  constexpr int kMostIterations = 30;
  if (candidates.k <= k) return candidates;
  const Random random(seed, Purpose::KMeans, stream);
  Centers centers{0, candidates.d, {}, candidates.cosine};
  centers.add(candidates[choose(weights, uniform(random, 0))]);
  while (centers.k < k) {
    std::vector<double> shares(candidates.k);
    for (std::size_t i = 0; i < candidates.k; ++i)
      shares[i] = weights[i] * std::max(0.0, nearest(centers, candidates[i]).distance);
    centers.add(candidates[choose(shares, uniform(random, centers.k))]);
  }
  for (int i = 0; i < kMostIterations && settle(candidates, weights, centers); ++i) {
  }
  return centers;
}

}  // namespace lockstep::ml
