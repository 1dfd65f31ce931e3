#include "data/storage/batch_store.hpp"

#include "core/serial.hpp"

namespace lockstep::data {

void BatchStore::push(PackedRows rows) {
  Batch batch;
  batch.count = rows.rows();
  if (batch.count == 0) return;
  rows_ += batch.count;
  if (limit_bytes_ != 0 && held_bytes_ + rows.size_bytes() > limit_bytes_) {
    if (!spill_) spill_ = std::make_unique<SpillFile>(folder_);
    Writer out;
    rows.save(out);
    const std::string bytes = out.take();
    batch.bytes = bytes.size();
    batch.offset = spill_->append(bytes);
  } else {
    rows.shrink();
    held_bytes_ += rows.size_bytes();
    batch.rows = std::move(rows);
  }
  batches_.push_back(std::move(batch));
}

void BatchStore::clear() {
  batches_.clear();
  spill_.reset();
  rows_ = held_bytes_ = 0;
}

PackedRows BatchStore::take(std::size_t i) {
  Batch& batch = batches_[i];
  if (batch.bytes == 0) return std::move(batch.rows);
  const std::string bytes = spill_->read(batch.offset, batch.bytes);
  Reader in(bytes);
  PackedRows rows;
  rows.load(in);
  return rows;
}

}  // namespace lockstep::data
