#pragma once
/// The files that `lockstep data` writes: which format, and which columns of it.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "data/dataset.hpp"
#include "data/row_text.hpp"
#include "ml/context.hpp"

namespace lockstep::apps {

struct FileFormat {
  std::string name;             ///< csv, tsv or libsvm; empty: by the file's name
  std::string label, features;  ///< libsvm's columns; empty: see libsvm_text()
};

/// --format, with `more` formats beside csv, tsv and libsvm, --label and --features.
void add_format_options(CLI::App& command, FileFormat& format,
                        const std::vector<std::string>& more = {});

/// COLLECTIVE. How the rows of a schema are written to `path`. @throws AgreedError (DataError)
data::RowText text_for(const ml::Context& context, const data::Schema& schema,
                       const FileFormat& format, const std::string& path);

/// COLLECTIVE. Header and rows in the order of their source, by way of the driver: write(text).
void write_text(const ml::Context& context, const data::Dataset& rows, const data::RowText& text,
                const std::function<void(const std::string&)>& write);

}  // namespace lockstep::apps
