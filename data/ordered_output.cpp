#include "data/ordered_output.hpp"

#include <algorithm>

#include "core/serial.hpp"
#include "data/storage/mapped_pages.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

// What the driver holds at a time: rows of some text, as many as the last ones let expect.
constexpr std::uint64_t kTextAtOnce = 8 << 20, kMostRowsAtOnce = 65536, kFirstRows = 256;

/// COLLECTIVE. How many row numbers to take next, if the last `rows` gave `bytes` on this rank.
std::uint64_t rows_at_once(const dist::Communicator& ranks, std::uint64_t rows,
                           std::uint64_t bytes) {
  std::int64_t total[] = {static_cast<std::int64_t>(bytes)};
  ranks.allreduce_sum(total);
  const std::uint64_t most = std::min(2 * rows, kMostRowsAtOnce);
  if (total[0] == 0) return most;
  return std::clamp<std::uint64_t>(rows * kTextAtOnce / static_cast<std::uint64_t>(total[0]), 1,
                                   most);
}

/// A row's number and where it lies.
struct Where {
  std::uint64_t row;
  std::uint32_t partition, slot;
};

/// This rank's rows in the order of the source.
std::vector<Where> index_of(const Dataset& dataset) {
  std::vector<Where> index;
  for (std::size_t p = 0; p < dataset.own.size(); ++p) {
    const Partition& partition = dataset.own[p];
    for (std::size_t slot = 0; slot < partition.rows(); ++slot)
      index.push_back({partition.row_ids[slot], static_cast<std::uint32_t>(p),
                       static_cast<std::uint32_t>(slot)});
  }
  std::sort(index.begin(), index.end(),
            [](const Where& a, const Where& b) { return a.row < b.row; });
  return index;
}

/// COLLECTIVE. The number behind row `most` of all rows in order; `end` if there are fewer.
std::uint64_t end_of_first(const dist::Communicator& ranks, const std::vector<Where>& index,
                           std::uint64_t most, std::uint64_t end) {
  std::uint64_t low = 0, high = end;
  std::int64_t highest[] = {static_cast<std::int64_t>(high)};
  ranks.allreduce_max(highest);
  high = static_cast<std::uint64_t>(highest[0]);
  while (low < high) {  // the smallest number with at least `most` rows below it
    const std::uint64_t middle = low + (high - low) / 2;
    const auto at = std::lower_bound(index.begin(), index.end(), middle,
                                     [](const Where& w, std::uint64_t row) { return w.row < row; });
    std::int64_t below[] = {at - index.begin()};
    ranks.allreduce_sum(below);
    if (static_cast<std::uint64_t>(below[0]) >= most) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

void write_in_order(const dist::Communicator& ranks, std::uint64_t end,
                    const std::function<std::vector<Line>(std::uint64_t, std::uint64_t)>& lines,
                    const std::function<void(const std::string&)>& write) {
  std::int64_t last[] = {static_cast<std::int64_t>(end)};
  ranks.allreduce_max(last);
  std::uint64_t count = kFirstRows;
  for (std::uint64_t begin = 0; begin < static_cast<std::uint64_t>(last[0]);) {
    Writer out;
    dist::all_or_none(ranks, [&] {
      for (const Line& line : lines(begin, begin + count)) {
        out.value(line.row);
        out.text(line.text);
      }
    });
    const std::string bytes = out.take();
    const auto gathered = ranks.gather(std::as_bytes(std::span(bytes.data(), bytes.size())));
    dist::all_or_none(ranks, [&] {
      std::vector<Line> block;
      for (const auto& part : gathered) {
        for (Reader in(part); !in.done();) {
          const auto row = in.value<std::uint64_t>();
          block.push_back({row, in.text()});
        }
      }
      std::sort(block.begin(), block.end(),
                [](const Line& a, const Line& b) { return a.row < b.row; });
      std::string text;
      for (const auto& line : block) text += line.text;
      if (ranks.rank() == 0) write(text);
    });
    begin += count;
    count = rows_at_once(ranks, count, bytes.size());
  }
}

void write_rows(const dist::Cluster& cluster, const Dataset& dataset, std::uint64_t most,
                const std::function<std::string(const Partition&, std::size_t)>& line,
                const std::function<void(const std::string&)>& write) {
  const auto& [ranks, threads] = cluster;
  std::vector<Where> index;
  dist::all_or_none(ranks, [&] { index = index_of(dataset); });
  std::uint64_t end = index.empty() ? 0 : index.back().row + 1;
  if (most != 0) end = end_of_first(ranks, index, most, end);
  std::size_t next = 0;
  MappedPages pages(dataset);
  const auto lines = [&](std::uint64_t, std::uint64_t below) {
    const std::size_t begin = next;
    while (next < index.size() && index[next].row < std::min(below, end)) ++next;
    std::vector<Line> block(next - begin);
    threads.for_each(block.size(), [&](std::size_t, std::size_t i) {
      const Where& at = index[begin + i];
      block[i] = {at.row, line(dataset.own[at.partition], at.slot)};
      pages.check();
    });
    return block;
  };
  write_in_order(ranks, end, lines, write);
}

}  // namespace lockstep::data
