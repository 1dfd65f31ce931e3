#pragma once
/// The passes over the rows by which exact_quantiles() (data/features/quantiles.hpp) finds its
/// values: totals of every feature, histograms of windows of keys, and the values of windows.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "core/error.hpp"
#include "data/jobs/quantiles.hpp"

namespace lockstep::data::quantile_passes {

/// A double's bits, turned so that the order of keys is the order of values.
using Key = std::uint64_t;
constexpr Key kSign = Key{1} << 63;

inline Key key_of(double value) {
  const auto bits = std::bit_cast<Key>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

inline double value_of(Key key) {
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

/// The features of all requests, numbered through.
struct Asked {
  std::vector<QuantileRequest> requests;
  std::vector<std::size_t> first{0};  // feature of each request, and behind the last

  std::size_t features() const { return first.back(); }
};

/// The features that share passes over the rows.
struct Block {
  const Asked& asked;
  std::size_t begin, size;
};

[[noreturn]] inline void too_wide(const Partition& partition, std::size_t row, std::size_t index,
                                  const std::string& column, std::size_t width) {
  throw DataError(fmt::format("{} has the index {} (from 0), but the vectors of '{}' have {} "
                              "numbers",
                              row_name(partition, row), index, column, width),
                  {.field = column}, "give vectors of one width");
}

/// use(feature of the block, value, is it looked at) for every stored value of the block.
template <typename Use>
void for_each_value(const Block& block, const Partition& partition, const Use& use) {
  for (std::size_t r = 0; r < block.asked.requests.size(); ++r) {
    const std::size_t first = block.asked.first[r], width = block.asked.first[r + 1] - first;
    if (first + width <= block.begin || first >= block.begin + block.size) continue;
    const QuantileRequest& request = block.asked.requests[r];
    const double skipped = request.skipped_value.value_or(std::numeric_limits<double>::quiet_NaN());
    const Column& column = partition.column(request.column);
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      for_each_entry(column, row, [&](std::size_t j, double value) {
        if (j >= width) too_wide(partition, row, j, request.column, width);
        const std::size_t feature = first + j - block.begin;  // huge if it lies before the block
        if (feature < block.size) use(feature, value, !std::isnan(value) && value != skipped);
      });
    }
  }
}

/// Where the values of a feature lie. Zeros are what is left of the rows.
struct FeatureTotals {
  std::uint64_t below = 0, above = 0;  // zero
  std::uint64_t skipped = 0;
  Key below_low = ~Key{0}, below_high = 0;
  Key above_low = ~Key{0}, above_high = 0;
};

struct TotalsJob {
  const Block& block;

  struct Partial {
    std::uint64_t rows = 0;
    std::vector<FeatureTotals> features;
    static constexpr auto kFields = std::make_tuple(&Partial::rows, &Partial::features);
  };

  Partial map(const Partition& partition) const {
    Partial partial{partition.rows(), std::vector<FeatureTotals>(block.size)};
    for_each_value(block, partition, [&](std::size_t feature, double value, bool counts) {
      FeatureTotals& totals = partial.features[feature];
      if (!counts) {
        ++totals.skipped;
      } else if (value < 0) {
        ++totals.below;
        totals.below_low = std::min(totals.below_low, key_of(value));
        totals.below_high = std::max(totals.below_high, key_of(value));
      } else if (value > 0) {
        ++totals.above;
        totals.above_low = std::min(totals.above_low, key_of(value));
        totals.above_high = std::max(totals.above_high, key_of(value));
      }
    });
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    left.rows += right.rows;
    for (std::size_t f = 0; f < left.features.size(); ++f) {
      FeatureTotals& into = left.features[f];
      const FeatureTotals& from = right.features[f];
      into.below += from.below;
      into.above += from.above;
      into.skipped += from.skipped;
      into.below_low = std::min(into.below_low, from.below_low);
      into.below_high = std::max(into.below_high, from.below_high);
      into.above_low = std::min(into.above_low, from.above_low);
      into.above_high = std::max(into.above_high, from.above_high);
    }
    return left;
  }
  Partial finish(Partial total) const { return total; }
};

/// A quantile that is looked for.
struct Wanted {
  std::uint64_t rank;  // among the values of its window, from 1
  std::size_t slot;    // which probability
};

/// The values of a feature with keys in [low, high], and what is wanted of them.
struct Window {
  std::size_t feature;  // of the block
  Key low, high;
  std::uint64_t count;
  std::vector<Wanted> wanted{};
};

/// Finds the window a value is in. Windows are ordered by feature, then by key.
class Windows {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  Windows(const std::vector<Window>& windows, std::size_t features)
      : windows_(windows), begin_(features + 1) {
    for (const Window& window : windows) ++begin_[window.feature + 1];
    for (std::size_t f = 0; f < features; ++f) begin_[f + 1] += begin_[f];
  }
  std::size_t find(std::size_t feature, Key key) const {
    const auto end = windows_.begin() + static_cast<std::ptrdiff_t>(begin_[feature + 1]);
    const auto found =
        std::partition_point(windows_.begin() + static_cast<std::ptrdiff_t>(begin_[feature]), end,
                             [&](const Window& window) { return window.high < key; });
    if (found == end || key < found->low) return kNone;
    return static_cast<std::size_t>(found - windows_.begin());
  }

 private:
  const std::vector<Window>& windows_;
  std::vector<std::size_t> begin_;  // of each feature's windows
};

/// Counts the values of each window in 2^bits bins of equally many keys.
struct HistogramJob {
  const Block& block;
  const std::vector<Window>& windows;
  const Windows& index;
  int bits;

  using Partial = std::vector<std::uint64_t>;  // [windows, 2^bits]

  /// A bin holds 2^shift keys.
  int shift(const Window& window) const {
    return std::max(0, static_cast<int>(std::bit_width(window.high - window.low)) - bits);
  }
  Partial map(const Partition& partition) const {
    Partial counts(windows.size() << bits);
    for_each_value(block, partition, [&](std::size_t feature, double value, bool looked_at) {
      if (!looked_at || value == 0) return;
      const Key key = key_of(value);
      const std::size_t w = index.find(feature, key);
      if (w == Windows::kNone) return;
      ++counts[(w << bits) + ((key - windows[w].low) >> shift(windows[w]))];
    });
    return counts;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  }
  Partial finish(Partial total) const { return total; }
};

/// Brings the values of all windows together.
struct CollectJob {
  const Block& block;
  const Windows& index;

  struct Partial {
    std::vector<std::uint32_t> window;
    std::vector<Key> key;
    static constexpr auto kFields = std::make_tuple(&Partial::window, &Partial::key);
  };

  Partial map(const Partition& partition) const {
    Partial partial;
    for_each_value(block, partition, [&](std::size_t feature, double value, bool counts) {
      if (!counts || value == 0) return;
      const std::size_t w = index.find(feature, key_of(value));
      if (w == Windows::kNone) return;
      partial.window.push_back(static_cast<std::uint32_t>(w));
      partial.key.push_back(key_of(value));
    });
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    left.window.insert(left.window.end(), right.window.begin(), right.window.end());
    left.key.insert(left.key.end(), right.key.begin(), right.key.end());
    return left;
  }
  Partial finish(Partial total) const { return total; }
};

}  // namespace lockstep::data::quantile_passes
