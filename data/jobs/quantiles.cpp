#include "data/jobs/quantiles.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

#include "core/error.hpp"
#include "data/jobs/quantile_passes.hpp"

namespace lockstep::data {
namespace {

using namespace quantile_passes;

constexpr std::size_t kFeaturesAtOnce = std::size_t{1} << 16;
constexpr std::size_t kWantedAtOnce = std::size_t{1} << 15;  // so that a window has 16 bins or more
constexpr std::size_t kMostBins = std::size_t{1} << 19;      // of all windows: 4 MB
constexpr int kMostBinBits = 16;                             // of one window
constexpr std::uint64_t kMostCollected = std::uint64_t{1} << 20;

/// Finds the quantiles of the features of a block.
class BlockSearch {
 public:
  BlockSearch(const TrainingRows& fitting, const Block& block) : fitting_(fitting), block_(block) {}

  std::vector<Quantiles> run() {
    place(fitting_.run(TotalsJob{block_}));
    std::vector<Window> group;
    std::size_t wanted = 0;
    for (Window& window : windows_) {
      if (!group.empty() && wanted + window.wanted.size() > kWantedAtOnce) {
        search(std::move(group));
        group.clear();
        wanted = 0;
      }
      wanted += window.wanted.size();
      group.push_back(std::move(window));
    }
    search(std::move(group));
    return std::move(found_);
  }

 private:
  /// Answers what zeros answer, and makes the windows for the rest.
  void place(const TotalsJob::Partial& totals) {
    found_.resize(block_.size);
    std::size_t request = 0;
    for (std::size_t f = 0; f < block_.size; ++f) {
      while (block_.begin + f >= block_.asked.first[request + 1]) ++request;
      place(f, block_.asked.requests[request], totals.features[f], totals.rows);
    }
  }

  void place(std::size_t f, const QuantileRequest& request, const FeatureTotals& totals,
             std::uint64_t rows) {
    const std::uint64_t zeros =
        request.skipped_value == 0.0 ? 0 : rows - totals.below - totals.above - totals.skipped;
    const std::uint64_t count = totals.below + zeros + totals.above;
    found_[f] = {
        count, std::vector<double>(request.probabilities.size(), count == 0 ? std::nan("") : 0.0)};
    if (count == 0) return;
    Window below{f, totals.below_low, totals.below_high, totals.below};
    Window above{f, totals.above_low, totals.above_high, totals.above};
    for (std::size_t slot = 0; slot < request.probabilities.size(); ++slot) {
      const double rank = std::ceil(request.probabilities[slot] * static_cast<double>(count));
      const std::uint64_t nth =
          std::clamp(static_cast<std::uint64_t>(rank), std::uint64_t{1}, count);
      if (nth <= totals.below) {
        below.wanted.push_back({nth, slot});
      } else if (nth > totals.below + zeros) {
        above.wanted.push_back({nth - totals.below - zeros, slot});
      }
    }
    if (!below.wanted.empty()) windows_.push_back(std::move(below));
    if (!above.wanted.empty()) windows_.push_back(std::move(above));
  }

  void search(std::vector<Window> windows) {
    while (settle(windows)) {
      std::uint64_t values = 0;
      for (const Window& window : windows) values += window.count;
      if (values <= kMostCollected) return collect(windows);
      windows = narrow(windows);
    }
  }

  /// Answers windows of one key; false if there is no other.
  bool settle(std::vector<Window>& windows) {
    std::erase_if(windows, [&](const Window& window) {
      if (window.low != window.high) return false;
      for (const Wanted& wanted : window.wanted) answer(window, wanted, window.low);
      return true;
    });
    return !windows.empty();
  }

  std::vector<Window> narrow(const std::vector<Window>& windows) const {
    const auto bits = std::clamp(static_cast<int>(std::bit_width(kMostBins / windows.size())) - 1,
                                 1, kMostBinBits);
    const Windows index(windows, block_.size);
    const HistogramJob job{block_, windows, index, bits};
    const std::vector<std::uint64_t> counts = fitting_.run(job);
    std::vector<Window> narrower;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      cut(windows[w], std::span(counts).subspan(w << bits, std::size_t{1} << bits),
          job.shift(windows[w]), narrower);
    }
    return narrower;
  }

  /// The bins in which something is wanted become windows.
  static void cut(const Window& window, std::span<const std::uint64_t> counts, int shift,
                  std::vector<Window>& into) {
    std::vector<Wanted> wanted = window.wanted;
    std::sort(wanted.begin(), wanted.end(),
              [](const Wanted& a, const Wanted& b) { return a.rank < b.rank; });
    std::size_t bin = 0, last = counts.size();
    std::uint64_t before = 0;  // values in the bins before
    for (const Wanted& one : wanted) {
      while (before + counts[bin] < one.rank) before += counts[bin++];
      if (bin != last) {
        const Key low = window.low + (Key{bin} << shift);
        const Key high = low + std::min(window.high - low, (Key{1} << shift) - 1);
        into.push_back({window.feature, low, high, counts[bin]});
        last = bin;
      }
      into.back().wanted.push_back({one.rank - before, one.slot});
    }
  }

  void collect(const std::vector<Window>& windows) {
    const Windows index(windows, block_.size);
    const auto all = fitting_.run(CollectJob{block_, index});
    std::vector<std::vector<Key>> keys(windows.size());
    for (std::size_t i = 0; i < all.key.size(); ++i) keys[all.window[i]].push_back(all.key[i]);
    for (std::size_t w = 0; w < windows.size(); ++w) {
      std::sort(keys[w].begin(), keys[w].end());
      for (const Wanted& wanted : windows[w].wanted)
        answer(windows[w], wanted, keys[w].at(static_cast<std::size_t>(wanted.rank - 1)));
    }
  }

  void answer(const Window& window, const Wanted& wanted, Key key) {
    found_[window.feature].values[wanted.slot] = value_of(key);
  }

  const TrainingRows& fitting_;
  const Block& block_;
  std::vector<Quantiles> found_;
  std::vector<Window> windows_;
};

}  // namespace

std::vector<std::vector<Quantiles>> exact_quantiles(const TrainingRows& fitting,
                                                    const std::vector<QuantileRequest>& requests) {
  Asked asked{requests};
  for (const QuantileRequest& request : requests) {
    for (const double p : request.probabilities)
      expects(p >= 0 && p <= 1, "a probability is in [0, 1]");
    const ColumnType& type =
        input_column(fitting.schema(), request.column,
                     {ColumnType::Kind::Number, ColumnType::Kind::Vector}, request.column);
    const bool vector = type.kind == ColumnType::Kind::Vector;
    asked.first.push_back(asked.features() + (vector ? type.shape.size() : 1));
  }
  std::vector<Quantiles> all;
  for (std::size_t begin = 0; begin < asked.features(); begin += kFeaturesAtOnce) {
    const Block block{asked, begin, std::min(kFeaturesAtOnce, asked.features() - begin)};
    for (Quantiles& found : BlockSearch(fitting, block).run()) all.push_back(std::move(found));
  }
  std::vector<std::vector<Quantiles>> results;
  for (std::size_t r = 0; r < requests.size(); ++r) {
    results.emplace_back(
        std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(asked.first[r])),
        std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(asked.first[r + 1])));
  }
  return results;
}

std::vector<Quantiles> exact_quantiles(const TrainingRows& fitting, const std::string& column,
                                       const std::vector<double>& probabilities) {
  return std::move(exact_quantiles(fitting, {{column, probabilities}}).front());
}

}  // namespace lockstep::data
