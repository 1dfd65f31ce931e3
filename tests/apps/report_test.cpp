#include "apps/report.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

/// The page of a run with this curve and these metrics.
std::string page(const std::string& curve, const Json& metrics, const std::string& name = "run") {
  tests::ForgetfulFiles files;
  make_durable_folder(files, "runs");
  ml::RunFolder folder(files, "runs/a", false);
  if (!curve.empty()) files.append("runs/a/metrics.jsonl", curve);
  proto::Experiment experiment;
  experiment.set_name(name);
  write_report(folder, experiment, metrics);
  return files.read("runs/a/report.html");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the report holds metrics and curves, and reads nothing from elsewhere",
          "[apps][report]") {
  const auto html = page(R"({"step":1,"epoch":1,"loss":0.5,"learning_rate":0.1}
{"epoch":1,"train_loss":0.25}
)",
                         {{"test", {{"accuracy", 0.75}}}});
  CHECK(has(html, "<td>accuracy</td><td>0.75</td>"));
  CHECK(has(html, R"("loss":0.5)"));
  CHECK(has(html, R"("train_loss":0.25)"));
  CHECK_FALSE(has(html, "src=\"http"));
}

TEST_CASE("the report of an estimator without steps, or without a curve, is a page as well",
          "[apps][report]") {
  CHECK(has(page(R"({"run":1,"iteration":1,"cost":7}
)",
                 {{"train", {{"cost", 7}}}}),
            R"("steps":[],"epochs":[])"));
  CHECK(has(page("", {{"train", {{"rows", 7}}}}), "<td>rows</td><td>7</td>"));
}

TEST_CASE("names from data are escaped in the report", "[apps][report]") {
  const Json metrics{
      {"test", {{"classes", {"<b>", "a&b"}}, {"confusion_matrix", {{1, 0}, {0, 1}}}}}};
  const auto html = page("", metrics, "<script>alert(1)</script>");
  CHECK(has(html, "<th>&lt;b&gt;</th><th>a&amp;b</th>"));
  CHECK_FALSE(has(html, "<script>alert"));
}

}  // namespace
}  // namespace lockstep::apps
