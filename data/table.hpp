#pragma once
/// Rows in memory: columns of a partition, and their schema. Local, MPI-free.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/shape.hpp"

namespace lockstep::data {

/// What a column holds.
struct ColumnType {
  enum class Kind {
    Number,  ///< one double a row
    Vector,  ///< a vector of doubles, sparse or dense; shape [F]
    Image,   ///< floats of shape [C, H, W], dense
  };
  Kind kind = Kind::Number;
  Shape shape{};            ///< of one row; empty for a number
  bool open_width = false;  ///< a vector whose width is only the largest index seen: trailing zeros
                            ///< may be missing

  /// Same kind and shape; open_width is advice, not type.
  bool operator==(const ColumnType& other) const {
    return kind == other.kind && shape == other.shape;
  }
};

/// "number", "vector of 784", "image 1x28x28"
std::string to_string(const ColumnType& type);

/// The columns of a dataset in order of their making.
class Schema {
 public:
  void add(const std::string& name, ColumnType type);  ///< replaces a column of that name
  bool has(const std::string& name) const;
  /// @throws ConfigError naming `field` (a config path) and the nearest existing column.
  const ColumnType& at(const std::string& name, const std::string& field) const;
  const std::vector<std::pair<std::string, ColumnType>>& columns() const noexcept {
    return columns_;
  }
  void keep(const std::vector<std::string>&
                names);  ///< forgets all columns but these; names it does not have are ignored

 private:
  std::vector<std::pair<std::string, ColumnType>> columns_;
};

struct Numbers {
  std::vector<double> values;
};

/// Compressed sparse rows: row i has indices and values [begin[i], begin[i + 1]), indices
/// ascending, from 0.
struct SparseVectors {
  std::size_t width = 0;
  std::vector<std::size_t> begin{0};
  std::vector<std::uint32_t> indices;
  std::vector<double> values;
};

struct DenseVectors {
  std::size_t width = 0;
  std::vector<double> values;  ///< row-major
};

struct Images {
  Shape shape;                ///< [C, H, W]
  std::vector<float> values;  ///< row-major
};

using Column = std::variant<Numbers, SparseVectors, DenseVectors, Images>;

std::size_t rows_of(const Column& column);

/// Copies row `row` as floats into `out` (as many as the type's shape has); zeros are written for
/// absent sparse entries.
void copy_row(const Column& column, std::size_t row, float* out);

/// The rows of one logical partition, in the order of their positions.
struct Partition {
  std::size_t index = 0;
  std::vector<std::uint64_t> row_ids;  ///< position of each row in its source, from 0
  std::map<std::string, Column> columns;

  std::size_t rows() const noexcept { return row_ids.size(); }
  const Column& column(const std::string& name) const { return columns.at(name); }
};

}  // namespace lockstep::data
