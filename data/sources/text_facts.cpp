#include "data/sources/text_facts.hpp"

#include <algorithm>
#include <iterator>

#include "core/serial.hpp"

namespace lockstep::data {

void TextFacts::add(const TextFacts& next) {
  width = std::max(width, next.width);
  labelled = labelled && next.labelled;
  seen.resize(std::max(seen.size(), next.seen.size()), CellType::Unknown);
  for (std::size_t i = 0; i < next.seen.size(); ++i) seen[i] = join(seen[i], next.seen[i]);
  std::vector<std::string> all;
  std::set_union(names.begin(), names.end(), next.names.begin(), next.names.end(),
                 std::back_inserter(all));
  names = std::move(all);
  bad_rows += next.bad_rows;
  for (const auto& example : next.examples) {
    if (examples.size() < kMostExamples) examples.push_back(example);
  }
}

TextFacts agree_on_facts(const dist::Communicator& ranks, const TextFacts& own) {
  Writer out;
  Serial<TextFacts>::put(out, own);
  const std::string bytes = out.take();
  TextFacts all;
  for (const auto& part : ranks.allgather(std::as_bytes(std::span(bytes.data(), bytes.size())))) {
    Reader in(part);
    TextFacts facts;
    Serial<TextFacts>::get(in, facts);
    all.add(facts);
  }
  return all;
}

}  // namespace lockstep::data
