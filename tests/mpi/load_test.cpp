#include <fmt/core.h>

#include <filesystem>
#include <functional>
#include <numeric>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/redistribute.hpp"
#include "data/row_plan.hpp"
#include "data/sources/libsvm_parser.hpp"
#include "data/sources/synthetic.hpp"
#include "tests/data/packing.hpp"
#include "tests/data/temporary_folder.hpp"
#include "tests/mpi/mpi_test.hpp"

using namespace lockstep;
using namespace lockstep::data;
using tests::world;

namespace {

/// A folder of rank 0's; files written by write() are seen by all ranks when it returns.
class SharedFolder {
 public:
  SharedFolder() {
    if (world().rank() == 0) folder_.emplace();
    path_ = folder_ ? folder_->path() : "";
    world().broadcast(path_);
  }
  ~SharedFolder() { world().barrier(); }
  const std::string& path() const { return path_; }
  /// Packs by the suffix of the name. `bytes` matter on rank 0 only.
  std::string write(const std::string& name, const std::string& bytes) const {
    const std::string suffix = std::filesystem::path(name).extension().string();
    if (folder_) folder_->write(name, suffix.empty() ? bytes : tests::packed(bytes, suffix));
    world().barrier();
    return path_ + "/" + name;
  }
  /// Bytes as they are.
  std::string write_raw(const std::string& name, const std::string& bytes) const {
    if (folder_) folder_->write(name, bytes);
    world().barrier();
    return path_ + "/" + name;
  }

 private:
  std::optional<tests::TemporaryFolder> folder_;
  std::string path_;
};

enum class Owners { All, Last, NotDriver };

LoadOptions options_for(std::size_t partitions, Owners owners = Owners::All,
                        double validation = 0) {
  LoadOptions options;
  options.seed = 42;
  options.partitions = partitions;
  options.validation_fraction = validation;
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

std::string row_text(std::uint64_t id, const Partition& partition, std::size_t i) {
  std::string text = fmt::format("{}", id);
  if (partition.columns.count("label") != 0) {
    text += fmt::format(" {}:", std::get<Numbers>(partition.column("label")).values[i]);
  }
  const Column& features = partition.column("features");
  if (const auto* sparse = std::get_if<SparseVectors>(&features)) {
    for (std::size_t j = sparse->begin[i]; j < sparse->begin[i + 1]; ++j) {
      text += fmt::format(" {}={}", sparse->indices[j], sparse->values[j]);
    }
  } else if (const auto* dense = std::get_if<DenseVectors>(&features)) {
    for (std::size_t j = 0; j < dense->width; ++j)
      text += fmt::format(" {}", dense->values[i * dense->width + j]);
  } else {
    const auto& images = std::get<Images>(features);
    for (std::size_t j = 0; j < images.shape.size(); ++j) {
      text += fmt::format(" {}", images.values[i * images.shape.size() + j]);
    }
  }
  return text + "\n";
}

/// COLLECTIVE. The whole dataset as text, in partition order; the same on every rank.
std::string text_of(const Dataset& dataset) {
  std::string own;
  for (const Partition& partition : dataset.own) {
    own += fmt::format("partition {}\n", partition.index);
    for (std::size_t i = 0; i < partition.rows(); ++i)
      own += row_text(partition.row_ids[i], partition, i);
  }
  std::string all = fmt::format("{} rows, {} partitions", dataset.rows, dataset.partitions);
  for (const auto& [name, type] : dataset.schema.columns())
    all += ", " + name + " " + to_string(type);
  all += "\n";
  for (const std::string& part : world().allgather(std::as_bytes(std::span(own)))) all += part;
  return all;
}

using RowText =
    std::function<std::string(std::uint64_t)>;  // what row_text() should be, without the id

/// text_of() made without ranks: the definition of load().
std::string expected_text(std::uint64_t rows, const LoadOptions& options, Part part,
                          const std::string& columns, const RowText& row) {
  const auto validation = static_cast<std::uint64_t>(
      std::round(options.validation_fraction * static_cast<double>(rows)));
  const std::uint64_t first = part == Part::Training ? validation : 0;
  const std::uint64_t count = part == Part::Training ? rows - validation : validation;
  const Permutation permutation(Random(options.seed, Purpose::Partition), rows);
  std::vector<std::uint64_t> at(rows);  // row at each position
  for (std::uint64_t i = 0; i < rows; ++i) at[permutation(i)] = i;
  std::string all = fmt::format("{} rows, {} partitions, {}\n", count, options.partitions, columns);
  const std::uint64_t k = options.partitions;
  for (std::uint64_t p = 0; p < k; ++p) {
    all += fmt::format("partition {}\n", p);
    for (std::uint64_t q = (p * count + k - 1) / k; q < ((p + 1) * count + k - 1) / k; ++q) {
      all += fmt::format("{}{}\n", at[first + q], row(at[first + q]));
    }
  }
  return all;
}

/// Row i: label i % 10 - 4.5; i % 7 entries, the values small, large and broken numbers in turn.
std::string entry_value(std::uint64_t i, std::uint64_t j) {
  if (i % 3 == 0) return fmt::format("{}", 1 + (i * 31 + j) % 255);
  return i % 3 == 1 ? fmt::format("{}", static_cast<double>(i) * 0.37 + static_cast<double>(j))
                    : "1";
}
std::string libsvm_line(std::uint64_t i) {
  std::string line = fmt::format("{}", static_cast<double>(i % 10) - 4.5);
  for (std::uint64_t j = 0; j < i % 7; ++j)
    line += fmt::format(" {}:{}", 1 + j * j, entry_value(i, j));
  return line;
}
std::string libsvm_row_text(std::uint64_t i) {
  std::string text = fmt::format(" {}:", static_cast<double>(i % 10) - 4.5);
  for (std::uint64_t j = 0; j < i % 7; ++j)
    text += fmt::format(" {}={}", j * j, std::stod(entry_value(i, j)));
  return text;
}
std::string libsvm_text(std::uint64_t rows) {
  std::string text = "\xEF\xBB\xBF# a comment first\n";
  for (std::uint64_t i = 0; i < rows; ++i)
    text += libsvm_line(i) + (i % 5 == 2 ? " # why\r\n\n" : "\n");
  if (rows % 2 == 1) text.pop_back();  // some files end without a line end
  return text;
}

proto::Source libsvm(const std::string& path) {
  proto::Source source;
  source.mutable_libsvm()->add_path(path);
  return source;
}

/// COLLECTIVE. The error of load(), which every rank must see; "no error" if there is none.
AgreedError error_of(const proto::Source& source, const LoadOptions& options) {
  ThreadPool threads(2);
  AgreedError seen("no error", {}, "", ExitCode::Done);
  try {
    load({world(), threads}, source, options);
  } catch (const AgreedError& error) {
    seen = error;
  }
  world().barrier();
  return seen;
}

}  // namespace

TEST_CASE("load: libsvm rows end where they belong, on any number of ranks and threads",
          "[mpi][data]") {
  const SharedFolder folder;
  for (const std::uint64_t rows : {1U, 3U, 137U, 1000U}) {
    const std::string text = libsvm_text(rows);
    const std::uint64_t widest = rows == 1 ? 1 : rows == 3 ? 2 : 26;
    const std::string columns = fmt::format("label number, features vector of {}", widest);
    for (const std::string suffix : {"", ".gz", ".bz2", ".xz", ".zst"}) {
      const std::string name = fmt::format("rows{}{}", rows, suffix);
      const std::string path = folder.write(name, text);
      for (const Owners owners : {Owners::All, Owners::Last, Owners::NotDriver}) {
        const LoadOptions options = options_for(rows == 137 ? 5 : 64, owners, rows > 100 ? 0.1 : 0);
        ThreadPool threads(rows % 2 == 0 ? 1 : 3);
        const LoadedData data = load({world(), threads}, libsvm(path), options);
        CHECK(text_of(data.rows) ==
              expected_text(rows, options, Part::Training, columns, libsvm_row_text));
        CHECK(text_of(data.validation) ==
              expected_text(rows, options, Part::Validation, columns, libsvm_row_text));
        CHECK(data.rows.schema.at("features", "").open_width);
        CHECK(data.rows.name == path);
      }
    }
  }
}

TEST_CASE("load: a file of many pieces", "[mpi][data]") {
  constexpr std::uint64_t kRows = 150'000;  // more than two pieces of 2 MB
  const SharedFolder folder;
  const std::string text = world().rank() == 0 ? libsvm_text(kRows) : "";
  if (world().rank() == 0) CHECK(text.size() > 4'000'000);
  for (const std::string suffix : {"", ".gz"}) {
    const std::string path = folder.write("many" + suffix, text);
    const LoadOptions options = options_for(64);
    ThreadPool threads(2);
    const LoadedData data = load({world(), threads}, libsvm(path), options);
    const std::string all = text_of(data.rows);
    if (world().rank() == 0) {
      CHECK((all == expected_text(kRows, options, Part::Training,
                                  "label number, features vector of 26", libsvm_row_text)));
    }
  }
}

TEST_CASE("load: the exchange in many small rounds", "[mpi][data]") {
  constexpr std::uint64_t kRows = 500;
  const LoadOptions options = options_for(16);
  ThreadPool threads(2);
  const auto block = dist::block_of(kRows, static_cast<std::size_t>(world().rank()),
                                    static_cast<std::size_t>(world().world_size()));
  ParsedRows parsed;
  parsed.format.cells = {{"label", {ColumnType::Kind::Number}, Encoding::Number},
                         {"features", vector_type(26), Encoding::Sparse}};
  for (std::size_t i = block.begin; i < block.end; ++i)
    parsed.rows.push(parse_libsvm(libsvm_line(i), {}).rows);
  const LoadedData data = redistribute({world(), threads}, "rounds", std::move(parsed), options,
                                       nullptr, /*round_bytes=*/100);
  CHECK(text_of(data.rows) == expected_text(kRows, options, Part::Training,
                                            "label number, features vector of 26",
                                            libsvm_row_text));
}

TEST_CASE("load: idx files, plain and packed, with and without labels", "[mpi][data]") {
  const SharedFolder folder;
  constexpr std::uint64_t kRows = 101;
  std::string images("\0\0\x08\x03\0\0\0\x65\0\0\0\x02\0\0\0\x03", 16),
      labels("\0\0\x08\x01\0\0\0\x65", 8);
  for (std::uint64_t i = 0; i < kRows; ++i) {
    for (std::uint64_t j = 0; j < 6; ++j) images += static_cast<char>(i * 7 + j * 50);
    labels += static_cast<char>(i * 2);
  }
  for (const std::string suffix : {"", ".gz"}) {
    proto::Source source;
    source.mutable_idx()->set_images(folder.write("images" + suffix, images));
    for (const bool labelled : {false, true}) {
      if (labelled) source.mutable_idx()->set_labels(folder.write("labels" + suffix, labels));
      const LoadOptions options = options_for(8, Owners::NotDriver, 0.2);
      ThreadPool threads(2);
      const LoadedData data = load({world(), threads}, source, options);
      const auto row = [&](std::uint64_t i) {
        std::string text = labelled ? fmt::format(" {}:", i * 2) : "";
        for (std::uint64_t j = 0; j < 6; ++j) text += fmt::format(" {}", (i * 7 + j * 50) % 256);
        return text;
      };
      const std::string columns =
          labelled ? "label number, features vector of 6" : "features vector of 6";
      CHECK(text_of(data.rows) == expected_text(kRows, options, Part::Training, columns, row));
      CHECK(text_of(data.validation) ==
            expected_text(kRows, options, Part::Validation, columns, row));
    }
    source.mutable_idx()->set_labels(
        folder.write("wrong" + suffix, std::string("\0\0\x08\x01\0\0\0\x02", 8) + "ab"));
    const auto mismatch = error_of(source, options_for(8));
    CHECK(mismatch.exit_code() == ExitCode::Data);
    CHECK_THAT(mismatch.what(), has_text("2 labels for 101 images"));
    source.mutable_idx()->clear_labels();
    source.mutable_idx()->set_images(folder.write("short" + suffix, images.substr(0, 300)));
    const auto cut = error_of(source, options_for(8));
    CHECK(cut.exit_code() == ExitCode::File);
    CHECK_THAT(cut.what(), has_text("short"));
    source.mutable_idx()->set_images(folder.write("long" + suffix, images + "x"));
    const auto longer = error_of(source, options_for(8));
    CHECK(longer.exit_code() == ExitCode::Data);
  }
}

TEST_CASE("load: synthetic rows are a function of seed and row alone", "[mpi][data]") {
  proto::Source source;
  auto& config = *source.mutable_synthetic();
  config.set_rows(77);
  for (const std::uint32_t size : {1, 2, 3}) config.add_shape(size);
  config.set_label(proto::SyntheticSource::TEACHER);
  const SyntheticRows rows(config);
  const LoadOptions options = options_for(6, Owners::All, 0.3);
  ThreadPool threads(2);
  const LoadedData data = load({world(), threads}, source, options);
  const auto row = [&](std::uint64_t i) {
    std::vector<float> features(6);
    std::string text = fmt::format(" {}:", rows.make(i, features));
    for (const float x : features) text += fmt::format(" {}", x);
    return text;
  };
  const std::string columns = "label number, features image 1x2x3";
  CHECK(text_of(data.rows) == expected_text(77, options, Part::Training, columns, row));
  CHECK(text_of(data.validation) == expected_text(77, options, Part::Validation, columns, row));
}

TEST_CASE("load: all ranks report the first bad row of the file", "[mpi][data]") {
  const SharedFolder folder;
  constexpr std::uint64_t kRows = 200'000;
  for (const std::uint64_t bad : {0U, 90'000U, 199'999U}) {
    std::string text;
    for (std::uint64_t i = 0; i < kRows && world().rank() == 0; ++i) {
      text += libsvm_line(i) +
              (i == bad                   ? " 99:1 98:1"
               : i > bad && i % 1000 == 7 ? " 5:oops"
                                          : "") +
              "\n";
    }
    for (const std::string suffix : {"", ".gz"}) {
      if (bad != 90'000 && !suffix.empty()) continue;
      const std::string path = folder.write("bad" + suffix, text);
      const auto error = error_of(libsvm(path), options_for(64));
      CHECK(error.exit_code() == ExitCode::Data);
      CHECK(error.where().file == path);
      CHECK(error.where().line == static_cast<std::int64_t>(bad + 1));
      CHECK(error.where().column == static_cast<std::int64_t>(libsvm_line(bad).size() + 7));
      CHECK_THAT(error.what(), has_text("index 98 comes after index 99"));
    }
  }
}

TEST_CASE("load: files that cannot be read are the same FileError on all ranks", "[mpi][data]") {
  const SharedFolder folder;
  const std::string text = libsvm_text(1000);
  const auto check = [&](const std::string& path, ExitCode code, const std::string& what) {
    const auto error = error_of(libsvm(path), options_for(8));
    CHECK(error.exit_code() == code);
    CHECK_THAT(error.what(), has_text(what));
    CHECK(error.where().file == path);
  };
  check(folder.path() + "/none", ExitCode::File, "/none");
  check(folder.path(), ExitCode::File, "folder");
  const std::string packed = tests::packed(text, ".gz");
  check(folder.write_raw("cut.gz", packed.substr(0, packed.size() / 2)), ExitCode::File, "cut.gz");
  check(folder.write("empty", ""), ExitCode::Data, "no rows");
  check(folder.write("empty.gz", ""), ExitCode::Data, "no rows");
  check(folder.write("comments", "# nothing\n\n"), ExitCode::Data, "no rows");
}

TEST_CASE("load: the width comes from the config, the training rows or the largest index",
          "[mpi][data]") {
  const SharedFolder folder;
  proto::Source source = libsvm(folder.write("narrow", "1 2:1\n1 3:1\n0\n1 1:1\n"));
  ThreadPool threads(1);
  LoadOptions options = options_for(4);
  CHECK(load({world(), threads}, source, options).rows.schema.at("features", "").shape == Shape{3});
  Schema training;
  training.add("features", vector_type(5));
  options.like = &training;
  CHECK(load({world(), threads}, source, options).rows.schema.at("features", "").shape == Shape{5});
  training.add("features", vector_type(2));
  const auto from_training = error_of(source, options);
  options.like = nullptr;
  source.mutable_libsvm()->set_num_features(4);
  const LoadedData given = load({world(), threads}, source, options);
  CHECK(given.rows.schema.at("features", "").shape == Shape{4});
  CHECK_FALSE(given.rows.schema.at("features", "").open_width);
  source.mutable_libsvm()->set_num_features(2);
  const auto from_config = error_of(source, options);
  CHECK(from_training.where().line == 2);
  CHECK_THAT(from_training.advice(), has_text("the training rows"));
  CHECK_THAT(from_config.what(), has_text("index 3"));
}

TEST_CASE("load: labels that may be missing are a column only if all rows have one",
          "[mpi][data]") {
  const SharedFolder folder;
  ThreadPool threads(2);
  LoadOptions options = options_for(4);
  options.labels_optional = true;
  const std::string path = folder.write("some", "1 1:1\n2:5 3:6\n1 4:7\n");
  const LoadedData data = load({world(), threads}, libsvm(path), options);
  CHECK_FALSE(data.rows.schema.has("label"));
  for (const Partition& partition : data.rows.own) CHECK(partition.columns.count("label") == 0);
  CHECK(load({world(), threads}, libsvm(folder.write("every", "1 1:1\n2 1:2\n")), options)
            .rows.schema.has("label"));
  options.labels_optional = false;
  const auto error = error_of(libsvm(path), options);
  CHECK(error.where().line == 2);
}

TEST_CASE("load: a validation share that leaves nothing, and a source without a kind",
          "[mpi][data]") {
  const SharedFolder folder;
  const auto nothing_left =
      error_of(libsvm(folder.write("one", "1 1:1\n")), options_for(4, Owners::All, 0.6));
  const auto no_kind = error_of(proto::Source(), options_for(4));
  CHECK(nothing_left.exit_code() == ExitCode::Data);
  CHECK(no_kind.exit_code() == ExitCode::Config);
}
