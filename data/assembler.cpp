#include "data/assembler.hpp"

#include "core/error.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kFeatures = "features";
constexpr const char* kLabel = "label";

Column empty_features(const RowFormat& format, std::size_t rows) {
  const std::size_t width = format.features.shape.size();
  if (!format.sparse) return DenseVectors{width, {}};
  SparseVectors sparse;
  sparse.width = width;
  sparse.begin.resize(rows + 1, 0);
  return sparse;
}

void allocate_features(Partition& partition) {
  if (auto* sparse = std::get_if<SparseVectors>(&partition.columns.at(kFeatures))) {
    for (std::size_t i = 1; i < sparse->begin.size(); ++i) sparse->begin[i] += sparse->begin[i - 1];
    sparse->indices.resize(sparse->begin.back());
    sparse->values.resize(sparse->begin.back());
  } else {
    auto& dense = std::get<DenseVectors>(partition.columns.at(kFeatures));
    dense.values.resize(partition.rows() * dense.width);
  }
}

void store(std::string_view row, std::size_t slot, SparseVectors& sparse) {
  const std::size_t begin = sparse.begin[slot];
  expects(sparse.begin[slot + 1] - begin == packed_entries(row),
          "a row has as many entries as were expected");
  unpack(row, sparse.indices.data() + begin, sparse.values.data() + begin);
}

void store(std::string_view row, std::size_t slot, DenseVectors& dense) {
  expects(row.size() == dense.width, "a dense row has a byte for each feature");
  double* out = dense.values.data() + slot * dense.width;
  for (std::size_t i = 0; i < row.size(); ++i) out[i] = static_cast<std::uint8_t>(row[i]);
}

}  // namespace

Assembler::Assembler(const std::string& name, const RowPlan& plan, const RowFormat& format,
                     dist::Node block, ThreadPool& threads)
    : plan_(plan), format_(format), block_(block) {
  for (const Part part : {Part::Training, Part::Validation}) {
    Dataset dataset = make_dataset(name, plan, part, block, threads);
    if (format.labelled) dataset.schema.add(kLabel, {ColumnType::Kind::Number});
    dataset.schema.add(kFeatures, format.features);
    for (Partition& own : dataset.own) {
      if (format.labelled) own.columns[kLabel] = Numbers{std::vector<double>(own.rows())};
      own.columns[kFeatures] = empty_features(format, own.rows());
    }
    (part == Part::Training ? data_.rows : data_.validation) = std::move(dataset);
  }
}

Partition& Assembler::partition(const Place& place) {
  Dataset& dataset = place.part == Part::Training ? data_.rows : data_.validation;
  expects(place.partition >= block_.begin && place.partition < block_.end,
          "the row belongs to this rank");
  return dataset.own[place.partition - block_.begin];
}

void Assembler::expect(std::uint64_t position, std::size_t entries) {
  const Place at = plan_.place(position);
  std::get<SparseVectors>(partition(at).columns.at(kFeatures)).begin[at.slot + 1] = entries;
}

void Assembler::allocate(ThreadPool& threads) {
  for (Dataset* dataset : {&data_.rows, &data_.validation}) {
    threads.for_each(dataset->own.size(),
                     [&](std::size_t, std::size_t i) { allocate_features(dataset->own[i]); });
  }
}

void Assembler::place(std::uint64_t position, double label, std::string_view row) {
  const Place at = plan_.place(position);
  Partition& own = partition(at);
  const auto slot = static_cast<std::size_t>(at.slot);
  std::visit(
      [&](auto& column) {
        if constexpr (requires { store(row, slot, column); }) store(row, slot, column);
      },
      own.columns.at(kFeatures));
  if (format_.labelled) std::get<Numbers>(own.columns.at(kLabel)).values[slot] = label;
}

LoadedData Assembler::finish() && { return std::move(data_); }

}  // namespace lockstep::data
