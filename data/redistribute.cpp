#include "data/redistribute.hpp"

#include <fmt/core.h>

#include <cstring>
#include <functional>
#include <limits>
#include <optional>

#include "core/error.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <typename T>
T take(std::string_view& in) {
  T value;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return value;
}

/// One row on its way.
struct Row {
  std::uint64_t position = 0;
  double label = std::numeric_limits<double>::quiet_NaN();
  std::string_view bytes{};
};

/// The batches of this rank with the position of each row.
class Journey {
 public:
  Journey(const dist::Communicator& ranks, ThreadPool& threads, const RowPlan& plan,
          std::vector<RowBatch> batches, std::uint64_t first_row, std::size_t round_bytes)
      : ranks_(ranks),
        threads_(threads),
        plan_(plan),
        batches_(std::move(batches)),
        positions_(batches_.size()),
        round_bytes_(round_bytes) {
    std::vector<std::uint64_t> first(batches_.size());
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      first[b] = first_row;
      first_row += batches_[b].rows.rows();
    }
    threads.for_each(batches_.size(), [&](std::size_t, std::size_t b) {
      positions_[b].resize(batches_[b].rows.rows());
      for (std::size_t i = 0; i < positions_[b].size(); ++i)
        positions_[b][i] = plan_.position(first[b] + i);
    });
  }

  using Encode = std::function<void(const Row&, std::string&)>;
  using Decode = std::function<void(std::string_view&)>;  // takes one row off the front
  using Local = std::function<void(const Row&)>;

  /// COLLECTIVE. Every row reaches its owner: `local` if that is this rank, else encoded, sent and
  /// decoded there. `local` and `decode` are called on several threads. `last`: the batches are
  /// freed as they go.
  void run(const Local& local, const Encode& encode, const Decode& decode, bool last) {
    std::vector<std::string> incoming;
    std::size_t batch = 0;
    bool first_round = true;
    for (;;) {
      std::vector<std::string> outgoing(static_cast<std::size_t>(ranks_.world_size()));
      std::int64_t sends[] = {0};
      dist::all_or_none(ranks_, [&] {
        if (first_round) keep_local(local);
        first_round = false;
        unload(std::move(incoming), decode);
        sends[0] = load(batch, outgoing, encode, last) ? 1 : 0;
      });
      ranks_.allreduce_max(sends);
      if (sends[0] == 0) return;
      incoming = ranks_.all_to_all(std::move(outgoing));
    }
  }

 private:
  Row row(std::size_t b, std::size_t i) const {
    const RowBatch& batch = batches_[b];
    Row result{.position = positions_[b][i], .bytes = batch.rows.row(i)};
    if (!batch.labels.empty()) result.label = batch.labels[i];
    return result;
  }

  int owner(std::uint64_t position) const { return plan_.owner(plan_.place(position).partition); }

  void keep_local(const Local& local) {
    threads_.for_each(batches_.size(), [&](std::size_t, std::size_t b) {
      for (std::size_t i = 0; i < positions_[b].size(); ++i) {
        if (owner(positions_[b][i]) == ranks_.rank()) local(row(b, i));
      }
    });
  }

  /// Fills `outgoing` from batch `next` on, whole batches until round_bytes_ are reached. False if
  /// there was nothing to send.
  bool load(std::size_t& next, std::vector<std::string>& outgoing, const Encode& encode,
            bool last) {
    std::size_t bytes = 0;
    for (; next < batches_.size() && bytes < round_bytes_; ++next) {
      for (std::size_t i = 0; i < positions_[next].size() && ranks_.world_size() > 1; ++i) {
        const int to = owner(positions_[next][i]);
        if (to == ranks_.rank()) continue;
        std::string& message = outgoing[static_cast<std::size_t>(to)];
        const std::size_t before = message.size();
        encode(row(next, i), message);
        bytes += message.size() - before;
      }
      if (last) batches_[next] = {};
    }
    return bytes > 0;
  }

  void unload(std::vector<std::string> incoming, const Decode& decode) {
    threads_.for_each(incoming.size(), [&](std::size_t, std::size_t r) {
      std::string_view rest = incoming[r];
      while (!rest.empty()) decode(rest);
    });
  }

  const dist::Communicator& ranks_;
  ThreadPool& threads_;
  const RowPlan& plan_;
  std::vector<RowBatch> batches_;
  std::vector<std::vector<std::uint64_t>> positions_;  // of each row of each batch
  std::size_t round_bytes_;
};

void announce_entries(Journey& journey, Assembler& assembler) {
  journey.run([&](const Row& row) { assembler.expect(row.position, packed_entries(row.bytes)); },
              [](const Row& row, std::string& message) {
                put(message, row.position);
                put(message, static_cast<std::uint32_t>(packed_entries(row.bytes)));
              },
              [&](std::string_view& message) {
                const auto position = take<std::uint64_t>(message);
                assembler.expect(position, take<std::uint32_t>(message));
              },
              /*last=*/false);
}

void move_rows(Journey& journey, Assembler& assembler) {
  journey.run([&](const Row& row) { assembler.place(row.position, row.label, row.bytes); },
              [](const Row& row, std::string& message) {
                put(message, row.position);
                put(message, row.label);
                put(message, static_cast<std::uint64_t>(row.bytes.size()));
                message.append(row.bytes);
              },
              [&](std::string_view& message) {
                const auto position = take<std::uint64_t>(message);
                const auto label = take<double>(message);
                const auto size = static_cast<std::size_t>(take<std::uint64_t>(message));
                assembler.place(position, label, message.substr(0, size));
                message.remove_prefix(size);
              },
              /*last=*/true);
}

/// COLLECTIVE. Rows of all ranks, and of the ranks before this one.
struct Count {
  std::uint64_t all = 0, before = 0;
};
Count count_rows(const dist::Communicator& ranks, const std::vector<RowBatch>& batches) {
  std::uint64_t own = 0;
  for (const RowBatch& batch : batches) own += batch.rows.rows();
  const auto counts = ranks.allgather(std::as_bytes(std::span(&own, 1)));
  Count count;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    if (static_cast<int>(r) == ranks.rank()) count.before = count.all;
    std::string_view bytes = counts[r];
    count.all += take<std::uint64_t>(bytes);
  }
  return count;
}

}  // namespace

LoadedData redistribute(const dist::Communicator& ranks, ThreadPool& threads,
                        const std::string& name, ParsedRows parsed, const LoadOptions& options,
                        std::size_t round_bytes) {
  const Count count = count_rows(ranks, parsed.batches);
  std::optional<RowPlan> plan;
  std::optional<Assembler> assembler;
  std::optional<Journey> journey;
  dist::all_or_none(ranks, [&] {
    if (count.all == 0)
      throw DataError("no rows in the file", {.file = name}, "give a file with at least one row");
    plan.emplace(count.all, options);
    assembler.emplace(name, *plan, parsed.format,
                      options.blocks.at(static_cast<std::size_t>(ranks.rank())), threads);
    journey.emplace(ranks, threads, *plan, std::move(parsed.batches), count.before, round_bytes);
  });
  if (parsed.format.sparse) announce_entries(*journey, *assembler);
  dist::all_or_none(ranks, [&] { assembler->allocate(threads); });
  move_rows(*journey, *assembler);
  return std::move(*assembler).finish();
}

}  // namespace lockstep::data
