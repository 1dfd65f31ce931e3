/// How a communicator comes to be: of the whole job, or of a group of its ranks.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/session.hpp"

namespace lockstep::dist {
namespace {

constexpr std::size_t kNamedRanks = 8;  // a group's name lists at most so many

std::vector<int> ranks_in_job(MPI_Comm comm, int world_size) {
  MPI_Group group = MPI_GROUP_NULL, job = MPI_GROUP_NULL;
  check(MPI_Comm_group(comm, &group), "MPI_Comm_group", -1);
  check(MPI_Comm_group(MPI_COMM_WORLD, &job), "MPI_Comm_group", -1);
  std::vector<int> ranks(static_cast<std::size_t>(world_size)), world_ranks(ranks.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  check(MPI_Group_translate_ranks(group, world_size, ranks.data(), job, world_ranks.data()),
        "MPI_Group_translate_ranks", -1);
  MPI_Group_free(&group);
  MPI_Group_free(&job);
  return world_ranks;
}

/// "rank 3", "ranks 2-5", "ranks 0, 2, 4 and 7 more"
std::string list_of(const std::vector<int>& ranks) {
  if (ranks.size() == 1) return fmt::format("rank {}", ranks[0]);
  if (ranks.back() - ranks.front() + 1 == static_cast<int>(ranks.size()))
    return fmt::format("ranks {}-{}", ranks.front(), ranks.back());
  std::string text = fmt::format("ranks {}", ranks[0]);
  for (std::size_t i = 1; i < std::min(kNamedRanks, ranks.size()); ++i)
    text += fmt::format(", {}", ranks[i]);
  if (ranks.size() > kNamedRanks) text += fmt::format(" and {} more", ranks.size() - kNamedRanks);
  return text;
}

void name_group(Communicator::Impl& impl, const Communicator::Impl& parent, int colour) {
  impl.path =
      parent.path.empty() ? std::to_string(colour) : fmt::format("{}.{}", parent.path, colour);
  impl.group = fmt::format("group {} ({})", impl.path, list_of(impl.world_ranks));
  impl.above = parent.above;
  if (parent.watch) impl.above.push_back(parent.watch);
}

std::vector<std::string> gather_hosts(const Communicator::Impl& impl) {
  std::array<char, 64> name{};
  const std::string host = host_name();
  std::copy_n(host.begin(), std::min(host.size(), name.size() - 1), name.begin());
  std::vector<std::array<char, 64>> names(static_cast<std::size_t>(impl.world_size));
  check(MPI_Allgather(name.data(), sizeof name, MPI_BYTE, names.data(), sizeof name, MPI_BYTE,
                      impl.data.get()),
        "MPI_Allgather", impl.rank, sizeof name);
  std::vector<std::string> hosts;
  for (const auto& other : names) hosts.emplace_back(other.data());
  return hosts;
}

}  // namespace

Communicator make_communicator(MPI_Comm comm, const CollectiveOptions& options,
                               const Communicator::Impl* parent, int colour) {
  auto impl = std::make_unique<Communicator::Impl>();
  impl->options = options;
  check(MPI_Comm_rank(comm, &impl->rank), "MPI_Comm_rank", -1);
  check(MPI_Comm_size(comm, &impl->world_size), "MPI_Comm_size", impl->rank);
  impl->world_ranks = ranks_in_job(comm, impl->world_size);
  if (parent != nullptr) name_group(*impl, *parent, colour);
  if (impl->world_size == 1) return Communicator(std::move(impl));
  impl->data = duplicate(comm, impl->rank);
  impl->checks = duplicate(comm, impl->rank);
  const std::vector<std::string> hosts = gather_hosts(*impl);
  impl->hosts = static_cast<int>(std::set<std::string>(hosts.begin(), hosts.end()).size());
  std::vector<std::string> names;
  for (std::size_t rank = 0; rank < hosts.size(); ++rank)
    names.push_back(fmt::format("rank {} on host {}", impl->world_ranks[rank], hosts[rank]));
  impl->watch =
      std::make_shared<StallWatch>(duplicate(comm, impl->rank), impl->rank, std::move(names));
  return Communicator(std::move(impl));
}

Communicator Communicator::split(int colour) const {
  expects(colour >= 0, "split: colour >= 0");
  const Call call = impl_->enter(Operation::Split);
  if (impl_->world_size == 1) {
    auto alone = std::make_unique<Impl>();
    alone->options = impl_->options;
    alone->world_ranks = impl_->world_ranks;
    name_group(*alone, *impl_, colour);
    return Communicator(std::move(alone));
  }
  // MPI has no nonblocking split: see that all ranks are here before one of them blocks.
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Ibarrier(impl_->data.get(), &request), "MPI_Ibarrier", impl_->rank);
  impl_->wait(request, call);
  MPI_Comm part = MPI_COMM_NULL;
  check(MPI_Comm_split(impl_->data.get(), colour, impl_->rank, &part), "MPI_Comm_split",
        impl_->rank);
  const CommHandle owner(part);
  return make_communicator(part, impl_->options, impl_.get(), colour);
}

}  // namespace lockstep::dist
