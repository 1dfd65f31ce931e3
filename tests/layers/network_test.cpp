#include "layers/network.hpp"

#include <algorithm>
#include <thread>

#include "core/error.hpp"
#include "tests/layers/rig.hpp"

namespace lockstep::layers::testing {
namespace {

const char* const kCnn =
    "layer { conv2d { filters: 20 kernel_size: 3 padding: SAME activation: RELU } } "
    "layer { max_pooling { kernel_size: 2 } } layer { batch_norm {} } layer { dropout { rate: 0.3 "
    "} } "
    "layer { residual { layer { conv2d { filters: 20 kernel_size: 3 padding: SAME } } } } "
    "layer { dense { units: 32 activation: GELU } } layer { dense { units: 10 activation: SOFTMAX "
    "} } lane_size: 8";
const Shape kImage{1, 12, 10};

// A network, its weights, and one thread's memory.
struct Bench {
  explicit Bench(const std::string& config, const Shape& input)
      : network((prepare_thread(), network_config(config)), input, "stage[1].network"),
        parameters(network.parameter_floats()),
        packed(network.packed_floats()) {
    network.initialize(7, parameters.span());
    network.pack(parameters.span(), packed.span());
  }

  Worker::Pass pass(std::size_t rows) {
    row_ids.clear(), labels.clear();
    for (std::size_t i = 0; i < rows; ++i) {
      row_ids.push_back(i * i + 3);
      labels.push_back(static_cast<float>(i % network.outputs()));
    }
    Worker::Pass made;
    made.rows = rows;
    made.row_ids = row_ids;
    made.labels = labels;
    made.seed = 5, made.step = 9;
    made.parameters = parameters.span();
    made.packed = packed.span();
    return made;
  }

  Network network;
  Buffer<float> parameters, packed;
  std::vector<std::uint64_t> row_ids;
  Numbers labels;
};

void fill_input(Worker& worker, std::size_t rows) {
  auto input = worker.input(rows);
  const auto x = random_numbers(input.size(), 8);
  std::copy(x.begin(), x.end(), input.begin());
}

Numbers train(Worker& worker, const Worker::Pass& pass, std::size_t floats) {
  fill_input(worker, pass.rows);
  Numbers gradients(floats, std::numeric_limits<float>::quiet_NaN());
  const auto result = worker.train(pass, gradients, {});
  gradients.push_back(static_cast<float>(result.loss));
  return gradients;
}

}  // namespace

TEST_CASE("initialize takes the rows that a network shall start with", "[layers][network]") {
  prepare_thread();
  const std::string config =
      "layer { embedding { units: 3 vocabulary_size: 5 } } layer { mean_over_time {} } lane_size: "
      "2";
  Network drawn(network_config(config), Shape{4}, "network"),
      given(network_config(config), Shape{4}, "network");
  const auto& weight = given.parameters().front();
  REQUIRE(weight.info.name == "embedding_0.weight");
  given.start_with(weight, {{4, 1}, {1, 2, 3, 4, 5, 6}});
  Buffer<float> a(drawn.parameter_floats()), b(given.parameter_floats());
  drawn.initialize(7, a.span());
  given.initialize(7, b.span());
  for (const std::size_t row : {0, 2, 3})
    CHECK(std::equal(&a[row * 3], &a[row * 3 + 3], &b[row * 3]));
  CHECK(Numbers(&b[3], &b[6]) == Numbers{4, 5, 6});
  CHECK(Numbers(&b[12], &b[15]) == Numbers{1, 2, 3});
}

TEST_CASE("a lane's bits do not depend on earlier passes, the worker or the thread",
          "[layers][network]") {
  Bench bench(kCnn, kImage);
  const auto floats = bench.network.parameter_floats();
  Worker worker(bench.network);
  const auto first = train(worker, bench.pass(8), floats);
  for (const float g : first) REQUIRE(std::isfinite(g));
  const auto shorter = train(worker, bench.pass(3), floats);
  CHECK(train(worker, bench.pass(8), floats) == first);
  fill_input(worker, 8);
  worker.evaluate(bench.pass(8));
  CHECK(train(worker, bench.pass(8), floats) == first);

  const auto eight = bench.pass(8);
  std::vector<Numbers> full(4), part(4);
  std::vector<std::thread> threads;
  Bench other(kCnn, kImage);  // compiles its variant in several threads at once
  const auto three = other.pass(3);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      prepare_thread();
      Worker own(bench.network), own_other(other.network);
      part[t] = train(own_other, three, floats);
      full[t] = train(own, eight, floats);
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t t = 0; t < 4; ++t) {
    CHECK(full[t] == first);
    CHECK(part[t] == shorter);
  }
}

TEST_CASE("progress tells which gradients are final, from the front to the whole",
          "[layers][network]") {
  Bench bench(kCnn, kImage);
  Worker worker(bench.network);
  fill_input(worker, 8);
  Numbers gradients(bench.network.parameter_floats(), 1e30f), seen(gradients.size());
  std::size_t done = 0;
  worker.train(bench.pass(8), gradients, [&](std::size_t floats) {
    REQUIRE(floats >= done);
    std::copy(gradients.begin() + static_cast<std::ptrdiff_t>(done),
              gradients.begin() + static_cast<std::ptrdiff_t>(floats),
              seen.begin() + static_cast<std::ptrdiff_t>(done));
    done = floats;
  });
  CHECK(done == gradients.size());
  CHECK(seen == gradients);
}

TEST_CASE("parameters cover the flat vector, last layer first", "[layers][network]") {
  Bench bench(kCnn, kImage);
  std::size_t offset = 0, count = 0, layer = 100;
  for (const auto& parameter : bench.network.parameters()) {
    CHECK(parameter.offset == offset);
    CHECK(parameter.layer <= layer);
    layer = parameter.layer;
    offset += parameter.info.storage;
    if (parameter.info.kind == ParameterInfo::Kind::Weight) count += size_of(parameter.info);
  }
  CHECK(offset == bench.network.parameter_floats());
  CHECK(count == bench.network.parameter_count());
  CHECK(count == 200 + 40 + 3620 + 20 * 6 * 5 * 32 + 32 + 330);
  CHECK(bench.network.parameters().front().info.name == "dense_6.weight");
  CHECK(bench.network.parameters().back().info.name == "conv2d_0.bias");
  std::size_t summed = 0;
  for (const auto& line : bench.network.summary()) summed += line.parameters;
  CHECK(summed == count);
  CHECK(bench.network.summary().size() == 7);
  CHECK(bench.network.summary()[0].flops == Approx(2.0 * 9 * 20 * 120));
  CHECK(bench.network.summary()[4].kind == "residual");
  CHECK(bench.network.worker_bytes() > 0);
}

TEST_CASE("plain values go into a flat vector and back", "[layers][network]") {
  Bench bench(kCnn, kImage);
  Buffer<float> copy(bench.network.parameter_floats());
  for (const auto& parameter : bench.network.parameters()) {
    Numbers plain(size_of(parameter.info));
    bench.network.to_plain(parameter, bench.parameters.span(), plain);
    bench.network.from_plain(parameter, plain, copy.span());
  }
  CHECK(std::equal(copy.data(), copy.data() + copy.size(), bench.parameters.data()));
}

TEST_CASE("start values do not depend on the lane size", "[layers][network]") {
  Bench small(
      "layer { conv2d { filters: 5 kernel_size: 3 } } layer { dense { units: 7 } } lane_size: 1",
      kImage);
  Bench large(
      "layer { conv2d { filters: 5 kernel_size: 3 } } layer { dense { units: 7 } } lane_size: 64",
      kImage);
  for (std::size_t i = 0; i < small.network.parameters().size(); ++i) {
    const auto& a = small.network.parameters()[i];
    const auto& b = large.network.parameters()[i];
    Numbers left(size_of(a.info)), right(size_of(b.info));
    small.network.to_plain(a, small.parameters.span(), left);
    large.network.to_plain(b, large.parameters.span(), right);
    CHECK(left == right);
  }
}

TEST_CASE("packing in parts packs all", "[layers][network]") {
  Bench bench(kCnn, kImage);
  const std::size_t parts = GENERATE(1u, 2u, 3u, 16u);
  Numbers packed(bench.network.packed_floats(), 7.0f), whole(packed);
  bench.network.pack(bench.parameters.span(), whole);
  for (std::size_t part = 0; part < parts; ++part)
    bench.network.pack(bench.parameters.span(), packed, part, parts);
  CHECK(packed == whole);
}

TEST_CASE("a final softmax or sigmoid belongs to the loss, and comes out as probabilities",
          "[layers][network]") {
  const std::string end =
      GENERATE("layer { dense { units: 3 activation: SOFTMAX } }",
               "layer { dense { units: 3 } } layer { activation { kind: SOFTMAX } }",
               "layer { dense { units: 3 activation: LOG_SOFTMAX } }",
               "layer { dense { units: 3 } } loss { cross_entropy {} }");
  Bench bench(end, {5});
  CHECK(bench.network.task() == Task::Multiclass);
  CHECK(bench.network.loss_name() == "cross_entropy");
  CHECK(bench.network.outputs() == 3);
  Worker worker(bench.network);
  fill_input(worker, 4);
  const auto result = worker.evaluate(bench.pass(4));
  double loss = 0;
  for (std::size_t n = 0; n < 4; ++n) {
    const auto row = worker.outputs().subspan(n * 3, 3);
    CHECK(row[0] + row[1] + row[2] == Approx(1));
    loss -= std::log(row[n % 3]);
  }
  CHECK(result.loss == Approx(loss));
  CHECK(result.weight == 4);
}

TEST_CASE("the default loss follows the last layer", "[layers][network]") {
  CHECK(Bench("layer { dense { units: 1 activation: SIGMOID } }", {5}).network.task() ==
        Task::Binary);
  CHECK(Bench("layer { dense { units: 1 } } layer { activation { kind: SIGMOID } }", {5})
            .network.task() == Task::Binary);
  CHECK(Bench("layer { dense { units: 2 activation: SIGMOID } }", {5}).network.loss_name() ==
        "mean_squared_error");
  CHECK(Bench("layer { dense { units: 2 } }", {5}).network.task() == Task::Regression);
  CHECK(Bench("layer { dense { units: 4 activation: SIGMOID } } loss { binary_cross_entropy {} }",
              {5})
            .network.task() == Task::Regression);
  CHECK(Bench("layer { conv2d { filters: 2 kernel_size: 3 padding: SAME } }", {2, 4, 4})
            .network.outputs() == 32);
}

TEST_CASE("predict gives what evaluate gives, row by row, whatever the number of rows",
          "[layers][network]") {
  Bench bench(kCnn, kImage);
  Worker worker(bench.network);
  fill_input(worker, 8);
  worker.predict(bench.pass(8));
  const Numbers whole(worker.outputs().begin(), worker.outputs().end());
  CHECK(whole.size() == 80);
  fill_input(worker, 3);
  auto pass = bench.pass(3);
  pass.labels = {};
  worker.predict(pass);
  for (std::size_t i = 0; i < 30; ++i) CHECK(worker.outputs()[i] == Approx(whole[i]).margin(1e-5));
}

TEST_CASE("a layer that does not fit is a ConfigError with its field", "[layers][network]") {
  struct Case {
    std::string config, field;
    Shape input;
  };
  const auto c = GENERATE(
      Case{"layer { conv2d { filters: 4 kernel_size: 3 } }", "net.layer[0].conv2d", {784}},
      Case{"layer { flatten {} } layer { conv2d { filters: 4 kernel_size: 3 } }",
           "net.layer[1].conv2d",
           {1, 9, 9}},
      Case{"layer { conv2d { filters: 4 kernel_size: 10 } }",
           "net.layer[0].conv2d.kernel_size",
           {1, 9, 9}},
      Case{"layer { conv2d { filters: 4 } }", "net.layer[0].conv2d.kernel_size", {1, 9, 9}},
      Case{"layer { conv2d { filters: 4 kernel_size: [1, 2, 3] } }",
           "net.layer[0].conv2d.kernel_size",
           {1, 9, 9}},
      Case{"layer { conv2d { filters: 4 kernel_size: 3 strides: 0 } }",
           "net.layer[0].conv2d.strides",
           {1, 9, 9}},
      Case{"layer { conv2d { filters: 4 kernel_size: 3 groups: 2 } }",
           "net.layer[0].conv2d.groups",
           {3, 9, 9}},
      Case{"layer { conv2d { filters: 16 kernel_size: 3 algorithm: WINOGRAD } }",
           "net.layer[0].conv2d.algorithm",
           {3, 9, 9}},
      Case{"layer { max_pooling { kernel_size: 20 } }",
           "net.layer[0].max_pooling.kernel_size",
           {1, 9, 9}},
      Case{"layer { residual { layer { dense { units: 3 } } } }",
           "net.layer[0].residual.shortcut",
           {4}},
      Case{"layer { residual { layer { conv2d { filters: 1 kernel_size: 1 } } } }",
           "net.layer[0].residual.layer[0].conv2d",
           {4}},
      Case{"layer { name: 'a' dense { units: 3 } } layer { name: 'a' dense { units: 3 } }",
           "net.layer[1].dense",
           {4}},
      Case{"layer { dense { units: 1 activation: SOFTMAX } }", "net.loss.cross_entropy", {4}},
      Case{"layer { dense { units: 3 activation: SOFTMAX } }", "net.loss.cross_entropy", {4, 6}},
      Case{"layer { name: 'x' }", "net.layer[0]", {4}}, Case{"", "net.layer", {4}});
  INFO(c.config);
  std::string field = "none";
  try {
    Network network(network_config(c.config), c.input, "net");
  } catch (const ConfigError& error) {
    field = error.where().field;
  }
  CHECK(field == c.field);
}

TEST_CASE("primitive_seconds counts the calling thread's time in oneDNN", "[layers][network]") {
  Bench bench(kCnn, kImage);
  Worker worker(bench.network);
  fill_input(worker, 8);
  const double before = primitive_seconds();
  worker.predict(bench.pass(8));
  CHECK(primitive_seconds() > before);
  double elsewhere = 1;
  std::thread([&] { elsewhere = primitive_seconds(); }).join();
  CHECK(elsewhere == 0);
}

TEST_CASE("the library and its instruction set have names", "[layers][network]") {
  CHECK(library_version().rfind("oneDNN ", 0) == 0);
  CHECK(!isa_name(detected_isa()).empty());
}

TEST_CASE("training steps lower the loss", "[layers][network]") {
  Bench bench(kCnn, kImage);
  Worker worker(bench.network);
  Numbers gradients(bench.network.parameter_floats());
  double first = 0, last = 0;
  for (int step = 0; step < 30; ++step) {
    fill_input(worker, 8);
    last = worker.train(bench.pass(8), gradients, {}).loss;
    if (step == 0) first = last;
    for (const auto& p : bench.network.parameters()) {
      if (p.info.kind != ParameterInfo::Kind::Weight) continue;
      for (std::size_t i = p.offset; i < p.offset + p.info.storage; ++i)
        bench.parameters[i] -= 0.01f * gradients[i];
    }
    bench.network.pack(bench.parameters.span(), bench.packed.span());
  }
  CHECK(last < first / 3);
}

}  // namespace lockstep::layers::testing
