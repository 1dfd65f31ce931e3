#include "data/sources/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/names.hpp"
#include "data/sources/csv_parser.hpp"
#include "data/sources/json_parser.hpp"
#include "data/sources/lines_parser.hpp"
#include "dist/session.hpp"

namespace lockstep::data {
namespace {

constexpr std::size_t kSampleBytes = std::size_t{1} << 20;

CellType cell_type(proto::DeclaredColumn::Type type) {
  switch (type) {
    case proto::DeclaredColumn::DOUBLE:
      return CellType::Double;
    case proto::DeclaredColumn::INTEGER:
      return CellType::Integer;
    case proto::DeclaredColumn::BOOLEAN:
      return CellType::Boolean;
    case proto::DeclaredColumn::STRING:
      break;
  }
  return CellType::String;
}

CellType cell_type(const ColumnType& type) {
  if (type.kind != ColumnType::Kind::Number) return CellType::String;
  switch (type.format) {
    case ColumnType::Format::Double:
    case ColumnType::Format::Float:
      return CellType::Double;
    case ColumnType::Format::Integer:
      return CellType::Integer;
    case ColumnType::Format::Boolean:
      return CellType::Boolean;
  }
  return CellType::Double;
}

ColumnType column_type(CellType type) {
  ColumnType column{ColumnType::Kind::Number};
  switch (type) {
    case CellType::Integer:
      column.format = ColumnType::Format::Integer;
      return column;
    case CellType::Double:
      return column;
    case CellType::Boolean:
      column.format = ColumnType::Format::Boolean;
      return column;
    case CellType::Unknown:
    case CellType::String:
      break;
  }
  return {ColumnType::Kind::String};
}

/// Columns with what the config or the training file says of them; the others stay unknown. An
/// integer training column may hold fractions in another file.
template <typename Declared>
std::vector<TextColumn> name_columns(const std::vector<std::string>& names,
                                     const Declared& declared, const Schema* like,
                                     const std::string& path) {
  std::vector<TextColumn> columns;
  for (const auto& name : names) {
    TextColumn column{name};
    if (like != nullptr && like->has(name)) {
      column.type = cell_type(like->at(name, ""));
      if (column.type == CellType::Integer) column.type = CellType::Double;
      column.declared = true;
    }
    columns.push_back(column);
  }
  for (const auto& one : declared) {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const auto& column) { return column.name == one.name(); });
    if (found == columns.end()) {
      if (like != nullptr) continue;  // a file to be scored may lack the label
      throw DataError(fmt::format("there is no column '{}' in the file", one.name()),
                      {.file = path, .field = "column"}, suggest(one.name(), names));
    }
    found->type = cell_type(one.type());
    found->declared = true;
  }
  return columns;
}

/// Widens the columns that are not declared to what the rows have shown. True if any changed.
bool widen(std::vector<TextColumn>& columns, const std::vector<CellType>& seen) {
  bool changed = false;
  for (std::size_t i = 0; i < std::min(columns.size(), seen.size()); ++i) {
    if (columns[i].declared) continue;
    const CellType type = join(columns[i].type, seen[i]);
    changed = changed || type != columns[i].type;
    columns[i].type = type;
  }
  return changed;
}

/// COLLECTIVE. The driver's columns on every rank.
template <typename Peek>
std::vector<TextColumn> agree_on_columns(const dist::Communicator& ranks, const Peek& peek) {
  std::string bytes;
  dist::all_or_none(ranks, [&] {
    if (ranks.rank() != 0) return;
    Writer out;
    Serial<std::vector<TextColumn>>::put(out, peek());
    bytes = out.take();
  });
  ranks.broadcast(bytes);
  std::vector<TextColumn> columns;
  Reader in(bytes);
  Serial<std::vector<TextColumn>>::get(in, columns);
  return columns;
}

void tell_of_bad_rows(const dist::Communicator& ranks, const TextFacts& facts, bool dropped) {
  if (facts.bad_rows == 0 || ranks.rank() != 0) return;
  log::warning("{} rows do not fit and were {}; for example:", facts.bad_rows,
               dropped ? "dropped" : "kept with missing values");
  for (const auto& example : facts.examples) log::warning("  {}", example);
}

/// COLLECTIVE. Reads until no row shows a wider type. format(columns) makes the parser.
template <typename MakeFormat>
ParsedRows read_table(const dist::Cluster& cluster, const std::vector<FileInfo>& files,
                      const LoadOptions& options, std::vector<TextColumn> columns, bool drops,
                      const MakeFormat& make_format) {
  const auto& ranks = cluster.ranks;
  ParsedRows parsed = empty_rows(options);
  for (;;) {
    const auto format = make_format(columns);
    const TextFacts facts = read_text(cluster, files, format, parsed.rows);
    bool again = false;
    for (const auto& name : facts.names) {  // JSON: members that the first rows did not have
      const auto after = std::lower_bound(
          columns.begin(), columns.end(), name,
          [](const auto& column, const auto& other) { return column.name < other; });
      columns.insert(after, TextColumn{name});
      again = true;
    }
    if (!again) again = widen(columns, facts.seen);
    if (again) continue;
    tell_of_bad_rows(ranks, facts, drops);
    parsed.format = format_of(columns);
    return parsed;
  }
}

[[noreturn]] void throw_problem(const std::string& path, const ParseProblem& problem) {
  throw DataError(problem.what, {.file = path, .line = problem.line + 1, .column = problem.column},
                  problem.advice);
}

class CsvText final : public TextFormat {
 public:
  CsvText(const CsvRules& rules, bool header, const std::string& first_file,
          std::vector<TextColumn> columns)
      : rules_(rules), header_(header), first_file_(first_file), columns_(std::move(columns)) {}

  TextRows parse(std::string_view text) const override { return parse_csv(text, rules_, columns_); }
  bool has_quotes() const override { return rules_.multi_line && rules_.quote != 0; }
  bool ends_inside(std::string_view text, bool starts_inside) const override {
    return ends_inside_quotes(text, starts_inside, rules_);
  }
  std::size_t row_end(std::string_view text, bool starts_inside) const override {
    return first_record_begin(text, starts_inside, rules_);
  }
  Head head(std::string_view text, const std::string& path) const override {
    if (!header_) return {};
    const CsvHeader found = read_csv_header(text, rules_, true);
    if (found.problem) throw_problem(path, *found.problem);
    const auto same = [](const std::string& name, const TextColumn& column) {
      return name == column.name;
    };
    if (!std::equal(found.names.begin(), found.names.end(), columns_.begin(), columns_.end(),
                    same)) {
      throw DataError(fmt::format("the columns are not those of '{}'", first_file_),
                      {.file = path, .line = 1}, "all files of a source have the same header");
    }
    return {found.bytes, found.lines};
  }

 private:
  CsvRules rules_;
  bool header_;
  std::string first_file_;
  std::vector<TextColumn> columns_;
};

class LinesText final : public TextFormat {
 public:
  LinesText(proto::TextSource::Format format, std::vector<TextColumn> columns)
      : format_(format), columns_(std::move(columns)) {}

  TextRows parse(std::string_view text) const override {
    return format_ == proto::TextSource::LINES ? parse_lines(text)
                                               : parse_labelled_lines(text, columns_[0]);
  }
  bool whole_files() const override { return format_ == proto::TextSource::FILES; }
  void parse_file(std::string_view text, const std::string& path, TextRows& into) const override {
    const std::string label = folder_name(path);
    double value = 0;
    if (columns_[0].type == CellType::String) {
      into.rows.text(label);
    } else {
      type_of_cell(label, value);
      into.rows.number(value);
    }
    into.rows.text(text);
    into.rows.end_row();
  }

  static std::string folder_name(const std::string& path) {
    return std::filesystem::path(path).parent_path().filename().string();
  }

 private:
  proto::TextSource::Format format_;
  std::vector<TextColumn> columns_;
};

class JsonText final : public TextFormat {
 public:
  JsonText(std::vector<TextColumn> columns, bool all, proto::BadRows mode)
      : columns_(std::move(columns)), all_(all), mode_(mode) {}
  TextRows parse(std::string_view text) const override {
    return parse_json_lines(text, columns_, all_, mode_);
  }

 private:
  std::vector<TextColumn> columns_;
  bool all_;
  proto::BadRows mode_;
};

}  // namespace

RowFormat format_of(const std::vector<TextColumn>& columns) {
  RowFormat format;
  for (const auto& column : columns) {
    const ColumnType type = column_type(column.type);
    format.cells.push_back(
        {column.name, type,
         type.kind == ColumnType::Kind::Number ? Encoding::Number : Encoding::Text});
  }
  return format;
}

std::vector<TextColumn> peek_csv(const proto::CsvSource& config, const std::vector<FileInfo>& files,
                                 const Schema* like) {
  const CsvRules rules = rules_of(config, "data");
  const std::string text = first_bytes(files.at(0), kSampleBytes);
  const std::string& path = files[0].path;
  const CsvHeader header = read_csv_header(text, rules, config.header());
  if (header.problem) throw_problem(path, *header.problem);
  if (header.names.empty())
    throw DataError("no rows in the file", {.file = path}, "give a file with at least one row");
  auto columns = name_columns(header.names, config.column(), like, path);
  if (!config.infer_schema()) {
    for (auto& column : columns) {
      if (!column.declared) column.type = CellType::String;
      column.declared = true;
    }
  }
  // A row that is cut off at the end of the sample, or bad: the real reading tells.
  const auto sample = parse_csv(std::string_view(text).substr(header.bytes), rules, columns);
  widen(columns, sample.seen);
  return columns;
}

std::vector<TextColumn> peek_lines(const proto::TextSource& config,
                                   const std::vector<FileInfo>& files, const Schema* like) {
  const TextColumn text{config.text_col(), CellType::String, true};
  if (config.format() == proto::TextSource::LINES) return {text};
  TextColumn label{config.label_col()};
  if (like != nullptr && like->has(label.name)) {
    label.type = cell_type(like->at(label.name, ""));
    label.declared = true;
  } else if (config.format() == proto::TextSource::FILES) {
    double value = 0;
    for (const auto& file : files)
      label.type = join(label.type, type_of_cell(LinesText::folder_name(file.path), value));
    label.declared = true;
  } else {
    label.type = join(
        label.type, parse_labelled_lines(first_bytes(files.at(0), kSampleBytes), label).seen.at(0));
  }
  return {label, text};
}

std::vector<TextColumn> peek_json(const proto::JsonSource& config,
                                  const std::vector<FileInfo>& files, const Schema* like) {
  std::vector<TextColumn> columns;
  for (const auto& one : config.column())
    columns.push_back({one.name(), cell_type(one.type()), true});
  if (!columns.empty()) return columns;
  const std::string text = first_bytes(files.at(0), kSampleBytes);
  const auto names = parse_json_lines(text, {}, false, proto::PERMISSIVE).names;
  columns = name_columns(names, config.column(), like, files[0].path);
  widen(columns, parse_json_lines(text, columns, false, proto::PERMISSIVE).seen);
  return columns;
}

ParsedRows read_csv(const dist::Cluster& cluster, const proto::CsvSource& config,
                    const std::vector<FileInfo>& files, const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  const auto columns =
      agree_on_columns(ranks, [&] { return peek_csv(config, files, options.like); });
  const CsvRules rules = rules_of(config, "data");
  return read_table(
      cluster, files, options, columns, config.mode() == proto::DROPMALFORMED,
      [&](const auto& now) { return CsvText(rules, config.header(), files.at(0).path, now); });
}

ParsedRows read_lines(const dist::Cluster& cluster, const proto::TextSource& config,
                      const std::vector<FileInfo>& files, const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  const auto columns =
      agree_on_columns(ranks, [&] { return peek_lines(config, files, options.like); });
  return read_table(cluster, files, options, columns, false,
                    [&](const auto& now) { return LinesText(config.format(), now); });
}

ParsedRows read_json(const dist::Cluster& cluster, const proto::JsonSource& config,
                     const std::vector<FileInfo>& files, const LoadOptions& options) {
  const auto& ranks = cluster.ranks;
  const auto columns =
      agree_on_columns(ranks, [&] { return peek_json(config, files, options.like); });
  const bool all = config.column_size() > 0;
  return read_table(cluster, files, options, columns, config.mode() == proto::DROPMALFORMED,
                    [&](const auto& now) { return JsonText(now, all, config.mode()); });
}

}  // namespace lockstep::data
