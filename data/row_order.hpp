#pragma once
/// A total order of a dataset's rows, and the rows at given places of it.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/random.hpp"
#include "data/stage.hpp"

namespace lockstep::data {

/// A cell of a number or string column as something to sort by and to tell apart: a missing one
/// first, then numbers ascending with NaN at the end (-0.0 is 0.0), or strings by their bytes.
struct SortValueView {
  std::uint64_t number = 0;  ///< 0: missing; of a string 1
  std::string_view text{};
  auto operator<=>(const SortValueView&) const = default;
};
SortValueView sort_value(const Column& column, std::size_t row);

/// The same with a text of its own.
struct SortValue {
  std::uint64_t number = 0;
  std::string text{};

  SortValue() = default;
  explicit SortValue(const SortValueView& view) : number(view.number), text(view.text) {}
  SortValueView view() const noexcept { return {number, text}; }
  static constexpr auto kFields = std::make_tuple(&SortValue::number, &SortValue::text);
};

/// Compares values with texts of their own and without.
struct ByValue {
  using is_transparent = void;
  static SortValueView view(const SortValue& value) { return value.view(); }
  static SortValueView view(const SortValueView& value) { return value; }
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return view(a) < view(b);
  }
};
template <typename T>
using ValueMap = std::map<SortValue, T, ByValue>;

/// COLLECTIVE. How often each value of a number or string column is there. Nothing if there are
/// more than `most` different ones.
std::optional<ValueMap<std::uint64_t>> count_values(const TrainingRows& fitting,
                                                    const std::string& column, std::size_t most);

/// Where a row stands in an order. No two rows have the same key.
struct RowKeyView {
  std::uint64_t stratum = 0;
  SortValueView value{};
  std::uint64_t row_id = 0;
  auto operator<=>(const RowKeyView&) const = default;
};
struct RowKey {
  std::uint64_t stratum = 0;
  SortValue value{};
  std::uint64_t row_id = 0;

  RowKey() = default;
  explicit RowKey(const RowKeyView& view)
      : stratum(view.stratum), value(view.value), row_id(view.row_id) {}
  RowKeyView view() const noexcept { return {stratum, value.view(), row_id}; }
  static constexpr auto kFields =
      std::make_tuple(&RowKey::stratum, &RowKey::value, &RowKey::row_id);
};

/// Rows by stratum, within it by random numbers or by the values of a column or by neither, in the
/// end by row id.
struct RowOrder {
  std::string strata_column{};       ///< number or string column; empty: one stratum
  ValueMap<std::uint64_t> strata{};  ///< the number of the stratum of each of its values
  std::optional<Random> shuffle{};   ///< 64 random bits a row id
  std::string column{};              ///< number or string column; empty: none. Not with shuffle
};

/// The keys of a partition's rows, which must outlive them.
class RowKeys {
 public:
  RowKeys(const RowOrder& order, const Partition& partition);
  RowKeyView operator()(std::size_t row) const;

 private:
  const RowOrder& order_;
  const Partition& partition_;
  const Column* strata_ = nullptr;
  const Column* values_ = nullptr;
};

/// How hard rows_at() works at a time. Does not change its result.
struct Narrowing {
  std::size_t pivots = 4096;        ///< rows that a pass compares with, about
  std::size_t collected = 1 << 16;  ///< rows that are few enough to be sorted in one place
};

/// COLLECTIVE. The keys of the rows at `places` of the order of all `rows` rows: ascending, from 0,
/// each below `rows`. Exact: windows around the places are narrowed, by counting the rows between
/// the pivots of a sample, until few rows are left in them. Three passes over 10^8 rows for two
/// places; none at all for none.
std::vector<RowKey> rows_at(const TrainingRows& fitting, const RowOrder& order,
                            const std::vector<std::uint64_t>& places, std::uint64_t rows,
                            const Narrowing& narrowing = {});

}  // namespace lockstep::data
