#pragma once
/// RAII and errors around MPI. Private to dist/.

// Only the C interface: some installations lack the library of the C++ one, which MPI has dropped.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdint>
#include <exception>
#include <utility>

namespace lockstep::dist {

/// Throws CommunicationError: MPI call `call` on `rank` about `bytes` bytes (negative: none)
/// returned `code`. `rank` may be that in a group: the error names the rank of the whole job.
[[noreturn]] void throw_mpi_error(int code, const char* call, int rank, std::int64_t bytes);

/// The one place where MPI's return codes are looked at.
inline void check(int code, const char* call, int rank, std::int64_t bytes = -1) {
  if (code != MPI_SUCCESS) throw_mpi_error(code, call, rank, bytes);
}

/// Owns a communicator. MPI_Comm_free is collective, so a rank that unwinds alone must not enter
/// it.
class CommHandle {
 public:
  CommHandle() = default;
  explicit CommHandle(MPI_Comm comm) noexcept : comm_(comm) {}
  CommHandle(CommHandle&& other) noexcept : comm_(std::exchange(other.comm_, MPI_COMM_NULL)) {}
  CommHandle& operator=(CommHandle&& other) noexcept {
    std::swap(comm_, other.comm_);
    return *this;
  }
  ~CommHandle() {
    int finalized = 0;
    if (comm_ == MPI_COMM_NULL || std::uncaught_exceptions() != 0) return;
    if (MPI_Finalized(&finalized) == MPI_SUCCESS && finalized == 0) MPI_Comm_free(&comm_);
  }
  MPI_Comm get() const noexcept { return comm_; }

  /// Never frees it: a collective or a message on it may be under way for ever.
  void abandon() noexcept { comm_ = MPI_COMM_NULL; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

/// COLLECTIVE. A copy of `comm`, whose messages never meet those of the original.
inline CommHandle duplicate(MPI_Comm comm, int rank) {
  MPI_Comm copy = MPI_COMM_NULL;
  check(MPI_Comm_dup(comm, &copy), "MPI_Comm_dup", rank);
  return CommHandle(copy);
}

}  // namespace lockstep::dist
