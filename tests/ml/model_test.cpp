#include "ml/model.hpp"

#include <google/protobuf/text_format.h>

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"

namespace lockstep::ml {
namespace {

using lockstep::tests::ForgetfulFiles;
using lockstep::tests::Survives;
using lockstep::tests::with_every_power_cut;
using Vector = std::vector<float>;

const char* const kDense =
    "layer { dense { units: 3 activation: RELU } } layer { dense { units: 2 activation: SOFTMAX } "
    "} lane_size: 4";
const char* const kConvolution =
    "layer { conv2d { filters: 5 kernel_size: 3 } } layer { batch_norm {} } layer { dense { units: "
    "3 activation: SOFTMAX } } lane_size: 4";

layers::Network network_of(const std::string& text, const Shape& input) {
  layers::prepare_thread();
  proto::Network config;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return layers::Network(config, input, "stage[0].network");
}

Vector initial(const layers::Network& network, std::uint64_t seed) {
  Vector flat(network.parameter_floats());
  network.initialize(seed, flat);
  return flat;
}

std::vector<std::string> described(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> lines;
  for (const auto& tensor : tensors)
    lines.push_back(tensor.name + " " + to_string(Shape(tensor.shape)));
  return lines;
}

TEST_CASE("to_tensors gives the first layer first, in PyTorch's shapes", "[ml][model]") {
  const auto dense = network_of(kDense, {4});
  CHECK(described(to_tensors(dense, initial(dense, 1))) ==
        std::vector<std::string>{"dense_0.weight 3x4", "dense_0.bias 3", "dense_1.weight 2x3",
                                 "dense_1.bias 2"});
  const auto convolution = network_of(kConvolution, {1, 6, 6});
  const auto flat = initial(convolution, 1);
  CHECK(described(to_tensors(convolution, flat)) ==
        std::vector<std::string>{"conv2d_0.weight 5x1x3x3", "conv2d_0.bias 5",
                                 "batch_norm_1.weight 5", "batch_norm_1.bias 5",
                                 "batch_norm_1.running_mean 5", "batch_norm_1.running_var 5",
                                 "dense_2.weight 3x80", "dense_2.bias 3"});
  const auto weights = described(to_tensors(convolution, flat, "exp_avg.", true));
  CHECK(weights.size() == 6);
  CHECK(weights.front() == "exp_avg.conv2d_0.weight 5x1x3x3");
}

TEST_CASE("from_tensors brings every parameter back, through safetensors", "[ml][model]") {
  for (const auto& [text, input] :
       std::vector<std::pair<const char*, Shape>>{{kDense, {4}}, {kConvolution, {1, 6, 6}}}) {
    const auto network = network_of(text, input);
    const auto flat = initial(network, 3);
    Vector back(flat.size(), 0.0f);
    from_tensors(network, from_safetensors(to_safetensors(to_tensors(network, flat)), "x"), back,
                 "x");
    CHECK(back == flat);
    auto other_order = to_tensors(network, flat);
    std::reverse(other_order.begin(), other_order.end());
    other_order.push_back({"more", {1}, {5}});  // what the network does not know is left alone
    std::fill(back.begin(), back.end(), 0.0f);
    from_tensors(network, other_order, back, "x");
    CHECK(back == flat);
  }
}

TEST_CASE("from_tensors names the tensor that is missing or has another shape", "[ml][model]") {
  const auto network = network_of(kDense, {4});
  const auto tensors = to_tensors(network, initial(network, 1));
  Vector flat(network.parameter_floats());
  auto missing = tensors;
  missing.erase(missing.begin() + 2);
  CHECK_THROWS_WITH(from_tensors(network, missing, flat, "the/path"),
                    "the/path has no tensor 'dense_1.weight'");
  auto turned = tensors;
  turned[0].shape = {4, 3};
  CHECK_THROWS_WITH(from_tensors(network, turned, flat, "the/path"),
                    "tensor 'dense_0.weight' of the/path is 4x3, the network needs 3x4");
  CHECK_THROWS_AS(from_tensors(network, tensors, flat, "the/path", "exp_avg."), FileError);
}

proto::Pipeline some_pipeline() {
  proto::Pipeline pipeline;
  pipeline.set_name("a");
  pipeline.set_partitions(64);
  return pipeline;
}

const std::string kModel = "runs/a/model";

struct SavedModel {
  layers::Network network = network_of(kDense, {4});
  Vector old_parameters = initial(network, 1), new_parameters = initial(network, 2);
  ForgetfulFiles files;

  SavedModel() {
    make_durable_folder(files, "runs/a");
    save_model(files, kModel, some_pipeline(), network, old_parameters);
  }

  // The parameters of the model that is found under `path`.
  Vector read(const Files& found, const std::string& path) const {
    const auto model = read_model(found, path);
    Vector flat(network.parameter_floats());
    from_tensors(network, from_safetensors(model.weights, "x"), flat, "x");
    return flat;
  }
};

TEST_CASE("read_model gives back what save_model wrote, from the model or its run folder",
          "[ml][model]") {
  const SavedModel saved;
  const auto model = read_model(saved.files, kModel);
  CHECK(model.path == kModel);
  CHECK(model.pipeline.name() == "a");
  CHECK(model.pipeline.partitions() == 64);
  CHECK_FALSE(model.pipeline.lockstep_version().empty());
  CHECK(read_model(saved.files, "runs/a").path == kModel);
  CHECK(saved.read(saved.files, kModel) == saved.old_parameters);
  CHECK(saved.files.after_power_cut(Survives::Synced).read(kModel + "/weights.safetensors") ==
        model.weights);
}

TEST_CASE("saving the same model gives the same bytes", "[ml][model]") {
  SavedModel saved;
  save_model(saved.files, "runs/a/again", some_pipeline(), saved.network, saved.old_parameters);
  for (const std::string name : {"/pipeline.textproto", "/weights.safetensors"}) {
    CHECK(saved.files.read("runs/a/again" + name) == saved.files.read(kModel + name));
  }
}

TEST_CASE("a model keeps the weights of estimators before the last in files of their own",
          "[ml][model]") {
  SavedModel saved;
  save_model(saved.files, kModel, some_pipeline(), saved.network, saved.old_parameters,
             {{"stage_1.safetensors", "one"}, {"stage_3.safetensors", "three"}});
  const auto model = read_model(saved.files, kModel);
  CHECK(model.earlier_weights == std::vector<std::string>{"one", "three"});
  CHECK(saved.read(saved.files, kModel) == saved.old_parameters);
  saved.files.damage(kModel + "/stage_3.safetensors", "thre");
  CHECK_THROWS_WITH(read_model(saved.files, kModel),
                    "runs/a/model/stage_3.safetensors does not match its checksum: it is damaged "
                    "or cut short (4 bytes)");
  saved.files.remove(kModel + "/stage_3.safetensors");
  CHECK_THROWS_AS(read_model(saved.files, kModel), FileError);
}

TEST_CASE("read_model says what is wrong with a folder", "[ml][model]") {
  SavedModel saved;
  CHECK_THROWS_WITH(read_model(saved.files, "runs"),
                    "runs is not a model: it has no pipeline.textproto");
  for (const std::string name : {"pipeline.textproto", "weights.safetensors"}) {
    const std::string path = kModel + "/" + name, whole = saved.files.read(path);
    for (std::size_t length = 0; length + 1 < whole.size();
         ++length) {  // the last newline of the text may go
      saved.files.damage(path, whole.substr(0, length));
      INFO(name << " cut at " << length);
      CHECK_THROWS_AS(read_model(saved.files, kModel), FileError);
    }
    saved.files.damage(path, whole);
  }
  CHECK_NOTHROW(read_model(saved.files, kModel));
  saved.files.remove(kModel + "/weights.safetensors");
  CHECK_THROWS_AS(read_model(saved.files, kModel), FileError);
}

TEST_CASE(
    "a power cut while a model is replaced leaves the old or the new one, and it can be replaced "
    "again",
    "[ml][model]") {
  const SavedModel saved;
  bool completed = false;
  const auto work = [&](Files& files) {
    completed = false;
    save_model(files, kModel, some_pipeline(), saved.network, saved.new_parameters);
    completed = true;
  };
  with_every_power_cut(saved.files, work, [&](ForgetfulFiles& found) {
    for (const auto& path : {kModel, std::string("runs/a")}) {
      const auto parameters = saved.read(found, path);
      CHECK((parameters == saved.new_parameters ||
             (!completed && parameters == saved.old_parameters)));
    }
    save_model(found, kModel, some_pipeline(), saved.network, saved.new_parameters);
    CHECK(saved.read(found, kModel) == saved.new_parameters);
    CHECK(found.list("runs/a") == std::vector<std::string>{"model"});
  });
  CHECK(completed);
}

TEST_CASE("save_schema and load_schema keep names, kinds and shapes in order", "[ml][model]") {
  data::Schema schema;
  schema.add("label", {data::ColumnType::Kind::Number, {}});
  schema.add("features", {data::ColumnType::Kind::Vector, {7}});
  schema.add("image", {data::ColumnType::Kind::Image, {1, 2, 3}});
  proto::Pipeline pipeline;
  save_schema(schema, pipeline);
  CHECK(load_schema(pipeline).columns() == schema.columns());
}

}  // namespace
}  // namespace lockstep::ml
