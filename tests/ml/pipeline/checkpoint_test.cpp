#include "ml/pipeline/checkpoint.hpp"

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"

namespace lockstep::ml {
namespace {

using tests::ForgetfulFiles;
using tests::Survives;
using tests::with_every_power_cut;
using Names = std::vector<std::string>;

const std::string kFolder = "run/checkpoints";

std::vector<NamedBytes> files_of(std::uint64_t step) {
  return {{"weights.safetensors", "weights after " + std::to_string(step)},
          {"optimizer.safetensors", std::string(step, 'o')}};
}

void save(CheckpointStore& store, std::uint64_t step) {
  proto::TrainingState state;
  state.set_step(step);
  state.set_config_digest("digest");
  store.save(state, [step] { return files_of(step); });
  store.wait();
}

void save(Files& files, std::uint64_t step, std::size_t keep_last = 2) {
  CheckpointStore store(files, kFolder, keep_last);
  save(store, step);
}

// The step of the newest checkpoint, 0 if there is none; checks that it is whole.
std::uint64_t newest(Files& files, Names* complaints = nullptr) {
  Names heard;
  const auto loaded =
      CheckpointStore(files, kFolder, 2).load_newest(complaints ? *complaints : heard);
  if (!loaded) return 0;
  CHECK(loaded->state.config_digest() == "digest");
  CHECK(loaded->files.size() == 2);
  for (const auto& [name, bytes] : files_of(loaded->state.step()))
    CHECK(loaded->files.at(name) == bytes);
  return loaded->state.step();
}

TEST_CASE("the newest checkpoint is loaded as it was saved", "[ml][checkpoint]") {
  ForgetfulFiles files;
  CHECK(newest(files) == 0);
  save(files, 7);
  CHECK(newest(files) == 7);
  save(files, 10);
  CHECK(newest(files) == 10);
  CHECK(files.after_power_cut(Survives::Synced).list(kFolder) ==
        Names{"step-0000000007", "step-0000000010"});
}

TEST_CASE("only the last checkpoints are kept", "[ml][checkpoint]") {
  ForgetfulFiles files;
  CheckpointStore store(files, kFolder, 2);
  for (std::uint64_t step : {1, 2, 3, 4}) save(store, step);
  CHECK(files.list(kFolder) == Names{"step-0000000003", "step-0000000004"});
}

TEST_CASE("a save waits for the one before it and tells its failure", "[ml][checkpoint]") {
  ForgetfulFiles files;
  CheckpointStore store(files, kFolder, 2);
  save(store, 1);
  files.crash_after(3);
  store.save({}, [] { return files_of(2); });
  CHECK_THROWS_AS(store.save({}, [] { return files_of(3); }), FileError);
  CHECK_NOTHROW(store.wait());  // told once
  store.save({}, []() -> std::vector<NamedBytes> { throw DataError("not a file"); });
  CHECK_THROWS_AS(store.wait(), DataError);
}

TEST_CASE("a damaged checkpoint is passed over with a complaint", "[ml][checkpoint]") {
  for (const std::string name :
       {"weights.safetensors", "optimizer.safetensors", "state.textproto"}) {
    ForgetfulFiles files;
    save(files, 1);
    save(files, 2);
    const std::string path = kFolder + "/step-0000000002/" + name, whole = files.read(path);
    std::vector<std::string> damaged{whole + "x"};
    for (std::size_t length = 0; length < whole.size(); ++length)
      damaged.push_back(whole.substr(0, length));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      damaged.push_back(whole);
      damaged.back()[at] ^= 1;
    }
    for (const auto& bytes : damaged) {
      files.damage(path, bytes);
      INFO(name << " is " << bytes);
      Names complaints;
      CHECK(newest(files, &complaints) == 1);
      REQUIRE(complaints.size() == 1);
      CHECK(complaints[0].find("checkpoint run/checkpoints/step-0000000002 is passed over: ") == 0);
    }
    files.remove(path);
    CHECK(newest(files) == 1);
  }
}

TEST_CASE("where all checkpoints are damaged there is none", "[ml][checkpoint]") {
  ForgetfulFiles files;
  save(files, 1);
  files.damage(kFolder + "/step-0000000001/state.textproto", "");
  Names complaints;
  CHECK(newest(files, &complaints) == 0);
  CHECK(complaints.size() == 1);
}

TEST_CASE("a run that went back to an older checkpoint replaces the damaged ones",
          "[ml][checkpoint]") {
  for (std::size_t keep_last : {1, 2}) {
    ForgetfulFiles files;
    for (std::uint64_t step : {10, 20, 30}) save(files, step, 3);
    files.damage(kFolder + "/step-0000000020/weights.safetensors", "");
    files.damage(kFolder + "/step-0000000030/weights.safetensors", "");
    REQUIRE(newest(files) == 10);
    save(files, 15, keep_last);  // earlier than the damaged ones: it must not be taken for old
    CHECK(newest(files) == 15);
    CHECK(files.list(kFolder).size() == keep_last);
    save(files, 20, keep_last);
    CHECK(newest(files) == 20);
  }
}

TEST_CASE("leftovers of an interrupted write are removed", "[ml][checkpoint]") {
  ForgetfulFiles files;
  save(files, 1);
  files.make_folder(kFolder + "/.tmp-step-0000000002");
  files.write(kFolder + "/.tmp-step-0000000002/weights.safetensors", "half");
  CHECK(newest(files) == 1);
  CHECK(files.list(kFolder) == Names{"step-0000000001"});
}

TEST_CASE("a power cut at any moment leaves a whole checkpoint, the last completed one or a newer",
          "[ml][checkpoint]") {
  for (std::size_t keep_last : {1, 2}) {
    std::uint64_t completed = 0;
    const auto work = [&](Files& files) {
      completed = 0;
      CheckpointStore store(files, kFolder, keep_last);
      for (std::uint64_t step :
           {1, 2, 3, 3, 4}) {  // the same step again: of a run that was resumed
        save(store, step);
        completed = step;
      }
    };
    with_every_power_cut({}, work, [&](ForgetfulFiles& found) {
      const auto step = newest(found);
      CHECK(step >= completed);
      CHECK(step <= completed + 1);
      save(found, step + 1, keep_last);  // and the run goes on
      CHECK(newest(found) == step + 1);
      CHECK(found.list(kFolder).size() <= keep_last);
    });
    CHECK(completed == 4);
  }
}

}  // namespace
}  // namespace lockstep::ml
