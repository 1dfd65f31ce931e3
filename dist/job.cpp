#include "dist/job.hpp"

#include "dist/bytes.hpp"
#include "dist/error_text.hpp"
#include "dist/mpi_communicator.hpp"
#include "dist/mpi_transfer.hpp"

namespace lockstep::dist {
namespace {

using Impl = Communicator::Impl;

constexpr int kHeaderTag = 3;

/// A node's bytes, or the error (see error_text.hpp) that the merge of some node below has thrown.
struct Value {
  bool failed = false;
  std::string bytes;
};

struct Header {
  std::uint64_t bytes = 0;
  std::uint64_t failed = 0;
};

/// Where the value of a node is.
struct Holder {
  int rank = 0;
  std::size_t index = 0;  // among that rank's nodes
};

void send(Impl& ranks, const Value& value, int peer, const Call& call) {
  const Kept<Header> header(Header{value.bytes.size(), value.failed ? 1u : 0u});
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Isend(&*header, sizeof(Header), MPI_BYTE, peer, kHeaderTag, ranks.data.get(), &request),
        "MPI_Isend", ranks.rank, sizeof(Header));
  ranks.wait(request, call);
  Transfers transfers(ranks);
  transfers.send(value.bytes.data(), value.bytes.size(), peer);
  transfers.run(call);
}

Value receive(Impl& ranks, int peer, const Call& call) {
  const Kept<Header> header;
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Irecv(&*header, sizeof(Header), MPI_BYTE, peer, kHeaderTag, ranks.data.get(), &request),
        "MPI_Irecv", ranks.rank, sizeof(Header));
  ranks.wait(request, call);
  Value value{header->failed != 0, std::string(header->bytes, '\0')};
  Transfers transfers(ranks);
  transfers.receive(value.bytes.data(), value.bytes.size(), peer);
  transfers.run(call);
  return value;
}

/// One merge of the tree; `left` becomes the parent's value.
class Merger {
 public:
  Merger(Impl& ranks, const Call& call, std::vector<Value>& own,
         const std::function<std::string(std::string, std::string)>& merge)
      : ranks_(ranks), call_(call), own_(own), merge_(merge) {}

  void operator()(Holder& left, const Holder& right) const {
    if (left.rank == ranks_.rank) {
      Value other = right.rank == ranks_.rank ? std::move(own_[right.index])
                                              : receive(ranks_, right.rank, call_);
      combine(own_[left.index], std::move(other));
    } else if (right.rank == ranks_.rank) {
      send(ranks_, own_[right.index], left.rank, call_);
      own_[right.index].bytes.clear();
    }
  }

 private:
  void combine(Value& left, Value right) const {
    if (left.failed) return;
    if (right.failed) {
      left = std::move(right);
      return;
    }
    try {
      left.bytes = merge_(std::move(left.bytes), std::move(right.bytes));
    } catch (...) {  // all ranks learn of it with the root's value
      left = {true, pack_error(std::current_exception(), ranks_)};
    }
  }

  Impl& ranks_;
  const Call& call_;
  std::vector<Value>& own_;
  const std::function<std::string(std::string, std::string)>& merge_;
};

}  // namespace

std::string merge_tree(const Communicator& ranks, std::size_t n, const std::vector<Range>& nodes,
                       std::vector<std::string> values,
                       const std::function<std::string(std::string, std::string)>& merge) {
  expects(n > 0 && nodes.size() == values.size(),
          "merge_tree: a value for each node of a tree that is not empty");
  std::vector<Value> own;
  for (std::string& value : values) own.push_back({false, std::move(value)});
  const auto all_nodes = ranks.allgather(bytes_of(nodes));
  const Call call = ranks.impl().enter(Operation::MergeTree);
  // Every rank walks through the whole tree in the same order and takes part where it holds a
  // value. A merge waits only for merges below it, so independent branches go on at the same time.
  TreeCounter<Holder, Merger> tree(n, {0, n}, Merger(ranks.impl(), call, own, merge));
  for (int rank = 0; rank < ranks.world_size(); ++rank) {
    const auto theirs = values_of<Range>(all_nodes[static_cast<std::size_t>(rank)]);
    for (std::size_t i = 0; i < theirs.size(); ++i) tree.push_node(theirs[i], {rank, i});
  }
  expects(tree.nodes().size() == 1 && tree.nodes()[0] == Range{0, n},
          "merge_tree: the ranks' nodes cover [0, n) in order");
  const Holder root = tree.values()[0];
  std::string total;
  std::byte failed{0};
  if (root.rank == ranks.rank()) {
    failed = static_cast<std::byte>(own[root.index].failed);
    total = std::move(own[root.index].bytes);
  }
  ranks.broadcast({&failed, 1}, root.rank);
  ranks.broadcast(total, root.rank);
  if (failed != std::byte{0}) throw unpack_error(total, ranks.impl());
  return total;
}

}  // namespace lockstep::dist
