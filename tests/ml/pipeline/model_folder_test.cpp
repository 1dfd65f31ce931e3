#include "ml/pipeline/model_folder.hpp"

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"
#include "tests/ml/pipeline/fitted_pipeline.hpp"

namespace lockstep::ml {
namespace {

using lockstep::tests::ForgetfulFiles;
using lockstep::tests::Survives;
using lockstep::tests::with_every_power_cut;

proto::Pipeline some_pipeline() {
  proto::Pipeline pipeline;
  pipeline.set_name("a");
  pipeline.set_partitions(64);
  return pipeline;
}

const std::string kModel = "runs/a/model";

/// A model folder with an autoencoder before the network, and what else could stand there.
struct Saved {
  Pipeline old_pipeline = fitted_pipeline(1), new_pipeline = fitted_pipeline(2);
  ForgetfulFiles files;

  Saved() {
    make_durable_folder(files, "runs/a");
    save_model(files, kModel, some_pipeline(), old_pipeline);
  }
};

std::vector<std::string> tensors_of(const Pipeline& pipeline) {
  proto::Pipeline ignored;
  std::vector<std::string> bytes;
  for (const auto& file : save_stages(pipeline, ignored)) bytes.push_back(file.bytes);
  return bytes;
}

TEST_CASE("read_model gives back what save_model wrote, from the model or its run folder",
          "[ml][model]") {
  const Saved saved;
  const auto model = read_model(saved.files, kModel);
  CHECK(model.path == kModel);
  CHECK(model.pipeline.name() == "a");
  CHECK(model.pipeline.partitions() == 64);
  CHECK_FALSE(model.pipeline.lockstep_version().empty());
  CHECK(read_model(saved.files, "runs/a").path == kModel);
  CHECK(model.tensors == tensors_of(saved.old_pipeline));
  CHECK(saved.files.after_power_cut(Survives::Synced).read(kModel + "/weights.safetensors") ==
        model.tensors.at(1));
}

TEST_CASE("saving the same model gives the same bytes", "[ml][model]") {
  Saved saved;
  save_model(saved.files, "runs/a/again", some_pipeline(), saved.old_pipeline);
  for (const std::string name : {"/pipeline.textproto", "/weights.safetensors"}) {
    CHECK(saved.files.read("runs/a/again" + name) == saved.files.read(kModel + name));
  }
}

TEST_CASE("a model keeps the tensors of estimators before the last in files of their own",
          "[ml][model]") {
  Saved saved;
  const auto model = read_model(saved.files, kModel);
  REQUIRE(model.pipeline.tensors_size() == 2);
  CHECK(model.pipeline.tensors(0).name() == "stage_0.safetensors");
  CHECK(model.pipeline.tensors(1).name() == "weights.safetensors");
  CHECK(model.pipeline.tensors(1).stage() == 1);
  saved.files.damage(kModel + "/stage_0.safetensors", "thre");
  CHECK_THROWS_WITH(read_model(saved.files, kModel),
                    "runs/a/model/stage_0.safetensors does not match its checksum: it is damaged "
                    "or cut short (4 bytes)");
  saved.files.remove(kModel + "/stage_0.safetensors");
  CHECK_THROWS_AS(read_model(saved.files, kModel), FileError);
}

TEST_CASE("a pipeline that is loaded predicts what the saved one predicts", "[ml][model]") {
  Saved saved;
  auto files = read_model(saved.files, kModel);
  save_schema(source_schema(), files.pipeline);
  const Pipeline loaded = load_pipeline(files);
  CHECK(loaded.estimators().size() == 2);
  CHECK(predicted(loaded) == predicted(saved.old_pipeline));
  CHECK(predicted(loaded) != predicted(saved.new_pipeline));
  files.tensors.pop_back();
  CHECK_THROWS_WITH(load_pipeline(files), "runs/a/model lacks the tensors of stage[1].network");
}

TEST_CASE("read_model says what is wrong with a folder", "[ml][model]") {
  Saved saved;
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
  const Saved saved;
  const auto old_tensors = tensors_of(saved.old_pipeline),
             new_tensors = tensors_of(saved.new_pipeline);
  bool completed = false;
  const auto work = [&](Files& files) {
    completed = false;
    save_model(files, kModel, some_pipeline(), saved.new_pipeline);
    completed = true;
  };
  with_every_power_cut(saved.files, work, [&](ForgetfulFiles& found) {
    for (const auto& path : {kModel, std::string("runs/a")}) {
      const auto tensors = read_model(found, path).tensors;
      CHECK((tensors == new_tensors || (!completed && tensors == old_tensors)));
    }
    save_model(found, kModel, some_pipeline(), saved.new_pipeline);
    CHECK(read_model(found, kModel).tensors == new_tensors);
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
