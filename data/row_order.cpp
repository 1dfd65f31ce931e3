#include "data/row_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr std::uint64_t kLast = ~std::uint64_t{0};

/// A double's bits, turned so that the order of keys is the order of values; NaN at the end.
std::uint64_t key_of(double value) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  if (is_missing(value)) return 0;
  if (std::isnan(value)) return kLast;
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0.0 becomes 0.0
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

struct CountValues {
  const std::string& column;
  std::size_t most;

  struct Partial {
    ValueMap<std::uint64_t> counts;  // no matter which, once there are more than `most`
    static constexpr auto kFields = std::make_tuple(&Partial::counts);
  };

  Partial map(const Partition& partition) const {
    Partial partial;
    const Column& cells = partition.column(column);
    for (std::size_t row = 0; row < partition.rows() && partial.counts.size() <= most; ++row)
      add(partial.counts, sort_value(cells, row), 1);
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    for (const auto& [value, n] : right.counts) {
      if (left.counts.size() > most) break;
      add(left.counts, value.view(), n);
    }
    return left;
  }
  std::optional<ValueMap<std::uint64_t>> finish(Partial total) const {
    if (total.counts.size() > most) return std::nullopt;
    return std::move(total.counts);
  }

 private:
  static void add(ValueMap<std::uint64_t>& counts, const SortValueView& value, std::uint64_t n) {
    const auto found = counts.find(value);
    if (found != counts.end()) {
      found->second += n;
    } else {
      counts.emplace(SortValue(value), n);
    }
  }
};

/// The rows with begin <= key < end; `base` rows of the order come before them.
struct Window {
  RowKey begin, end;
  std::uint64_t base = 0, rows = 0;
};

std::uint64_t rows_in(const std::vector<Window>& windows) {
  std::uint64_t rows = 0;
  for (const Window& window : windows) rows += window.rows;
  return rows;
}

/// 64 bits that look random (the finisher of SplitMix64, Steele et al. 2014).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The keys of the rows in the windows, or of about `wanted` rows of each, sorted.
struct CollectKeys {
  const RowOrder& order;
  const std::vector<Window>& windows;
  std::uint64_t wanted = kLast;
  std::uint64_t round = 0;  // another one, another choice

  struct Partial {
    std::vector<RowKey> keys;
    static constexpr auto kFields = std::make_tuple(&Partial::keys);
  };

  Partial map(const Partition& partition) const {
    Partial partial;
    const RowKeys keys(order, partition);
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      const RowKeyView key = keys(row);
      auto window =
          std::upper_bound(windows.begin(), windows.end(), key,
                           [](const RowKeyView& k, const Window& w) { return k < w.begin.view(); });
      if (window == windows.begin() || !(key < (--window)->end.view())) continue;
      const std::uint64_t chance = window->rows <= wanted ? kLast : kLast / window->rows * wanted;
      if (mix(key.row_id + round * 0x9E3779B97F4A7C15u) <= chance)
        partial.keys.push_back(RowKey(key));
    }
    return partial;
  }
  Partial merge(Partial left, const Partial& right) const {
    left.keys.insert(left.keys.end(), right.keys.begin(), right.keys.end());
    return left;
  }
  std::vector<RowKey> finish(Partial total) const {
    std::sort(total.keys.begin(), total.keys.end(),
              [](const RowKey& a, const RowKey& b) { return a.view() < b.view(); });
    return std::move(total.keys);
  }
};

/// How many rows come before the first pivot, between each two, and from the last one on.
struct CountBetween {
  const RowOrder& order;
  const std::vector<RowKey>& pivots;  // ascending

  std::vector<std::uint64_t> map(const Partition& partition) const {
    std::vector<std::uint64_t> counts(pivots.size() + 1);
    const RowKeys keys(order, partition);
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      const auto pivot =
          std::upper_bound(pivots.begin(), pivots.end(), keys(row),
                           [](const RowKeyView& k, const RowKey& p) { return k < p.view(); });
      ++counts[static_cast<std::size_t>(pivot - pivots.begin())];
    }
    return counts;
  }
  std::vector<std::uint64_t> merge(std::vector<std::uint64_t> left,
                                   const std::vector<std::uint64_t>& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  }
  std::vector<std::uint64_t> finish(std::vector<std::uint64_t> total) const { return total; }
};

/// The windows' ends and the sampled keys, ascending, each once.
std::vector<RowKey> pivots_of(const std::vector<Window>& windows, std::vector<RowKey> sample) {
  for (const Window& window : windows) {
    sample.push_back(window.begin);
    sample.push_back(window.end);
  }
  const auto less = [](const RowKey& a, const RowKey& b) { return a.view() < b.view(); };
  const auto same = [](const RowKey& a, const RowKey& b) { return a.view() == b.view(); };
  std::sort(sample.begin(), sample.end(), less);
  sample.erase(std::unique(sample.begin(), sample.end(), same), sample.end());
  return sample;
}

/// The windows between pivots that hold a place. counts[i] rows lie before pivot i.
std::vector<Window> windows_around(const std::vector<std::uint64_t>& places,
                                   const std::vector<RowKey>& pivots,
                                   const std::vector<std::uint64_t>& counts) {
  std::vector<Window> windows;
  auto place = places.begin();
  std::uint64_t base = counts.front();
  for (std::size_t i = 1; i < pivots.size(); ++i) {
    if (place != places.end() && *place < base + counts[i])
      windows.push_back({pivots[i - 1], pivots[i], base, counts[i]});
    base += counts[i];
    while (place != places.end() && *place < base) ++place;
  }
  expects(place == places.end(), "every place lies in a window");
  return windows;
}

}  // namespace

SortValueView sort_value(const Column& column, std::size_t row) {
  if (const auto* strings = std::get_if<Strings>(&column)) {
    if (strings->is_missing(row)) return {};
    return {1, strings->text(row)};
  }
  return {key_of(std::get<Numbers>(column).values[row]), {}};
}

std::optional<ValueMap<std::uint64_t>> count_values(const TrainingRows& fitting,
                                                    const std::string& column, std::size_t most) {
  return fitting.run(CountValues{column, most});
}

RowKeys::RowKeys(const RowOrder& order, const Partition& partition)
    : order_(order), partition_(partition) {
  if (!order.strata_column.empty()) strata_ = &partition.column(order.strata_column);
  if (!order.column.empty()) values_ = &partition.column(order.column);
}

RowKeyView RowKeys::operator()(std::size_t row) const {
  RowKeyView key{.row_id = partition_.row_ids[row]};
  if (strata_ != nullptr) {
    const auto stratum = order_.strata.find(sort_value(*strata_, row));
    expects(stratum != order_.strata.end(), "every value has its stratum");
    key.stratum = stratum->second;
  }
  if (order_.shuffle) {
    const auto words = order_.shuffle->block(key.row_id);
    key.value.number = (static_cast<std::uint64_t>(words[1]) << 32) | words[0];
  } else if (values_ != nullptr) {
    key.value = sort_value(*values_, row);
  }
  return key;
}

std::vector<RowKey> rows_at(const TrainingRows& fitting, const RowOrder& order,
                            const std::vector<std::uint64_t>& places, std::uint64_t rows,
                            const Narrowing& narrowing) {
  if (places.empty()) return {};
  RowKey last;
  last.stratum = kLast;  // of no row
  std::vector<Window> windows{{RowKey(), last, 0, rows}};
  const std::uint64_t few = std::max(narrowing.collected, 4 * places.size());
  for (std::uint64_t round = 0; rows_in(windows) > few; ++round) {
    const std::uint64_t wanted = std::max<std::uint64_t>(8, narrowing.pivots / windows.size());
    const auto pivots = pivots_of(windows, fitting.run(CollectKeys{order, windows, wanted, round}));
    windows = windows_around(places, pivots, fitting.run(CountBetween{order, pivots}));
  }
  const std::vector<RowKey> keys = fitting.run(CollectKeys{order, windows});
  std::vector<RowKey> found;
  std::uint64_t first = 0;  // of the window's rows among the keys
  auto place = places.begin();
  for (const Window& window : windows) {
    for (; place != places.end() && *place < window.base + window.rows; ++place)
      found.push_back(keys.at(static_cast<std::size_t>(first + *place - window.base)));
    first += window.rows;
  }
  expects(found.size() == places.size(), "every place has its row");
  return found;
}

}  // namespace lockstep::data
