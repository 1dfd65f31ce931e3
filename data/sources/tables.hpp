#pragma once
/// Text tables on many ranks: CSV, lines of text, JSON. Their columns' types are found out from all
/// rows: types are taken from the first rows, and where a later row shows a wider one, the files
/// are parsed once more.

#include "data/redistribute.hpp"
#include "data/sources/text_source.hpp"

namespace lockstep::data {

/// COLLECTIVE. All three: @throws AgreedError: ConfigError, FileError, or DataError with
/// file:line:column of the first bad row
ParsedRows read_csv(const dist::Cluster& cluster, const proto::CsvSource& config,
                    const std::vector<FileInfo>& files, const LoadOptions& options);
ParsedRows read_lines(const dist::Cluster& cluster, const proto::TextSource& config,
                      const std::vector<FileInfo>& files, const LoadOptions& options);
ParsedRows read_json(const dist::Cluster& cluster, const proto::JsonSource& config,
                     const std::vector<FileInfo>& files, const LoadOptions& options);

/// The columns as the first rows show them. Local: reads the beginning of the first file.
/// @throws FileError, DataError
std::vector<TextColumn> peek_csv(const proto::CsvSource& config, const std::vector<FileInfo>& files,
                                 const Schema* like);
std::vector<TextColumn> peek_lines(const proto::TextSource& config,
                                   const std::vector<FileInfo>& files, const Schema* like);
std::vector<TextColumn> peek_json(const proto::JsonSource& config,
                                  const std::vector<FileInfo>& files, const Schema* like);

/// Columns as cells of packed rows: a column of unknown type (nothing but missing) is a string.
RowFormat format_of(const std::vector<TextColumn>& columns);

}  // namespace lockstep::data
