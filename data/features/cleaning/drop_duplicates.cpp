#include "data/features/cleaning/drop_duplicates.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "data/features/cleaning/cells.hpp"

namespace lockstep::data {
namespace {

template <typename T>
void put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// Equal numbers give equal bytes.
void put_number(std::string& bytes, double value) {
  if (std::isnan(value) && !is_missing(value)) value = std::numeric_limits<double>::quiet_NaN();
  put(bytes, value == 0 ? 0.0 : value);
}

void put_text(std::string& bytes, std::string_view text) {
  put(bytes, text.size());
  bytes.append(text);
}

/// The value of one row in bytes that are equal for equal values and that end where they end: what
/// follows cannot make up for what differs.
struct CanonicalBytes {
  std::size_t row;
  std::string& bytes;

  void operator()(const Numbers& c) const { put_number(bytes, c.values[row]); }
  void operator()(const Strings& c) const {
    bytes += c.is_missing(row) ? '\0' : '\1';
    put_text(bytes, c.text(row));
  }
  void operator()(const Tokens& c) const {
    const std::size_t first = c.first(row), count = c.count(row);
    put(bytes, count);
    for (std::size_t i = first; i < first + count; ++i) put_text(bytes, c.token(i));
  }
  void operator()(const SparseVectors& c) const { put_entries(c); }
  void operator()(const DenseVectors& c) const { put_entries(c); }
  void operator()(const Images& c) const {
    const std::size_t size = c.shape.size();
    for (std::size_t i = row * size; i < (row + 1) * size; ++i)
      put_number(bytes, static_cast<double>(c.values[i]));
  }

 private:
  void put_entry(std::size_t index, double value) const {
    if (value == 0) return;
    put(bytes, index);
    put_number(bytes, value);
  }
  void put_end() const { put(bytes, std::numeric_limits<std::size_t>::max()); }
  void put_entries(const SparseVectors& c) const {
    for (std::size_t i = c.begin[row]; i < c.begin[row + 1]; ++i)
      put_entry(c.indices[i], c.values[i]);
    put_end();
  }
  void put_entries(const DenseVectors& c) const {
    for (std::size_t j = 0; j < c.width; ++j) put_entry(j, c.values[row * c.width + j]);
    put_end();
  }
};

/// A row by its hash. In order of the hash, then of the row.
struct HashedRow {
  std::uint64_t high, low, id;
  bool operator<(const HashedRow& other) const {
    return std::tie(high, low, id) < std::tie(other.high, other.low, other.id);
  }
  bool same(const HashedRow& other) const { return high == other.high && low == other.low; }
};

/// Finds the ids of the rows that an earlier row is equal to.
class FindDuplicates {
 public:
  struct Partial {
    std::vector<HashedRow> first;        ///< of each value the first row, in order
    std::vector<std::uint64_t> dropped;  ///< ids of the other rows
    static constexpr auto kFields = std::make_tuple(&Partial::first, &Partial::dropped);
  };

  explicit FindDuplicates(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  Partial map(const Partition& partition) const {
    std::vector<const Column*> columns;
    for (const auto& name : columns_) columns.push_back(&partition.column(name));
    Partial partial;
    std::vector<HashedRow> rows;
    std::string bytes;
    for (std::size_t row = 0; row < partition.rows(); ++row) {
      bytes.clear();
      for (const Column* column : columns) std::visit(CanonicalBytes{row, bytes}, *column);
      const auto hash = XXH3_128bits(bytes.data(), bytes.size());
      rows.push_back({hash.high64, hash.low64, partition.row_ids[row]});
    }
    std::sort(rows.begin(), rows.end());
    keep_first(rows, partial);
    return partial;
  }

  Partial merge(Partial left, const Partial& right) const {
    std::vector<HashedRow> rows(left.first.size() + right.first.size());
    std::merge(left.first.begin(), left.first.end(), right.first.begin(), right.first.end(),
               rows.begin());
    left.first.clear();
    left.dropped.insert(left.dropped.end(), right.dropped.begin(), right.dropped.end());
    keep_first(rows, left);
    return left;
  }

  std::vector<std::uint64_t> finish(Partial total) const {
    std::sort(total.dropped.begin(), total.dropped.end());
    return std::move(total.dropped);
  }

 private:
  static void keep_first(const std::vector<HashedRow>& sorted, Partial& into) {
    for (const HashedRow& row : sorted) {
      if (!into.first.empty() && into.first.back().same(row)) {
        into.dropped.push_back(row.id);
      } else {
        into.first.push_back(row);
      }
    }
  }

  std::vector<std::string> columns_;
};

}  // namespace

DropDuplicates::DropDuplicates(const proto::DropDuplicates& config, std::string at)
    : config_(config), at_(std::move(at)) {
  check_unique(input_columns(), at_ + ".columns");
}

std::vector<std::string> DropDuplicates::input_columns() const {
  return {config_.columns().begin(), config_.columns().end()};
}

Schema DropDuplicates::output_schema(const Schema& input) const {
  const auto names = input_columns();
  for (std::size_t i = 0; i < names.size(); ++i)
    (void)input.at(names[i], element(at_ + ".columns", i));
  return input;
}

void DropDuplicates::fit(const TrainingRows& fitting) {
  dropped_ = fitting.run(
      FindDuplicates(config_.columns().empty() ? fitting.schema().names() : input_columns()));
  fitted_ = true;
}

Effect DropDuplicates::transform(Partition& partition, Phase phase) const {
  if (phase == Phase::Scoring) return {};
  std::vector<bool> keep(partition.rows());
  for (std::size_t row = 0; row < keep.size(); ++row)
    keep[row] = !std::binary_search(dropped_.begin(), dropped_.end(), partition.row_ids[row]);
  return {keep_rows(partition, keep), "dropped"};
}

proto::Stage DropDuplicates::save() const {
  proto::Stage stage;
  *stage.mutable_drop_duplicates() = config_;
  return stage;
}

}  // namespace lockstep::data
