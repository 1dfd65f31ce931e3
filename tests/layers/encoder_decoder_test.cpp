// Sequence to sequence: loss and gradients against PyTorch and central differences, rows that end
// early, and what beam search writes against all texts there are.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "layers/target_words.hpp"
#include "tests/layers/golden.hpp"

namespace lockstep::layers::testing {
namespace {

constexpr std::size_t kSource = 5, kTarget = 4, kWords = 9;

std::string translator(const std::string& fields, std::size_t rows) {
  return fmt::format(
      "layer {{ encoder_decoder {{ embedding_units: 3 source_vocabulary: {0} target_vocabulary: "
      "{0} target_length: {1} {2} }} }} lane_size: {3}",
      kWords, kTarget, fields, rows);
}

/// A network on random parameters and a batch of ids.
struct Bench {
  Network network;
  Buffer<float> parameters, packed, gradients;
  Worker worker;
  Numbers x, labels;
  std::vector<std::uint64_t> row_ids;

  Bench(const std::string& fields, std::size_t rows, const Numbers& texts, const Numbers& targets)
      : network(network_config(translator(fields, rows)), {kSource}, "network"),
        parameters(network.parameter_floats()),
        packed(network.packed_floats()),
        gradients(network.parameter_floats()),
        worker(network),
        x(texts),
        labels(targets) {
    for (std::size_t n = 0; n < rows; ++n) row_ids.push_back(100 + 7 * n);
    network.initialize(1, parameters.span());
    std::size_t seed = 50;
    for (const auto& p : network.parameters()) {
      auto values = random_numbers(size_of(p.info), ++seed);
      for (auto& v : values) v *= 0.75f;
      network.from_plain(p, values, parameters.span());
    }
  }

  Worker::Pass pass(const Numbers& wanted) {
    prepare_thread();
    network.pack(parameters.span(), packed.span());
    std::copy(x.begin(), x.end(), worker.input(row_ids.size()).begin());
    return {row_ids.size(), row_ids, wanted, {}, 5, 3, parameters.span(), packed.span()};
  }
  LaneResult train() { return worker.train(pass(labels), gradients.span(), {}); }
  LaneResult evaluate(const Numbers& wanted) { return worker.evaluate(pass(wanted)); }
  std::vector<WrittenText> write(const WritingOptions& options) {
    return worker.write(pass({}), options);
  }
};

const Numbers kTexts{4, 5, 6, 7, 8, 8, 1, 4, 0, 0, 5, 0, 0, 0, 0};
const Numbers kTargets{4, 8, 0, 0, 6, 7, 1, 5, 0, 0, 0, 0};

Numbers gradient_of(Bench& bench, const Parameter& parameter) {
  Numbers plain(size_of(parameter.info));
  bench.network.to_plain(parameter, bench.gradients.span(), plain);
  return plain;
}

/// The loss of one text is what its words cost and its end.
double log_probability(Bench& bench, const WrittenText& words) {
  Numbers label(kTarget, 0.0f);
  std::copy(words.begin(), words.end(), label.begin());
  return -bench.evaluate(label).loss;
}

/// Every text of up to `most` words.
std::vector<WrittenText> all_texts(std::size_t most) {
  std::vector<WrittenText> texts{{}};
  for (std::size_t begin = 0, n = 0; n < most; ++n) {
    const std::size_t end = texts.size();
    for (; begin < end; ++begin) {
      for (std::int32_t word = kEndId + 1; word < static_cast<std::int32_t>(kWords); ++word) {
        texts.push_back(texts[begin]);
        texts.back().push_back(word);
      }
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("encoder_decoder: loss, gradients and greedy texts are PyTorch's",
          "[layers][encoder_decoder]") {
  prepare_thread();
  const auto cases = read_golden("encoder_decoder.txt");
  REQUIRE(cases.size() == 5);
  for (const auto& golden : cases) {
    INFO(golden.name);
    check_training(golden, {kSource}, 3);
    GoldenBatch batch(golden, {kSource}, 3);
    Numbers written;
    for (auto text : batch.worker.write(batch.pass(), {1, kTarget, 1})) {
      text.resize(kTarget);
      written.insert(written.end(), text.begin(), text.end());
    }
    CHECK(written == golden.at("greedy"));
  }
}

TEST_CASE("encoder_decoder: gradients", "[layers][encoder_decoder]") {
  const std::string fields =
      GENERATE("cell: LSTM units: 4", "cell: GRU units: 6 num_layers: 2",
               "cell: LSTM units: 3 bidirectional: false num_layers: 2 dropout: 0.25",
               "cell: GRU units: 4 attention: false dropout: 0.5");
  INFO(fields);
  Bench bench(fields, 3, kTexts, kTargets);
  bench.train();
  for (const auto& parameter : bench.network.parameters()) {
    const auto gradient = gradient_of(bench, parameter);
    Numbers values(gradient.size());
    bench.network.to_plain(parameter, bench.parameters.span(), values);
    double scale = 0.05;
    for (const float g : gradient) scale = std::max(scale, std::abs(static_cast<double>(g)));
    const std::size_t stride = std::max<std::size_t>(1, values.size() / 25);
    for (std::size_t i = 0; i < values.size(); i += stride) {
      const float before = values[i];
      const auto loss_at = [&](float value) {
        values[i] = value;
        bench.network.from_plain(parameter, values, bench.parameters.span());
        return bench.train().loss;
      };
      const double up = loss_at(before + 0.005f), down = loss_at(before - 0.005f);
      loss_at(before);
      INFO(parameter.info.name << "[" << i << "]: derivative " << gradient[i] << ", difference "
                               << (up - down) / 0.01);
      CHECK(std::abs((up - down) / 0.01 - gradient[i]) <= 0.01 * scale);
    }
  }
}

TEST_CASE("encoder_decoder: a row does not see the others, nor what lies behind its end",
          "[layers][encoder_decoder]") {
  Bench bench("units: 4", 3, kTexts, kTargets);
  const auto together = bench.evaluate(kTargets);
  CHECK(together.weight == 9);  // words and ends, that of an empty text too
  double loss = 0;
  for (std::size_t n = 0; n < 3; ++n) {
    const auto row = [n](const Numbers& all, std::size_t width) {
      return Numbers(all.begin() + static_cast<std::ptrdiff_t>(n * width),
                     all.begin() + static_cast<std::ptrdiff_t>((n + 1) * width));
    };
    Bench alone("units: 4", 1, row(kTexts, kSource), row(kTargets, kTarget));
    loss += alone.evaluate(alone.labels).loss;
  }
  CHECK(together.loss == Approx(loss).epsilon(1e-6));
}

TEST_CASE("encoder_decoder: begin and end that a token_indexer adds change nothing",
          "[layers][encoder_decoder]") {
  Bench bench("units: 4", 1, {4, 5, 6, 0, 0}, {});
  const auto plain = bench.evaluate({7, 8, 0, 0}), marked = bench.evaluate({2, 7, 8, 3});
  CHECK(plain.loss == marked.loss);
  CHECK(plain.weight == 3);
  CHECK(marked.weight == 3);
}

TEST_CASE("encoder_decoder: texts and targets without words", "[layers][encoder_decoder]") {
  Bench bench("units: 4", 2, Numbers(2 * kSource, 0.0f), Numbers(2 * kTarget, 0.0f));
  const auto result = bench.train();
  CHECK(result.weight == 2);  // the ends
  CHECK(std::isfinite(result.loss));
  for (const float g : bench.gradients.span()) REQUIRE(std::isfinite(g));
  CHECK(bench.write({2, kTarget, 1}).size() == 2);
}

TEST_CASE("beam search: a wide beam finds the best of all texts", "[layers][encoder_decoder]") {
  const double penalty = GENERATE(0.0, 1.0, 2.0);
  INFO("length penalty " << penalty);
  const std::size_t most = 3;
  for (const std::string fields : {"units: 4", "cell: GRU units: 4 num_layers: 2"}) {
    Bench bench(fields, 1, {4, 5, 6, 7, 0}, {});
    const auto written = bench.write({1000, most, penalty}).at(0);
    // A text that is cut at the limit has no end: its last word is the last step.
    WrittenText best;
    double best_score = 0;
    bool first = true;
    for (const auto& text : all_texts(most - 1)) {
      const double score =
          log_probability(bench, text) / std::pow(static_cast<double>(text.size() + 1), penalty);
      if (first || score > best_score) best = text, best_score = score;
      first = false;
    }
    if (written.size() < most) {
      CHECK(written == best);
    } else {
      // Then one of the cut ones is better than all that end in time.
      const WrittenText before(written.begin(), written.end() - 1);
      CHECK(log_probability(bench, before) < 0);
    }
  }
}

TEST_CASE("beam search: no unknown word, no special id, no more words than allowed",
          "[layers][encoder_decoder]") {
  Bench bench("units: 4", 3, kTexts, {});
  for (const std::size_t width : {1u, 2u, 5u}) {
    for (const auto& text : bench.write({width, 6, 1})) {
      CHECK(text.size() <= 6);
      for (const auto word : text)
        CHECK((word > kEndId && word < static_cast<std::int32_t>(kWords)));
    }
  }
  CHECK(bench.write({1, 0, 1}) == std::vector<WrittenText>(3));
}

TEST_CASE("encoder_decoder: what does not fit is said", "[layers][encoder_decoder]") {
  const auto refused = [](const std::string& text, const Shape& input, const std::string& field,
                          const std::string& what) {
    INFO(text);
    try {
      Network network(network_config(text), input, "stage[1].network");
      FAIL("no error");
    } catch (const ConfigError& error) {
      CHECK(error.where().field == "stage[1].network.layer[0].encoder_decoder" + field);
      CHECK(std::string(error.what()).find(what) != std::string::npos);
    }
  };
  refused(translator("units: 5", 2), {kSource}, ".units", "5 units cannot be halved");
  refused(translator("units: 4", 2), {kSource, 3}, "", "reads the ids of words");
  refused("layer { encoder_decoder { units: 4 target_vocabulary: 9 target_length: 4 } }", {kSource},
          ".source_vocabulary", "not known");
  refused("layer { encoder_decoder { units: 4 source_vocabulary: 9 target_length: 4 } }", {kSource},
          ".target_vocabulary", "not known");
}

}  // namespace lockstep::layers::testing
