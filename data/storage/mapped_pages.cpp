#include "data/storage/mapped_pages.hpp"

#include "core/process_memory.hpp"
#include "data/storage/memory_limit.hpp"

namespace lockstep::data {

MappedPages::MappedPages(const Dataset& rows)
    : rows_(rows), most_bytes_(MemoryShares(rows.memory_limit_bytes).pages) {}

// The system is asked, as reading a row maps more pages than the row's: its neighbours in the file,
// and newer kernels map all that they hold in one piece.
void MappedPages::check() {
  const auto too_many = [this] { return resident_file_bytes() > others_ + most_bytes_; };
  if (most_bytes_ == 0 || !too_many()) return;
  const std::lock_guard lock(mutex_);  // the others wait: they would map more meanwhile
  if (!too_many()) return;
  for (const Partition& partition : rows_.own) partition.release();
  others_ = resident_file_bytes();
}

}  // namespace lockstep::data
