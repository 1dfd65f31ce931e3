#include "data/features/vectors/polynomial_expansion.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace lockstep::data {
namespace {

using TermCounts = std::vector<std::vector<std::uint64_t>>;
constexpr std::uint64_t kMostTerms = (std::uint64_t{1} << 31) - 1;

/// A row's numbers that are not 0.
struct Entry {
  std::size_t index;
  double value;
};

/// Calls emit(place, product) for all products of the entries, in ascending order of their places
/// (`at` is that of the empty product). First the empty product, then, entry by entry, those in
/// which it is the last one.
template <typename Emit>
void expand(const TermCounts& terms, std::span<const Entry> entries, std::size_t degree,
            double factor, std::uint64_t at, const Emit& emit) {
  emit(at, factor);
  for (std::size_t i = 0; degree > 0 && i < entries.size(); ++i) {
    const auto [index, value] = entries[i];
    double product = factor;
    std::uint64_t place = at;
    for (std::size_t power = 1; power <= degree; ++power) {
      product *= value;
      place += terms[index][degree - power + 1];
      expand(terms, entries.first(i), degree - power, product, place, emit);
    }
  }
}

/// The names of the products times `rest`, in the same order.
void expand_names(std::span<const Feature> features, std::size_t degree, const std::string& rest,
                  std::vector<Feature>& names) {
  names.push_back(numeric_feature(rest));
  for (std::size_t i = 0; degree > 0 && i < features.size(); ++i) {
    for (std::size_t power = 1; power <= degree; ++power) {
      std::string term = features[i].name;
      if (power > 1) term += fmt::format("^{}", power);
      if (!rest.empty()) term += "*" + rest;
      expand_names(features.first(i), degree - power, term, names);
    }
  }
}

std::vector<Entry> entries_of(const Column& column, std::size_t row) {
  std::vector<Entry> entries;
  for_each_entry(column, row, [&](std::size_t j, double x) {
    if (x != 0) entries.push_back({j, x});
  });
  return entries;
}

}  // namespace

PolynomialExpansion::PolynomialExpansion(const proto::PolynomialExpansion& config,
                                         std::string at_path)
    : VectorStage(config.input_col(), config.output_col(), std::move(at_path)), config_(config) {
  if (config_.degree() == 0) {
    throw ConfigError("degree is 0", {.field = at() + ".degree"}, "it must be at least 1");
  }
}

std::vector<std::vector<std::uint64_t>> PolynomialExpansion::term_counts(
    std::size_t features) const {
  const std::size_t degree = config_.degree();
  TermCounts terms(features + 1, std::vector<std::uint64_t>(degree + 1, 1));
  for (std::size_t v = 1; v <= features; ++v) {
    for (std::size_t k = 1; k <= degree; ++k) {
      terms[v][k] = terms[v - 1][k] + terms[v][k - 1];
      if (terms[v][k] <= kMostTerms) continue;
      throw ConfigError(
          fmt::format("{} features have too many products of degree {}", features, degree),
          {.field = at() + ".degree"}, "at most 2^31 - 1: choose a smaller degree");
    }
  }
  return terms;
}

ColumnType PolynomialExpansion::output_type(const ColumnType& type) const {
  const std::size_t features = type.shape.size(), degree = config_.degree();
  const std::uint64_t products = term_counts(features)[features][degree] - 1;
  ColumnType output = vector_type(products);
  if (products <= kMostNamedFeatures) {
    std::vector<Feature> names;
    expand_names(features_of(input(), type), degree, "", names);
    names.erase(names.begin());  // the constant
    output = vector_type(std::move(names));
  }
  output.open_width = type.open_width;
  return output;
}

Column PolynomialExpansion::map(const Column& column, std::size_t rows) const {
  const std::size_t features = width_of(column), degree = config_.degree();
  const TermCounts terms = term_counts(features);
  const std::size_t products = terms[features][degree] - 1;
  if (std::holds_alternative<SparseVectors>(column)) {
    SparseBuilder builder(products);
    for (std::size_t row = 0; row < rows; ++row) {
      expand(terms, entries_of(column, row), degree, 1, 0, [&](std::uint64_t at, double product) {
        if (at > 0) builder.push(at - 1, product);
      });
      builder.end_row();
    }
    return std::move(builder).finish();
  }
  std::vector<double> values(rows * products);
  for (std::size_t row = 0; row < rows; ++row) {
    double* out = values.data() + row * products;
    expand(terms, entries_of(column, row), degree, 1, 0, [&](std::uint64_t at, double product) {
      if (at > 0) out[at - 1] = product;
    });
  }
  return DenseVectors{products, std::move(values)};
}

proto::Stage PolynomialExpansion::save() const {
  proto::Stage stage;
  *stage.mutable_polynomial_expansion() = config_;
  return stage;
}

}  // namespace lockstep::data
