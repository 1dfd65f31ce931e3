#include "apps/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/chart_js.hpp"
#include "core/config.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

std::string escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

constexpr const char* kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; } th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; } pre { background: #f6f6f6; padding: 1rem; overflow: auto; }
.chart { height: 18rem; margin-bottom: 2rem; })";

constexpr const char* kScript = R"(
const line = (label, points, color) => ({label, data: points, borderColor: color, backgroundColor: color, pointRadius: points.length > 50 ? 0 : 3, borderWidth: 1.5});
const chart = (id, datasets, x) => { if (datasets.some(d => d.data.length)) new Chart(document.getElementById(id), {type: 'line', data: {datasets},
  options: {animation: false, maintainAspectRatio: false, parsing: false, scales: {x: {type: 'linear', title: {display: true, text: x}}}}}); };
chart('loss', [line('loss of the step', run.steps.map(p => ({x: p.step, y: p.loss})), '#4878a8')], 'step');
chart('rate', [line('learning rate', run.steps.map(p => ({x: p.step, y: p.learning_rate})), '#a86848')], 'step');
const colors = {train_loss: '#4878a8', validation_loss: '#d08030', train_accuracy: '#509050', validation_accuracy: '#a04070'};
const epochs = names => names.map(n => line(n.replace('_', ' '), run.epochs.filter(p => n in p).map(p => ({x: p.epoch, y: p[n]})), colors[n]));
chart('epoch_loss', epochs(['train_loss', 'validation_loss']), 'epoch');
chart('epoch_accuracy', epochs(['train_accuracy', 'validation_accuracy']), 'epoch');)";

/// metrics.jsonl as {steps: [...], epochs: [...]}, steps thinned out to about a thousand.
Json curves(const std::string& jsonl) {
  constexpr std::size_t kMostPoints = 1000;
  Json all{{"steps", Json::array()}, {"epochs", Json::array()}};
  std::stringstream lines(jsonl);
  for (std::string line; std::getline(lines, line);) {
    auto point = Json::parse(line);
    for (const auto& [key, list] : {std::pair("step", "steps"), std::pair("epoch", "epochs")}) {
      if (!point.contains(key)) continue;
      all[list].push_back(std::move(point));
      break;
    }
  }
  const std::size_t stride = all["steps"].size() / kMostPoints + 1;
  Json thin = Json::array();
  for (std::size_t i = 0; i < all["steps"].size(); i += stride) thin.push_back(all["steps"][i]);
  all["steps"] = std::move(thin);
  return all;
}

/// `names`: of the classes; without them there are numbers.
std::string matrix_html(const Json& matrix, const Json& names) {
  const auto name = [&](std::size_t c) {
    return c < names.size() ? escape(names[c].get<std::string>()) : std::to_string(c);
  };
  std::string html = "<table><tr><th>true \\ predicted</th>";
  for (std::size_t c = 0; c < matrix.size(); ++c) html += fmt::format("<th>{}</th>", name(c));
  html += "</tr>\n";
  for (std::size_t r = 0; r < matrix.size(); ++r) {
    double sum = 0;
    for (const auto& value : matrix[r]) sum += value.get<double>();
    html += fmt::format("<tr><td>{}</td>", name(r));
    for (std::size_t c = 0; c < matrix[r].size(); ++c) {
      const double share = sum > 0 ? matrix[r][c].get<double>() / sum : 0;
      const char* color = r == c ? "80,144,80" : "176,64,64";
      html += fmt::format("<td style=\"background: rgba({},{:.2f})\">{}</td>", color,
                          r == c ? share * 0.6 : std::min(0.8, share * 4), matrix[r][c].dump());
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string metrics_html(const Json& metrics) {
  std::string html;
  for (const auto& [section, values] : metrics.items()) {
    html += fmt::format("<h2>{}</h2>\n<table>", escape(section));
    std::string matrices;
    const Json names = values.value("classes", Json::array());
    for (const auto& [name, value] : values.items()) {
      if (name == "classes") continue;
      if (value.is_array())
        matrices += fmt::format("<h3>{}</h3>\n{}", escape(name), matrix_html(value, names));
      else
        html += fmt::format(
            "<tr><td>{}</td><td>{}</td></tr>\n", escape(name),
            value.is_number_float() ? fmt::format("{:.6g}", value.get<double>()) : value.dump());
    }
    html += "</table>\n" + matrices;
  }
  return html;
}

}  // namespace

void write_report(const ml::RunFolder& folder, const proto::Experiment& experiment,
                  const Json& metrics) {
  const std::string name = escape(experiment.name());
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
      "charset=\"utf-8\"><title>{}</title><style>{}</style></head>\n<body><h1>{}</h1>\n",
      name, kStyle, name);
  html += metrics_html(metrics);
  for (const char* id : {"epoch_accuracy", "epoch_loss", "loss", "rate"})
    html += fmt::format("<div class=\"chart\"><canvas id=\"{}\"></canvas></div>\n", id);
  html += "<h2>config</h2>\n<pre>" + escape(to_text(experiment)) + "</pre>\n<script>";
  html += chart_js();
  const std::string lines = folder.file("metrics.jsonl");
  html += "</script>\n<script>const run = " +
          curves(folder.files().exists(lines) ? folder.files().read(lines) : "").dump() + ";" +
          kScript + "</script>\n</body></html>\n";
  write_atomically(folder.files(), folder.file("report.html"), html);
}

}  // namespace lockstep::apps
