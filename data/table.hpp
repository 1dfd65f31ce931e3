#pragma once
/// Rows in memory: columns of a partition, and their schema. Local, MPI-free.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/shape.hpp"
#include "core/values.hpp"

namespace lockstep::data {

/// What stands in a number column where the source has nothing: a NaN with a payload of its own, so
/// that it can be told from a NaN that was read or computed. Copying keeps it; arithmetic need not.
inline constexpr std::uint64_t kMissingBits = 0x7FF800004D495353;
inline const double kMissing = std::bit_cast<double>(kMissingBits);
inline bool is_missing(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value) == kMissingBits;
}

/// What is known of one number of a row: a number column's, or one entry of a vector's.
struct Feature {
  enum class Kind {
    Numeric,
    Nominal,  ///< 0, 1, ... arity - 1 name categories
    Binary,   ///< 0 or 1
  };
  std::string name;
  Kind kind = Kind::Numeric;
  std::size_t arity = 0;            ///< categories of a nominal feature; 0: not known
  std::vector<std::string> labels;  ///< their names, where they have some
  bool operator==(const Feature&) const = default;
};

/// What a column holds.
struct ColumnType {
  enum class Kind {
    Number,  ///< one double a row; missing where the source has nothing
    String,  ///< UTF-8 text or missing
    Tokens,  ///< a list of strings
    Vector,  ///< a vector of doubles, sparse or dense; shape [F]
    Image,   ///< floats of shape [C, H, W], dense
  };
  /// How a number is written as text: 1.0 as "1.0", "1" or "true"; what was computed as a float by
  /// the digits of a float.
  enum class Format { Double, Integer, Boolean, Float };

  Kind kind = Kind::Number;
  Shape shape{};            ///< of one row; empty for numbers, strings and tokens
  bool open_width = false;  ///< a vector whose width is not settled: only the largest index seen,
                            ///< or 0 before the stage that makes it is fitted
  Format format = Format::Double;
  /// One a number of the row, or null: nothing is known. Not part of the type.
  std::shared_ptr<const std::vector<Feature>> features{};

  /// Same kind and shape; the rest is advice, not type.
  bool operator==(const ColumnType& other) const {
    return kind == other.kind && shape == other.shape;
  }
};

/// "number", "integer", "string", "vector of 784", "image 1x28x28"
std::string to_string(const ColumnType& type);

/// A number as text, the shortest that reads back as the same double: "1.0" (Spark's way for
/// doubles), "1", "true". A missing one is "".
std::string to_string(double value, ColumnType::Format format);

/// A vector column of `width` numbers that knows its features; they are dropped where there are
/// more than kMostNamedFeatures.
inline constexpr std::size_t kMostNamedFeatures = 100000;
ColumnType vector_type(std::vector<Feature> features);
ColumnType vector_type(std::size_t width);

/// The features of a column: those it knows, else "name" for a number and "name_0", "name_1", ...
/// for a vector.
std::vector<Feature> features_of(const std::string& name, const ColumnType& type);

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
  std::vector<std::string> names() const;
  void keep(const std::vector<std::string>&
                names);  ///< forgets all columns but these; names it does not have are ignored
  void rename(const std::string& from, const std::string& to);  ///< keeps its place

  bool operator==(const Schema&) const = default;  ///< same names and types in the same order

 private:
  std::vector<std::pair<std::string, ColumnType>> columns_;
};

struct Numbers {
  Values<double> values;
};

/// String i is bytes [end of i - 1, end of i); a missing one is empty and marked.
struct Strings {
  Values<std::uint64_t> ends;
  Values<char> bytes;
  Values<std::uint8_t> missing;  ///< 1 where there is nothing; empty: all are there

  std::size_t rows() const noexcept { return ends.size(); }
  bool is_missing(std::size_t row) const { return !missing.empty() && missing[row] != 0; }
  std::string_view text(std::size_t row) const {  ///< "" where it is missing
    const std::uint64_t begin = row == 0 ? 0 : ends[row - 1];
    return {bytes.data() + begin, static_cast<std::size_t>(ends[row] - begin)};
  }
  std::optional<std::string_view> at(std::size_t row) const {
    return is_missing(row) ? std::nullopt : std::optional(text(row));
  }
};

/// Row i has the tokens [end of row i - 1, end of row i).
struct Tokens {
  Values<std::uint64_t> row_ends;
  Values<std::uint64_t> ends;  ///< of each token in bytes
  Values<char> bytes;

  std::size_t rows() const noexcept { return row_ends.size(); }
  std::size_t first(std::size_t row) const {
    return row == 0 ? 0 : static_cast<std::size_t>(row_ends[row - 1]);
  }
  std::size_t count(std::size_t row) const {
    return static_cast<std::size_t>(row_ends[row]) - first(row);
  }
  std::string_view token(std::size_t i) const {  ///< by its number in the column
    const std::uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return {bytes.data() + begin, static_cast<std::size_t>(ends[i] - begin)};
  }
};

/// Compressed sparse rows: row i has indices and values [begin[i], begin[i + 1]), indices
/// ascending, from 0.
struct SparseVectors {
  std::size_t width = 0;
  Values<std::size_t> begin{0};
  Values<std::uint32_t> indices;
  Values<double> values;

  std::size_t rows() const noexcept { return begin.size() - 1; }
};

struct DenseVectors {
  std::size_t width = 0;
  Values<double> values;  ///< row-major

  std::span<const double> row(std::size_t i) const {
    return values.span().subspan(i * width, width);
  }
};

struct Images {
  Shape shape;           ///< [C, H, W]
  Values<float> values;  ///< row-major
};

using Column = std::variant<Numbers, Strings, Tokens, SparseVectors, DenseVectors, Images>;

/// Builds a string column row by row.
class StringsBuilder {
 public:
  void push(std::string_view text);
  void push_missing();
  void push(std::optional<std::string_view> text) { text ? push(*text) : push_missing(); }
  Strings finish() &&;

 private:
  std::vector<std::uint64_t> ends_;
  std::vector<char> bytes_;
  std::vector<std::uint8_t> missing_;
};

/// Builds a token column: push() the tokens of a row, then end_row().
class TokensBuilder {
 public:
  void push(std::string_view token);
  void end_row() { row_ends_.push_back(ends_.size()); }
  Tokens finish() &&;

 private:
  std::vector<std::uint64_t> row_ends_, ends_;
  std::vector<char> bytes_;
};

/// Builds a sparse vector column: push() the entries of a row in ascending order of their indices
/// (zeros may be left out), then end_row().
class SparseBuilder {
 public:
  explicit SparseBuilder(std::size_t width) : width_(width) {}
  void push(std::size_t index, double value) {
    indices_.push_back(static_cast<std::uint32_t>(index));
    values_.push_back(value);
  }
  void end_row() { begin_.push_back(indices_.size()); }
  SparseVectors finish() &&;

 private:
  std::size_t width_;
  std::vector<std::size_t> begin_{0};
  std::vector<std::uint32_t> indices_;
  std::vector<double> values_;
};

/// Rows in the column; `otherwise` where a column without width cannot tell.
std::size_t rows_of(const Column& column, std::size_t otherwise = 0);

/// Width of a vector column's rows; 1 for numbers.
std::size_t width_of(const Column& column);

/// Calls use(index, value) for every entry of a vector row: all of a dense one, the stored ones of
/// a sparse one. Expects a number or vector column.
template <typename Use>
void for_each_entry(const Column& column, std::size_t row, const Use& use) {
  if (const auto* numbers = std::get_if<Numbers>(&column)) {
    use(std::size_t{0}, numbers->values[row]);
  } else if (const auto* sparse = std::get_if<SparseVectors>(&column)) {
    for (std::size_t i = sparse->begin[row]; i < sparse->begin[row + 1]; ++i)
      use(static_cast<std::size_t>(sparse->indices[i]), sparse->values[i]);
  } else {
    const auto& dense = std::get<DenseVectors>(column);
    for (std::size_t j = 0; j < dense.width; ++j) use(j, dense.values[row * dense.width + j]);
  }
}

/// Copies row `row` as floats into `out` (as many as the type's shape has); zeros are written for
/// absent sparse entries. Not for strings and tokens.
void copy_row(const Column& column, std::size_t row, float* out);

/// The same as doubles: a number or vector column.
void copy_row(const Column& column, std::size_t row, double* out);

/// The rows `rows` of the column, in that order.
Column take_rows(const Column& column, std::span<const std::size_t> rows);

/// Sums over rows: weight * loss of each row, and the weights.
struct LossSum {
  double loss = 0, weight = 0;
};

/// The rows of one logical partition, in the order of their positions.
struct Partition {
  std::size_t index = 0;
  Values<std::uint64_t> row_ids;  ///< position of each row in its source, from 0
  std::map<std::string, Column> columns;
  /// What the last model that added predictions minimises, over these rows; none where it has no
  /// loss or the rows have no labels.
  std::optional<LossSum> loss{};

  std::size_t rows() const noexcept { return row_ids.size(); }
  const Column& column(const std::string& name) const { return columns.at(name); }
  void set(const std::string& name, Column column);  ///< adds or replaces

  /// What gives the memory of a mapped partition back (it is read again when it is needed), or
  /// nothing.
  std::shared_ptr<const std::function<void()>> unmap;
  void release() const {
    if (unmap) (*unmap)();
  }

  /// A column of a known kind, for example get<Strings>("text"). Expects that it is one.
  template <typename Kind>
  const Kind& get(const std::string& name) const {
    return std::get<Kind>(columns.at(name));
  }
};

/// Keeps the rows for which keep[row] is true, in all columns. Returns how many went.
std::size_t keep_rows(Partition& partition, const std::vector<bool>& keep);

/// "row 18 (counted from 1)": how messages name a row of the source.
std::string row_name(const Partition& partition, std::size_t row);

}  // namespace lockstep::data
