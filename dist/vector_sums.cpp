#include "dist/vector_sums.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "dist/bytes.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/mpi_transfer.hpp"

namespace lockstep::dist {
namespace {

constexpr std::size_t kLeastPiece = 4096;  // numbers: shorter messages cost more than they carry

Range segment_of(const Communicator& ranks, std::size_t length, std::size_t rank) {
  return block_of(length, rank, static_cast<std::size_t>(ranks.world_size()));
}

template <typename T>
void add(std::span<T> left, std::span<const T> right) {
  expects(left.size() == right.size(), "add_vector: two vectors of one length");
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
}

/// The part of a rank's segment that travels in one round.
struct Rounds {
  std::size_t piece;

  std::size_t count(std::size_t longest_segment) const {
    return (longest_segment + piece - 1) / piece;
  }
  Range part(Range segment, std::size_t round) const {
    const std::size_t begin = std::min(segment.begin + round * piece, segment.end);
    return {begin, std::min(begin + piece, segment.end)};
  }
};

Rounds rounds_for(const VectorOptions& options, std::size_t vectors) {
  if (options.piece_values != 0) return {options.piece_values};
  const std::size_t room = options.round_bytes / sizeof(double);
  return {std::max(kLeastPiece, room / std::max<std::size_t>(vectors, 1))};
}

/// Every rank sends, for each segment, its vectors' numbers to the segment's owner, who folds them.
template <typename T>
class ReduceScatter {
 public:
  using Part = std::span<T>;

  ReduceScatter(const Communicator& ranks, const std::vector<std::vector<T>>& own,
                std::vector<std::size_t> counts)
      : ranks_(ranks), own_(own), counts_(std::move(counts)) {}

  /// fold(parts) adds up one part of the segment of each vector, in rank order, and leaves the sum
  /// in the first. `total` is the own segment.
  template <typename Fold>
  std::vector<T> run(std::size_t length, const VectorOptions& options, const Fold& fold) {
    const Call call =
        ranks_.impl().enter(Operation::VectorReduce, static_cast<std::int64_t>(length * sizeof(T)));
    std::size_t vectors = 0;
    for (const std::size_t count : counts_) vectors += count;
    const Rounds rounds = rounds_for(options, vectors);
    const Range segment = own_segment(ranks_, length);
    const std::size_t longest = segment_of(ranks_, length, 0).end;
    std::vector<T> total(segment.end - segment.begin);
    room_.resize(vectors * std::min(rounds.piece, total.size()));
    for (std::size_t round = 0; round < rounds.count(longest); ++round) {
      const Range part = rounds.part(segment, round);
      const std::vector<Part> parts = exchange(length, rounds, round, call);
      if (part.begin == part.end || parts.empty()) continue;
      fold(parts);
      std::copy(parts[0].begin(), parts[0].end(), &total[part.begin - segment.begin]);
    }
    return total;
  }

 private:
  std::vector<Part> exchange(std::size_t length, const Rounds& rounds, std::size_t round,
                             const Call& call) {
    const auto world_size = static_cast<std::size_t>(ranks_.world_size());
    const auto rank = static_cast<std::size_t>(ranks_.rank());
    const Range part = rounds.part(segment_of(ranks_, length, rank), round);
    const std::size_t size = part.end - part.begin;
    std::vector<std::size_t> first(world_size + 1);  // of each rank's vectors
    for (std::size_t r = 0; r < world_size; ++r) first[r + 1] = first[r] + counts_[r];
    const auto memory = [&](std::size_t vector) {
      return Part(room_).subspan(vector * size, size);
    };
    for (std::size_t i = 0; i < own_.size(); ++i) {
      std::copy_n(own_[i].begin() + static_cast<std::ptrdiff_t>(part.begin), size,
                  memory(first[rank] + i).begin());
    }
    Transfers transfers(ranks_.impl());
    for (std::size_t distance = 1; distance < world_size; ++distance) {
      const std::size_t to = (rank + distance) % world_size;
      const std::size_t from = (rank + world_size - distance) % world_size;
      const Range theirs = rounds.part(segment_of(ranks_, length, to), round);
      for (const auto& vector : own_) {
        transfers.send(vector.data() + theirs.begin, (theirs.end - theirs.begin) * sizeof(T),
                       static_cast<int>(to));
      }
      for (std::size_t i = first[from]; i < first[from + 1]; ++i)
        transfers.receive(memory(i).data(), size * sizeof(T), static_cast<int>(from));
    }
    transfers.run(call);
    std::vector<Part> parts;
    for (std::size_t i = 0; i < first.back(); ++i) parts.push_back(memory(i));
    return parts;
  }

  const Communicator& ranks_;
  const std::vector<std::vector<T>>& own_;
  std::vector<std::size_t> counts_;  // vectors of each rank
  std::vector<T> room_;              // this round's part of each vector, in rank order
};

template <typename T>
std::vector<T> allgather_values(const Communicator& ranks, std::span<const T> segment,
                                std::size_t length) {
  const Range own = own_segment(ranks, length);
  expects(segment.size() == own.end - own.begin, "allgather_vector: this rank's segment");
  Communicator::Impl& impl = ranks.impl();
  const Call call =
      impl.enter(Operation::VectorAllgather, static_cast<std::int64_t>(length * sizeof(T)));
  std::vector<T> whole(length);
  std::copy(segment.begin(), segment.end(), whole.begin() + static_cast<std::ptrdiff_t>(own.begin));
  const auto world_size = static_cast<std::size_t>(ranks.world_size());
  const auto rank = static_cast<std::size_t>(ranks.rank());
  Transfers transfers(impl);
  for (std::size_t distance = 1; distance < world_size; ++distance) {
    const std::size_t to = (rank + distance) % world_size;
    const std::size_t from = (rank + world_size - distance) % world_size;
    const Range theirs = segment_of(ranks, length, from);
    transfers.send(whole.data() + own.begin, segment.size_bytes(), static_cast<int>(to));
    transfers.receive(whole.data() + theirs.begin, (theirs.end - theirs.begin) * sizeof(T),
                      static_cast<int>(from));
  }
  transfers.run(call);
  return whole;
}

template <typename T>
void expect_lengths(const std::vector<std::vector<T>>& vectors, std::size_t length) {
  for (const auto& vector : vectors)
    expects(vector.size() == length, "reduce_scatter: vectors of the length that is given");
}

}  // namespace

Range own_segment(const Communicator& ranks, std::size_t length) {
  return segment_of(ranks, length, static_cast<std::size_t>(ranks.rank()));
}

std::vector<double> reduce_scatter(const Communicator& ranks, std::size_t n,
                                   const std::vector<Range>& nodes,
                                   const std::vector<std::vector<double>>& sums, std::size_t length,
                                   const VectorOptions& options) {
  expects(n > 0 && nodes.size() == sums.size(), "reduce_scatter: a vector for each node");
  expect_lengths(sums, length);
  std::vector<Range> all;  // in rank order, so in the tree's order
  std::vector<std::size_t> counts;
  for (const std::string& bytes : ranks.allgather(bytes_of(nodes))) {
    const auto theirs = values_of<Range>(bytes);
    all.insert(all.end(), theirs.begin(), theirs.end());
    counts.push_back(theirs.size());
  }
  const auto fold = [&](const std::vector<std::span<double>>& parts) {
    const auto merge = [](std::span<double>& left, std::span<double> right) {
      add<double>(left, right);
    };
    TreeCounter<std::span<double>, decltype(merge)> tree(n, {0, n}, merge);
    for (std::size_t i = 0; i < all.size(); ++i) tree.push_node(all[i], parts[i]);
    expects(tree.nodes().size() == 1 && tree.nodes()[0] == Range{0, n},
            "reduce_scatter: the ranks' nodes cover [0, n) in order");
  };
  return ReduceScatter<double>(ranks, sums, std::move(counts)).run(length, options, fold);
}

std::vector<std::int64_t> reduce_scatter(const Communicator& ranks,
                                         const std::vector<std::vector<std::int64_t>>& vectors,
                                         std::size_t length, const VectorOptions& options) {
  expect_lengths(vectors, length);
  const std::uint64_t own_count = vectors.size();
  std::vector<std::size_t> counts;
  for (const std::string& bytes : ranks.allgather(std::as_bytes(std::span(&own_count, 1))))
    counts.push_back(values_of<std::uint64_t>(bytes)[0]);
  const auto fold = [](const std::vector<std::span<std::int64_t>>& parts) {
    for (std::size_t i = 1; i < parts.size(); ++i) add_vector(parts[0], parts[i]);
  };
  return ReduceScatter<std::int64_t>(ranks, vectors, std::move(counts)).run(length, options, fold);
}

std::vector<double> allgather_vector(const Communicator& ranks, std::span<const double> segment,
                                     std::size_t length) {
  return allgather_values(ranks, segment, length);
}

std::vector<std::int64_t> allgather_vector(const Communicator& ranks,
                                           std::span<const std::int64_t> segment,
                                           std::size_t length) {
  return allgather_values(ranks, segment, length);
}

void add_vector(std::span<double> left, std::span<const double> right) { add(left, right); }

void add_vector(std::span<std::int64_t> left, std::span<const std::int64_t> right) {
  expects(left.size() == right.size(), "add_vector: two vectors of one length");
  for (std::size_t i = 0; i < left.size(); ++i) {  // unsigned: it wraps around, signed need not
    left[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(left[i]) +
                                        static_cast<std::uint64_t>(right[i]));
  }
}

}  // namespace lockstep::dist
