#include "data/row_parts.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

/// Whether the row ids are 0 .. rows - 1: then they are places in an order.
struct RowIds {
  std::uint64_t rows = 0;
  std::uint64_t end = 0;  // behind the largest id

  bool without_gaps() const noexcept { return end == rows; }
};
struct LookAtIds {
  RowIds map(const Partition& partition) const {
    RowIds ids{partition.rows(), 0};
    for (const std::uint64_t id : partition.row_ids) ids.end = std::max(ids.end, id + 1);
    return ids;
  }
  RowIds merge(RowIds left, const RowIds& right) const {
    return {left.rows + right.rows, std::max(left.end, right.end)};
  }
  RowIds finish(RowIds total) const { return total; }
};

/// Where the parts of one class end.
std::vector<std::uint64_t> ends_of(const std::vector<std::uint64_t>& sizes) {
  std::vector<std::uint64_t> ends(sizes.size());
  std::partial_sum(sizes.begin(), sizes.end(), ends.begin());
  return ends;
}

/// The first part whose end lies behind `place`.
template <typename T>
std::size_t part_at(const std::vector<T>& ends, T place) {
  const auto end = std::upper_bound(ends.begin(), ends.end(), place);
  return static_cast<std::size_t>(end - ends.begin());
}

/// COLLECTIVE. The rows of the order's strata one after the other, cut into parts of these sizes.
PartOf cut_order(const TrainingRows& fitting, RowOrder order, const Sizes& sizes) {
  std::vector<std::uint64_t> places;
  std::vector<std::size_t> parts;
  std::uint64_t place = 0;
  for (const auto& of_class : sizes) {
    for (std::size_t part = 0; part < of_class.size(); ++part) {
      if (of_class[part] == 0) continue;
      places.push_back(place);
      parts.push_back(part);
      place += of_class[part];
    }
  }
  const auto begins = rows_at(fitting, order, places, place);
  return [order = std::move(order), begins, parts](const Partition& partition, std::size_t row) {
    const auto next = std::upper_bound(
        begins.begin(), begins.end(), RowKeys(order, partition)(row),
        [](const RowKeyView& key, const RowKey& begin) { return key < begin.view(); });
    expects(next != begins.begin(), "the row is one of those that were counted");
    return parts[static_cast<std::size_t>(next - begins.begin()) - 1];
  };
}

/// 64 bits, random by seed and the bytes.
std::uint64_t random_of(const Random& random, std::string_view bytes) {
  const auto words = random.block(XXH3_64bits(bytes.data(), bytes.size()));
  return (static_cast<std::uint64_t>(words[1]) << 32) | words[0];
}

std::string text_of(const Column& column, std::size_t row, ColumnType::Format format) {
  if (const auto* strings = std::get_if<Strings>(&column)) return std::string(strings->text(row));
  const double number = std::get<Numbers>(column).values[row];
  return to_string(number == 0 ? 0.0 : number, format);  // -0.0 is 0.0
}

/// Groups of even_groups(), the largest first.
struct Group {
  std::uint64_t rows, random;
  const SortValue* value;
};
std::vector<Group> largest_first(const ValueMap<std::uint64_t>& counts, const Random& random) {
  std::vector<Group> groups;
  for (const auto& [value, rows] : counts) {
    const std::string bytes = fmt::format("{:016x}{}", value.number, value.text);
    groups.push_back({rows, random_of(random, bytes), &value});
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.rows != b.rows ? a.rows > b.rows : a.random < b.random;
  });
  return groups;
}

struct CountParts {
  const PartOf& part;
  std::size_t parts;

  std::vector<std::uint64_t> map(const Partition& partition) const {
    std::vector<std::uint64_t> counts(parts);
    for (std::size_t row = 0; row < partition.rows(); ++row) ++counts.at(part(partition, row));
    return counts;
  }
  std::vector<std::uint64_t> merge(std::vector<std::uint64_t> left,
                                   const std::vector<std::uint64_t>& right) const {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
    return left;
  }
  std::vector<std::uint64_t> finish(std::vector<std::uint64_t> total) const {
    if (std::accumulate(total.begin(), total.end(), std::uint64_t{0}) == 0)
      throw DataError("there are no rows to split", {}, "give a source with rows");
    return total;
  }
};

}  // namespace

Sizes sizes_by_weights(const std::vector<std::uint64_t>& classes,
                       const std::vector<double>& weights) {
  const auto n = std::accumulate(classes.begin(), classes.end(), std::uint64_t{0});
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint64_t> begins{0};
  double sum = 0;
  for (const double weight : weights) {
    sum += weight;
    begins.push_back(static_cast<std::uint64_t>(std::round(sum / total * static_cast<double>(n))));
  }
  Sizes sizes(classes.size(), std::vector<std::uint64_t>(weights.size()));
  std::vector<std::uint64_t> left = classes;
  std::uint64_t all_left = n;
  for (std::size_t p = weights.size(); p-- > 0; all_left = begins[p]) {
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t size = begins[p + 1] - begins[p];
    std::uint64_t missing = size;
    std::vector<std::pair<Wide, std::size_t>> remainders;
    for (std::size_t c = 0; c < classes.size() && size > 0; ++c) {
      const Wide share = static_cast<Wide>(left[c]) * size;
      sizes[c][p] = static_cast<std::uint64_t>(share / all_left);
      remainders.emplace_back(share % all_left, c);
      missing -= sizes[c][p];
    }
    std::stable_sort(remainders.begin(), remainders.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < missing; ++i) ++sizes[remainders[i].second][p];
    for (std::size_t c = 0; c < classes.size(); ++c) left[c] -= sizes[c][p];
  }
  return sizes;
}

Sizes equal_sizes(const std::vector<std::uint64_t>& classes, std::size_t parts) {
  Sizes sizes;
  std::uint64_t begin = 0;
  // Of the first n rows, part p has those whose number is p modulo parts.
  const auto dealt = [parts](std::uint64_t n, std::size_t p) {
    return (n + parts - 1 - p) / parts;
  };
  for (const std::uint64_t rows : classes) {
    auto& of_class = sizes.emplace_back();
    for (std::size_t p = 0; p < parts; ++p)
      of_class.push_back(dealt(begin + rows, p) - dealt(begin, p));
    begin += rows;
  }
  return sizes;
}

PartOf random_parts(const TrainingRows& fitting, const Random& random, const ShareOut& share_out) {
  const RowIds ids = fitting.run(LookAtIds{});
  const Sizes sizes = share_out({ids.rows});
  if (!ids.without_gaps()) return cut_order(fitting, {.shuffle = random}, sizes);
  return [permutation = Permutation(random, ids.rows), ends = ends_of(sizes.front())](
             const Partition& partition, std::size_t row) {
    return part_at(ends, permutation(partition.row_ids[row]));
  };
}

PartOf stratified_parts(const TrainingRows& fitting, const Random& random,
                        const ShareOut& share_out, const std::string& column,
                        const std::string& field) {
  const auto counts = count_values(fitting, column, kMostClasses);
  if (!counts) {
    throw DataError(
        fmt::format("column '{}' has more than {} different values", column, kMostClasses),
        {.field = field}, "stratify by a column with few values, such as a class");
  }
  RowOrder order{.strata_column = column, .shuffle = random};
  std::vector<std::uint64_t> classes;
  for (const auto& [value, rows] : *counts) {
    order.strata.emplace(value, classes.size());
    classes.push_back(rows);
  }
  return cut_order(fitting, std::move(order), share_out(classes));
}

PartOf ordered_parts(const TrainingRows& fitting, const ShareOut& share_out,
                     const std::string& column) {
  const RowIds ids = fitting.run(LookAtIds{});
  const Sizes sizes = share_out({ids.rows});
  if (!column.empty() || !ids.without_gaps()) return cut_order(fitting, {.column = column}, sizes);
  return [ends = ends_of(sizes.front())](const Partition& partition, std::size_t row) {
    return part_at(ends, partition.row_ids[row]);
  };
}

PartOf hashed_groups(const Schema& schema, const Random& random, const std::string& column,
                     const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> ends;
  double sum = 0;
  for (const double weight : weights) {
    sum += weight;
    ends.push_back(sum / total);
  }
  const auto format = schema.at(column, column).format;
  return [random, column, ends, format](const Partition& partition, std::size_t row) {
    const std::string text = text_of(partition.column(column), row, format);
    return part_at(ends, static_cast<double>(random_of(random, text) >> 11) * 0x1p-53);
  };
}

PartOf even_groups(const TrainingRows& fitting, const Random& random, const std::string& column,
                   std::size_t parts, std::size_t most) {
  const auto counts = count_values(fitting, column, most);
  if (!counts)
    return hashed_groups(fitting.schema(), random, column, std::vector<double>(parts, 1.0));
  ValueMap<std::size_t> part_of;
  std::vector<std::uint64_t> rows(parts);
  for (const Group& group : largest_first(*counts, random)) {
    const auto lightest = std::min_element(rows.begin(), rows.end());
    part_of.emplace(*group.value, static_cast<std::size_t>(lightest - rows.begin()));
    *lightest += group.rows;
  }
  return [column, part_of = std::move(part_of)](const Partition& partition, std::size_t row) {
    const auto found = part_of.find(sort_value(partition.column(column), row));
    expects(found != part_of.end(), "the row is one of those that were counted");
    return found->second;
  };
}

PartOf named_parts(const std::string& column, std::size_t parts,
                   const std::vector<std::string>& names, const std::string& field) {
  return [=](const Partition& partition, std::size_t row) {
    const Column& cells = partition.column(column);
    std::string value = "a missing value";
    if (const auto* numbers = std::get_if<Numbers>(&cells)) {
      const double number = numbers->values[row];
      for (std::size_t part = 0; part < parts; ++part) {
        if (number == static_cast<double>(part)) return part;
      }
      if (!is_missing(number)) value = fmt::format("'{}'", number);
    } else if (const auto text = std::get<Strings>(cells).at(row)) {
      for (std::size_t part = 0; part < parts; ++part) {
        if (*text == std::to_string(part) || (part < names.size() && *text == names[part]))
          return part;
      }
      value = fmt::format("'{}'", *text);
    }
    throw DataError(
        fmt::format("{} in column '{}' names no part: {}", value, column, row_name(partition, row)),
        {.field = field},
        names.empty() ? fmt::format("the folds are numbered 0 to {}", parts - 1)
                      : fmt::format("write {}, or 0 to {}", fmt::join(names, ", "), parts - 1));
  };
}

std::vector<std::uint64_t> count_parts(const TrainingRows& fitting, const PartOf& part,
                                       std::size_t parts) {
  return fitting.run(CountParts{part, parts});
}

}  // namespace lockstep::data
