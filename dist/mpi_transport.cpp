#include "dist/mpi_transport.hpp"

#include "core/error.hpp"

namespace lockstep::dist {
namespace {

constexpr std::size_t kParts = 32;
constexpr std::size_t kTagBuckets =
    1 << 16;  // tags repeat after so many buckets: some networks have only 23 bits for them

int tag_of(Messages::Phase phase, std::size_t bucket, std::size_t part) {
  expects(part < kParts, "exchange: at most 32 messages a bucket between two ranks");
  return static_cast<int>(((bucket % kTagBuckets) * kParts + part) * 2 +
                          static_cast<std::size_t>(phase));
}

std::int64_t float_bytes(std::size_t count) {
  return static_cast<std::int64_t>(count * sizeof(float));
}

}  // namespace

Messages::Messages(Communicator::Impl& ranks)
    : comm_(duplicate(ranks.data.get(), ranks.rank)), rank_(ranks.rank) {}

void Messages::send(Phase phase, std::size_t bucket, std::size_t part, const float* data,
                    std::size_t count, std::size_t peer, Requests& requests) {
  if (count == 0) return;
  MPI_Request& request = requests.emplace_back(MPI_REQUEST_NULL);
  check(MPI_Isend(data, static_cast<int>(count), MPI_FLOAT, static_cast<int>(peer),
                  tag_of(phase, bucket, part), comm_.get(), &request),
        "MPI_Isend", rank_, float_bytes(count));
  bytes_sent_ += count * sizeof(float);
}

void Messages::receive(Phase phase, std::size_t bucket, std::size_t part, float* data,
                       std::size_t count, std::size_t peer, Requests& requests) {
  if (count == 0) return;
  MPI_Request& request = requests.emplace_back(MPI_REQUEST_NULL);
  check(MPI_Irecv(data, static_cast<int>(count), MPI_FLOAT, static_cast<int>(peer),
                  tag_of(phase, bucket, part), comm_.get(), &request),
        "MPI_Irecv", rank_, float_bytes(count));
}

bool Messages::done(Requests& requests) const {
  if (requests.empty()) return true;
  int done = 0;
  check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE),
        "MPI_Testall", rank_);
  if (done != 0) requests.clear();
  return done != 0;
}

bool Messages::done(Requests& request, std::size_t& count) const {
  if (request.empty()) return true;
  int done = 0, floats = 0;
  MPI_Status status;
  check(MPI_Test(request.data(), &done, &status), "MPI_Test", rank_);
  if (done == 0) return false;
  check(MPI_Get_count(&status, MPI_FLOAT, &floats), "MPI_Get_count", rank_);
  count = static_cast<std::size_t>(floats);
  request.clear();
  return true;
}

void Pipeline::restart() {
  done_.assign(done_.size(), false);
  posted_ = finished_ = 0;
}

bool Pipeline::poll() {
  bool moved = false;
  for (; posted_ < done_.size() && posted_ < finished_ + kWindow; ++posted_) {
    post(posted_);
    moved = true;
  }
  for (std::size_t bucket = finished_; bucket < posted_; ++bucket) {
    if (done_[bucket]) continue;
    const Progress progress = advance(bucket);
    moved = moved || progress != Progress::None;
    done_[bucket] = progress == Progress::Finished;
  }
  while (finished_ < posted_ && done_[finished_]) ++finished_;
  return moved;
}

}  // namespace lockstep::dist
