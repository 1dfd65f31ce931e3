#include "data/split.hpp"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "tests/mpi/mpi_test.hpp"

using namespace lockstep;
using namespace lockstep::data;
using tests::world;

namespace {

enum class Owners { All, Last, NotDriver };

LoadOptions options_for(std::size_t partitions, Owners owners) {
  LoadOptions options;
  options.seed = 42;
  options.partitions = partitions;
  const auto size = static_cast<std::size_t>(world().world_size());
  if (owners == Owners::NotDriver && size == 1) owners = Owners::All;
  for (std::size_t rank = 0; rank < size; ++rank) {
    if (owners == Owners::All) options.blocks.push_back(dist::block_of(partitions, rank, size));
    if (owners == Owners::Last) options.blocks.push_back({0, rank + 1 == size ? partitions : 0});
    if (owners == Owners::NotDriver) {
      options.blocks.push_back(rank == 0 ? dist::Range{0, 0}
                                         : dist::block_of(partitions, rank - 1, size - 1));
    }
  }
  return options;
}

/// Partition p: rows spread by a permutation, all a function of the row id.
Partition partition_of(std::uint64_t rows, std::size_t partitions, std::size_t p) {
  const Permutation permutation(Random(42, Purpose::Partition), rows);
  std::vector<std::uint64_t> ids;
  std::vector<double> label, part;
  StringsBuilder name;
  SparseBuilder features(8);
  for (auto place = partition_begin(rows, partitions, p);
       place < partition_begin(rows, partitions, p + 1); ++place) {
    const std::uint64_t id = permutation.inverse(place);
    ids.push_back(id);
    label.push_back(id % 10 == 0 ? kMissing : static_cast<double>(id % 3));
    part.push_back(id % 4 == 1 ? 2 : static_cast<double>(id % 2));
    if (id % 7 == 0) {
      name.push_missing();
    } else {
      name.push(std::string_view(fmt::format("name {}", id % 60)));
    }
    for (std::uint64_t j = id % 3; j < 8; j += 3)
      features.push(j, static_cast<double>(id) * 0.25 + 1);
    features.end_row();
  }
  Partition partition;
  partition.index = p;
  partition.row_ids = std::move(ids);
  partition.set("label", Numbers{std::move(label)});
  partition.set("part", Numbers{std::move(part)});
  partition.set("name", std::move(name).finish());
  partition.set("features", std::move(features).finish());
  return partition;
}

Dataset dataset_of(std::uint64_t rows, std::size_t partitions, dist::Range block) {
  Dataset dataset;
  dataset.name = "rows";
  dataset.schema.add("label", {ColumnType::Kind::Number});
  dataset.schema.add("part", {ColumnType::Kind::Number});
  dataset.schema.add("name", {ColumnType::Kind::String});
  dataset.schema.add("features", vector_type(8));
  dataset.rows = rows;
  dataset.partitions = partitions;
  dataset.block = block;
  for (std::size_t p = block.begin; p < block.end; ++p)
    dataset.own.push_back(partition_of(rows, partitions, p));
  return dataset;
}

std::string row_text(const Partition& partition, std::size_t row) {
  std::string text = fmt::format("{}:", partition.row_ids[row]);
  for (const char* column : {"label", "part"}) {
    const double value = partition.get<Numbers>(column).values[row];
    text += is_missing(value) ? " -" : fmt::format(" {}", value);
  }
  text += fmt::format(" {}", partition.get<Strings>("name").at(row).value_or("-"));
  for_each_entry(partition.column("features"), row,
                 [&](std::size_t j, double value) { text += fmt::format(" {}={}", j, value); });
  return text + "\n";
}

/// COLLECTIVE. The whole dataset as text, in partition order; the same on every rank.
std::string text_of(const Dataset& dataset) {
  std::string own;
  for (const Partition& partition : dataset.own) {
    own += fmt::format("partition {}\n", partition.index);
    for (std::size_t i = 0; i < partition.rows(); ++i) own += row_text(partition, i);
  }
  std::string all = fmt::format("{} rows, {} partitions\n", dataset.rows, dataset.partitions);
  for (const std::string& part : world().allgather(std::as_bytes(std::span(own)))) all += part;
  return all;
}

/// What text_of() should give for a part, made without ranks.
std::string expected_text(const Dataset& whole, const PartOf& part_of, std::size_t part) {
  std::vector<std::string> rows;
  for (const Partition& partition : whole.own) {
    for (std::size_t i = 0; i < partition.rows(); ++i) {
      if (part_of(partition, i) == part) rows.push_back(row_text(partition, i));
    }
  }
  std::string all = fmt::format("{} rows, {} partitions\n", rows.size(), whole.partitions);
  for (std::size_t p = 0; p < whole.partitions; ++p) {
    all += fmt::format("partition {}\n", p);
    for (auto row = partition_begin(rows.size(), whole.partitions, p);
         row < partition_begin(rows.size(), whole.partitions, p + 1); ++row)
      all += rows[row];
  }
  return all;
}

proto::Split config_of(const std::string& text) {
  proto::Split config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

dist::Range own_block(const LoadOptions& options) {
  return options.blocks.at(static_cast<std::size_t>(world().rank()));
}

/// COLLECTIVE. The error of a split, which every rank must see.
AgreedError error_of(const std::string& config, std::uint64_t rows) {
  ThreadPool threads(2);
  const LoadOptions options = options_for(8, Owners::All);
  AgreedError seen("no error", {}, "", ExitCode::Done);
  try {
    split_rows({world(), threads}, dataset_of(rows, 8, own_block(options)), config_of(config),
               "data.split", options);
  } catch (const AgreedError& error) {
    seen = error;
  }
  world().barrier();
  return seen;
}

}  // namespace

TEST_CASE("split: the parts are the same on any number of ranks", "[mpi][data]") {
  constexpr std::uint64_t kRows = 301;
  constexpr std::size_t kPartitions = 13;
  ThreadPool threads(2);
  const Dataset whole = dataset_of(kRows, kPartitions, {0, kPartitions});
  const std::string three = "weights: [0.6, 0.3, 0.1] ";
  for (const std::string& text :
       {three, three + "stratify_by: 'label'", three + "group_by: 'name'",
        three + "order_by: 'name'", three + "order_by: 'label'", three + "in_order: true",
        std::string("part_col: 'part'"), std::string("weights: [300, 1]")}) {
    INFO(text);
    Splitting local(config_of(text), "data.split");
    local.fit(TrainingRows(nullptr, threads, whole, 42));
    const PartOf part_of = [&](const Partition& p, std::size_t row) { return local.part(p, row); };
    for (const Owners owners : {Owners::All, Owners::Last, Owners::NotDriver}) {
      LoadOptions options = options_for(kPartitions, owners);
      options.memory_limit_bytes = owners == Owners::NotDriver ? 1 : 0;
      const auto parts =
          split_rows({world(), threads}, dataset_of(kRows, kPartitions, own_block(options)),
                     config_of(text), "data.split", options);
      REQUIRE(parts.size() == local.parts());
      for (std::size_t p = 0; p < parts.size(); ++p) {
        CHECK(text_of(parts[p]) == expected_text(whole, part_of, p));
        CHECK(parts[p].schema == whole.schema);
        CHECK(parts[p].rows == local.sizes()[p]);
      }
    }
  }
}

TEST_CASE("split: more partitions than rows, and a part without rows", "[mpi][data]") {
  ThreadPool threads(1);
  const LoadOptions options = options_for(16, Owners::All);
  const auto parts =
      split_rows({world(), threads}, dataset_of(5, 16, own_block(options)),
                 config_of("weights: [3, 0, 2] in_order: true"), "data.split", options);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].rows == 3);
  CHECK(parts[1].rows == 0);
  CHECK(parts[2].rows == 2);
  CHECK(parts[1].partitions == 16);
  CHECK(parts[1].own.size() == parts[0].own.size());
  for (std::size_t i = 0; i < parts[1].own.size(); ++i) {
    CHECK(parts[1].own[i].index == parts[0].own[i].index);
    CHECK(parts[1].own[i].rows() == 0);
    CHECK(parts[1].own[i].columns.size() == 4);
  }
}

TEST_CASE("split: what cannot be split is the same error on all ranks", "[mpi][data]") {
  const auto no_training = error_of("weights: [0.1, 0.9] in_order: true", 4);
  const auto bad_config = error_of("weights: [1]", 100);
  const auto no_column = error_of("weights: [1, 1] stratify_by: 'lable'", 100);
  const auto bad_part = error_of("part_col: 'name'", 100);
  CHECK(no_training.exit_code() == ExitCode::Data);
  CHECK_THAT(no_training.what(), has_text("no rows for training"));
  CHECK(bad_config.exit_code() == ExitCode::Config);
  CHECK(bad_config.where().field == "data.split.weights");
  CHECK(no_column.exit_code() == ExitCode::Config);
  CHECK(no_column.where().field == "data.split.stratify_by");
  CHECK(bad_part.exit_code() == ExitCode::Data);
  CHECK(bad_part.where().field == "data.split.part_col");
}

TEST_CASE("folds: each is validation once, on any number of ranks", "[mpi][data]") {
  constexpr std::uint64_t kRows = 200;
  ThreadPool threads(2);
  const LoadOptions options = options_for(8, Owners::All);
  const Dataset rows = dataset_of(kRows, 8, own_block(options));
  const std::string before = text_of(rows);
  const Dataset whole = dataset_of(kRows, 8, {0, 8});
  for (const FoldOptions& how :
       {FoldOptions{.folds = 3, .seed = 9}, FoldOptions{.folds = 4, .stratify_by = "label"},
        FoldOptions{.folds = 2, .group_by = "name"}, FoldOptions{.folds = 3, .fold_col = "part"}}) {
    Folds local(how, "tune");
    local.fit(TrainingRows(nullptr, threads, whole, 1));
    const Folds folds = make_folds({world(), threads}, rows, how, "tune");
    CHECK(folds.sizes() == local.sizes());
    for (std::size_t fold = 0; fold < how.folds; ++fold) {
      const FoldRows taken = take_fold({world(), threads}, rows, folds, fold, options);
      const PartOf part_of = [&](const Partition& p, std::size_t row) {
        return local.fold(p, row) == fold ? std::size_t{1} : std::size_t{0};
      };
      CHECK(text_of(taken.training) == expected_text(whole, part_of, 0));
      CHECK(text_of(taken.validation) == expected_text(whole, part_of, 1));
    }
  }
  CHECK(text_of(rows) == before);
}
