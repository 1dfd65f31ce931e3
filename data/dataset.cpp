#include "data/dataset.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "data/redistribute.hpp"
#include "data/sources/idx.hpp"
#include "data/sources/libsvm.hpp"
#include "data/sources/synthetic.hpp"
#include "dist/session.hpp"

namespace lockstep::data {

void Dataset::keep(const std::vector<std::string>& columns) {
  schema.keep(columns);
  for (Partition& partition : own) {
    std::erase_if(partition.columns, [&](const auto& column) {
      return std::find(columns.begin(), columns.end(), column.first) == columns.end();
    });
  }
}

LoadedData load(const dist::Communicator& ranks, ThreadPool& threads, const proto::Source& source,
                const LoadOptions& options) {
  expects(options.blocks.size() == static_cast<std::size_t>(ranks.world_size()),
          "there is a block for each rank");
  switch (source.kind_case()) {
    case proto::Source::kLibsvm:
      return redistribute(ranks, threads, source.libsvm().path(),
                          read_libsvm(ranks, threads, source.libsvm(), options), options);
    case proto::Source::kIdx:
      return redistribute(ranks, threads, source.idx().images(),
                          read_idx(ranks, threads, source.idx(), options), options);
    case proto::Source::kSynthetic:
      return make_synthetic(ranks, threads, source.synthetic(), options);
    case proto::Source::KIND_NOT_SET:
      break;
  }
  dist::all_or_none(ranks, [] {
    throw ConfigError("a source without a kind", {.field = "data"},
                      R"(write for example: libsvm { path: "train.libsvm" })");
  });
  return {};
}

proto::Source with_path(const proto::Source& source, const std::string& path) {
  proto::Source copy = source;
  switch (source.kind_case()) {
    case proto::Source::kLibsvm:
      copy.mutable_libsvm()->set_path(path);
      return copy;
    case proto::Source::kIdx: {
      copy.mutable_idx()->set_images(path);
      copy.mutable_idx()->clear_labels();
      if (const std::string labels = labels_beside(path); !labels.empty())
        copy.mutable_idx()->set_labels(labels);
      return copy;
    }
    case proto::Source::kSynthetic:
    case proto::Source::KIND_NOT_SET:
      break;
  }
  return guess_source(path);
}

proto::Source guess_source(const std::string& path) {
  proto::Source source;
  if (is_idx(path)) {
    source.mutable_idx();
    return with_path(source, path);
  }
  source.mutable_libsvm()->set_path(path);
  return source;
}

}  // namespace lockstep::data
