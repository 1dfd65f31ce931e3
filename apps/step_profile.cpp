#include "apps/step_profile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "apps/output_file.hpp"
#include "apps/tables.hpp"
#include "dist/session.hpp"

namespace lockstep::apps {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTracedSteps = 3;

// A span's time of both passes of a layer, all steps together.
struct LayerTimes {
  double forward = 0, backward = 0, forward_primitives = 0, backward_primitives = 0;
  std::size_t lanes = 0;
};

bool of_layer(const Span& span) {
  return span.phase == Phase::Forward || span.phase == Phase::Backward;
}

// Behind the layers of the config may come one that flattens the output.
layers::LayerSummary layer_of(const layers::Network& network, std::size_t i) {
  const auto& summary = network.summary();
  return i < summary.size() ? summary[i] : layers::LayerSummary{"output", "flatten", {}, 0, 0};
}

std::vector<LayerTimes> layer_times(const Timeline& timeline) {
  std::vector<LayerTimes> layers;
  for (const auto& span : timeline) {
    if (!of_layer(span)) continue;
    if (layers.size() <= span.layer) layers.resize(span.layer + 1);
    auto& times = layers[span.layer];
    const bool forward = span.phase == Phase::Forward;
    (forward ? times.forward : times.backward) += span.end - span.begin;
    (forward ? times.forward_primitives : times.backward_primitives) += span.primitives;
    if (forward) ++times.lanes;
  }
  return layers;
}

Json layers_json(const layers::Network& network, const RecordedSteps& recorded) {
  const auto steps = static_cast<double>(recorded.steps);
  Json layers = Json::array();
  for (const auto& times : layer_times(recorded.threads.at(0))) {
    const auto layer = layer_of(network, layers.size());
    const double flops = layer.flops * static_cast<double>(times.lanes * recorded.lane_size);
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"forward_seconds", times.forward / steps},
                      {"backward_seconds", times.backward / steps},
                      {"forward_primitives_seconds", times.forward_primitives / steps},
                      {"backward_primitives_seconds", times.backward_primitives / steps},
                      {"forward_gflops", times.forward > 0 ? flops / times.forward / 1e9 : 0}});
  }
  return layers;
}

Json own_profile(const layers::Network& network, const RecordedSteps& recorded) {
  const auto steps = static_cast<double>(recorded.steps);
  std::array<double, kPhases> phases{};
  for (const auto& span : recorded.threads.at(0))
    phases[static_cast<std::size_t>(span.phase)] += (span.end - span.begin) / steps;
  double other = phases[static_cast<std::size_t>(Phase::Step)];
  Json seconds;
  for (std::size_t i = 0; i < kPhases; ++i) {
    const auto phase = static_cast<Phase>(i);
    if (phase == Phase::Step) continue;
    other -= phases[i];
    seconds[phase_name(phase)] = phases[i];
  }
  seconds["other"] = other;
  return {{"steps", recorded.steps},
          {"step_seconds", phases[static_cast<std::size_t>(Phase::Step)]},
          {"layers", layers_json(network, recorded)},
          {"phases_seconds", seconds}};
}

std::vector<std::string> gather_text(const dist::Communicator& ranks, const std::string& text) {
  return ranks.gather(std::as_bytes(std::span(text)));
}

std::string name_of(const layers::Network& network, const Span& span) {
  if (!of_layer(span)) return phase_name(span.phase);
  return fmt::format("{} {}", layer_of(network, span.layer).name, phase_name(span.phase));
}

// The trace events of this rank's last steps, without the brackets around them.
std::string own_events(const dist::Communicator& ranks, const layers::Network& network,
                       const RecordedSteps& recorded) {
  std::vector<double> begins;
  for (const auto& span : recorded.threads.at(0)) {
    if (span.phase == Phase::Step) begins.push_back(span.begin);
  }
  const double from = begins.size() > kTracedSteps ? begins[begins.size() - kTracedSteps] : 0;
  std::string events = Json{{"name", "process_name"},
                            {"ph", "M"},
                            {"pid", ranks.rank()},
                            {"args", {{"name", fmt::format("rank {}", ranks.rank())}}}}
                           .dump();
  const auto microseconds = [](double seconds) { return seconds * 1e6; };
  for (std::size_t thread = 0; thread < recorded.threads.size(); ++thread) {
    for (const auto& span : recorded.threads[thread]) {
      if (span.begin < from) continue;
      events += ",\n" + Json{{"name", name_of(network, span)},
                             {"cat", phase_name(span.phase)},
                             {"ph", "X"},
                             {"pid", ranks.rank()},
                             {"tid", thread},
                             {"ts", microseconds(span.begin - recorded.zero)},
                             {"dur", microseconds(span.end - span.begin)}}
                            .dump();
    }
  }
  return events;
}

}  // namespace

Json profile_of(const dist::Communicator& ranks, const layers::Network& network,
                const RecordedSteps& recorded) {
  Json all = Json::array();
  for (const auto& text : gather_text(ranks, own_profile(network, recorded).dump()))
    all.push_back(Json::parse(text));
  return all;
}

std::string profile_text(const Json& profile) {
  const double step = profile["step_seconds"].get<double>();
  const auto ms = [](double seconds) { return fmt::format("{:.3f}", seconds * 1e3); };
  const auto share = [&](double seconds) {
    return fmt::format("{:.1f}%", step > 0 ? 100 * seconds / step : 0.0);
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& layer : profile["layers"]) {
    const auto number = [&](const char* key) { return layer[key].get<double>(); };
    const double forward = number("forward_seconds"), backward = number("backward_seconds");
    const double gflops = number("forward_gflops");
    rows.push_back(
        {layer["name"], layer["kind"], ms(forward), ms(backward),
         ms(number("forward_primitives_seconds") + number("backward_primitives_seconds")),
         gflops > 0 ? fmt::format("{:.0f}", gflops) : "", ms(forward + backward),
         share(forward + backward)});
  }
  for (const auto& [name, seconds] : profile["phases_seconds"].items()) {
    if (name == phase_name(Phase::Forward) || name == phase_name(Phase::Backward)) continue;
    rows.push_back({name, "", "", "", "", "", ms(seconds), share(seconds)});
  }
  rows.push_back({"step", "", "", "", "", "", ms(step), share(step)});
  return table({"rank 0, ms a step", "kind", "forward", "backward", "primitives", "forward GFLOP/s",
                "all", "share"},
               rows);
}

void write_trace(const dist::Communicator& ranks, const layers::Network& network,
                 const RecordedSteps& recorded, const std::string& path) {
  OutputFile file(ranks, path);
  const auto parts = gather_text(ranks, own_events(ranks, network, recorded));
  dist::all_or_none(ranks, [&] {
    if (ranks.rank() != 0) return;
    file.append(fmt::format("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n",
                            fmt::join(parts, ",\n")));
  });
  file.finish();
}

}  // namespace lockstep::apps
