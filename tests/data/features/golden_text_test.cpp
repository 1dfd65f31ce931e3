#include <cmath>
#include <fstream>
#include <map>

#include "tests/data/features/numeric_csv.hpp"
#include "tests/parity/golden/features.hpp"

namespace lockstep::data {
namespace {

/// The texts of lines "label TAB text"; nothing where the file is not there.
std::vector<std::string> texts_of(const std::string& path) {
  std::vector<std::string> texts;
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/" + path);
  for (std::string line; std::getline(file, line);)
    texts.push_back(line.substr(line.find('\t') + 1));
  if (texts.empty()) WARN("skipped: there is no " + path);
  return texts;
}

rig::TableColumn text_column(const std::vector<std::string>& texts) {
  StringsBuilder builder;
  for (const auto& text : texts) builder.push(std::string_view(text));
  return {"text", {ColumnType::Kind::String}, std::move(builder).finish()};
}

double sum_of(const std::vector<double>& row) {
  double sum = 0;
  for (const double value : row) sum += value;
  return sum;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * std::abs(b); }

void check_idf(const std::string& path, const tests::golden::IdfCase& golden) {
  const auto texts = texts_of(path);
  if (texts.empty()) return;
  REQUIRE(texts.size() == golden.rows);
  auto table = rig::table({text_column(texts)}, 7);
  for (const char* stage : {"tokenizer { input_col: 'text' output_col: 'words' }",
                            "count_vectorizer { input_col: 'words' output_col: 'tf' min_df: 5 }",
                            "idf { input_col: 'tf' output_col: 'tf_idf' }"})
    table = rig::apply(stage, std::move(table));
  const auto fitted = rig::fitted("idf { input_col: 'tf' output_col: 'again' }", table);
  const auto& model = fitted.idf().model();
  const auto features = features_of("tf", table.schema.at("tf", ""));
  REQUIRE(features.size() == golden.words);
  double idf = 0, tf = 0, tf_idf = 0;
  std::map<std::string, double> weights;
  for (std::size_t j = 0; j < features.size(); ++j) {
    idf += model.idf(static_cast<int>(j));
    weights[features[j].name] = model.idf(static_cast<int>(j));
  }
  for (const auto& row : rig::vectors(table, "tf")) tf += sum_of(row);
  const auto rows = rig::vectors(table, "tf_idf");
  for (const auto& row : rows) tf_idf += sum_of(row);
  CHECK(tf == golden.tf);
  CHECK(close(idf, golden.idf));
  CHECK(close(tf_idf, golden.tf_idf));
  for (const auto& [word, weight] : golden.some) {
    INFO(word);
    REQUIRE(weights.count(word) == 1);
    CHECK(close(weights.at(word), weight));
  }
  for (std::size_t i = 0; i < golden.first.size(); ++i)
    CHECK(close(sum_of(rows[i]), golden.first[i]));
}

}  // namespace

TEST_CASE("IDF of real reviews weighs words as scikit-learn does", "[data][text][golden]") {
  check_idf("datasets/reviews.train.txt", tests::golden::kFoodReviews);
  check_idf("../shared/datasets/text/reviews.train.txt", tests::golden::kFilmReviews);
}

}  // namespace lockstep::data
