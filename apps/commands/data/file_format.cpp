#include "apps/commands/data/file_format.hpp"

#include "data/ordered_output.hpp"
#include "dist/session.hpp"

namespace lockstep::apps {
namespace {

std::string format_of(const FileFormat& format, const std::string& path) {
  if (!format.name.empty()) return format.name;
  if (path.ends_with(".csv")) return "csv";
  if (path.ends_with(".tsv")) return "tsv";
  return "libsvm";
}

}  // namespace

void add_format_options(CLI::App& command, FileFormat& format,
                        const std::vector<std::string>& more) {
  std::vector<std::string> names{"csv", "tsv", "libsvm"};
  names.insert(names.end(), more.begin(), more.end());
  command.add_option("--format", format.name, "what is written; default: by the name")
      ->check(CLI::IsMember(names));
  command.add_option("--label", format.label, "label column for libsvm; default: label");
  command.add_option("--features", format.features,
                     "column for libsvm; default: the vector column, or all number columns");
}

data::RowText text_for(const ml::Context& context, const data::Schema& schema,
                       const FileFormat& format, const std::string& path) {
  data::RowText text;
  dist::all_or_none(context.ranks, [&] {
    const std::string name = format_of(format, path);
    text = name == "libsvm" ? data::libsvm_text(schema, format.label, format.features)
                            : data::csv_text(schema, name == "tsv" ? '\t' : ',');
  });
  return text;
}

void write_text(const ml::Context& context, const data::Dataset& rows, const data::RowText& text,
                const std::function<void(const std::string&)>& write) {
  dist::all_or_none(context.ranks, [&] {
    if (context.is_driver()) write(text.header);
  });
  data::write_rows(context, rows, 0, text.line, write);
}

}  // namespace lockstep::apps
