#include "data/sources/libsvm.hpp"

#include <algorithm>

#include "data/sources/libsvm_parser.hpp"
#include "data/sources/text_source.hpp"

namespace lockstep::data {
namespace {

constexpr const char* kFeatures = "features";
constexpr const char* kLabel = "label";

class LibsvmText final : public TextFormat {
 public:
  explicit LibsvmText(LibsvmRules rules) : rules_(std::move(rules)) {}
  TextRows parse(std::string_view text) const override { return parse_libsvm(text, rules_); }

 private:
  LibsvmRules rules_;
};

/// The width that the training file has given, if it did.
std::uint64_t known_width(const LoadOptions& options) {
  if (options.like == nullptr || !options.like->has(kFeatures)) return 0;
  const ColumnType& type = options.like->at(kFeatures, "");
  return type.kind == ColumnType::Kind::Vector ? type.shape.size() : 0;
}

LibsvmRules rules_of(const proto::LibsvmSource& config, const LoadOptions& options) {
  LibsvmRules rules;
  rules.zero_based = config.zero_based();
  rules.labels_optional = options.labels_optional;
  rules.keep_qid = config.has_qid_col();
  rules.num_features = config.num_features();
  if (const std::uint64_t width = known_width(options); width != 0) {
    rules.num_features = width;
    rules.width_comes_from = "the training rows";
  }
  return rules;
}

}  // namespace

ParsedRows read_libsvm(const dist::Cluster& cluster, const proto::LibsvmSource& config,
                       const std::vector<FileInfo>& files, const LoadOptions& options) {
  ParsedRows parsed = empty_rows(options);
  const LibsvmRules rules = rules_of(config, options);
  const TextFacts facts = read_text(cluster, files, LibsvmText(rules), parsed.rows);
  const std::uint64_t width =
      rules.num_features != 0 ? rules.num_features : std::max<std::uint64_t>(facts.width, 1);
  ColumnType features = vector_type(static_cast<std::size_t>(width));
  features.open_width = !config.has_num_features();
  parsed.format.cells.push_back({kLabel, {ColumnType::Kind::Number}, Encoding::Number});
  if (config.has_qid_col()) {
    ColumnType qid{ColumnType::Kind::Number};
    qid.format = ColumnType::Format::Integer;
    parsed.format.cells.push_back({config.qid_col(), qid, Encoding::Number});
  }
  parsed.format.cells.push_back({kFeatures, features, Encoding::Sparse});
  if (!facts.labelled) parsed.dropped.emplace_back(kLabel);
  parsed.dense = config.vector_type() == proto::LibsvmSource::DENSE;
  return parsed;
}

}  // namespace lockstep::data
