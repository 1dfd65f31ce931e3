#include "ml/pipeline/run_folder.hpp"

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"

namespace lockstep::ml {
namespace {

using tests::ForgetfulFiles;
using tests::Survives;
using tests::with_every_power_cut;
using Names = std::vector<std::string>;

TEST_CASE("RunFolder makes its folder and refuses one in which something was trained",
          "[ml][run_folder]") {
  for (const std::string trained : {"metrics.jsonl", "checkpoints", "model", "stage_1"}) {
    ForgetfulFiles files;
    RunFolder folder(files, "runs/a", false);
    CHECK(files.list("runs/a").empty());
    folder.write("config.textproto", "name: 'a'");
    CHECK(files.read(folder.file("config.textproto")) == "name: 'a'");
    CHECK_NOTHROW(RunFolder(files, "runs/a", false));
    files.make_folder(folder.file(trained));
    CHECK_THROWS_AS(RunFolder(files, "runs/a", false), FileError);
    CHECK_NOTHROW(RunFolder(files, "runs/a", true));
  }
}

TEST_CASE("RunFolder fails at once where it cannot write", "[ml][run_folder]") {
  ForgetfulFiles files;
  files.crash_after(4);
  CHECK_THROWS_AS(RunFolder(files, "runs/a", false), FileError);
}

TEST_CASE("metrics are written a line at a time, when they are flushed", "[ml][run_folder]") {
  ForgetfulFiles files;
  RunFolder folder(files, "run", false);
  folder.flush();  // nothing yet
  CHECK_FALSE(files.exists("run/metrics.jsonl"));
  folder.append_metrics("{\"step\":1}");
  folder.append_metrics("{}");
  CHECK(folder.metrics_bytes() == 14);
  CHECK_FALSE(files.exists("run/metrics.jsonl"));
  folder.flush();
  CHECK(files.read("run/metrics.jsonl") == "{\"step\":1}\n{}\n");
  folder.append_metrics(std::string(1 << 16, 'x'));  // many lines do not pile up in memory
  CHECK(files.read("run/metrics.jsonl").size() == folder.metrics_bytes());
}

TEST_CASE("metrics that were flushed are durable: a checkpoint counts on them",
          "[ml][run_folder]") {
  ForgetfulFiles files;
  RunFolder folder(files, "runs/a", false);
  folder.append_metrics("one");
  folder.flush();
  folder.append_metrics("two");
  folder.flush();
  CHECK(files.after_power_cut(Survives::Synced).read("runs/a/metrics.jsonl") == "one\ntwo\n");
  folder.append_metrics(
      std::string(1 << 16, 'x'));  // written because there are many, made durable by flush()
  folder.flush();
  CHECK(files.after_power_cut(Survives::Synced).read("runs/a/metrics.jsonl").size() ==
        folder.metrics_bytes());
}

TEST_CASE("a resumed run forgets the lines that it will write again", "[ml][run_folder]") {
  ForgetfulFiles files;
  {
    RunFolder folder(files, "run", false);
    for (const char* line : {"one", "two", "three"}) folder.append_metrics(line);
    folder.flush();
  }
  RunFolder folder(files, "run", true);
  CHECK(folder.metrics_bytes() == 14);
  folder.append_metrics("lost");
  folder.truncate_metrics(8);
  CHECK(folder.metrics_bytes() == 8);
  folder.append_metrics("3");
  folder.flush();
  CHECK(files.read("run/metrics.jsonl") == "one\ntwo\n3\n");
}

TEST_CASE("truncate_metrics keeps whole lines only, whatever is missing", "[ml][run_folder]") {
  ForgetfulFiles files;
  RunFolder folder(files, "run", true);
  folder.truncate_metrics(5);
  CHECK(folder.metrics_bytes() == 0);
  files.write("run/metrics.jsonl", "one\ntw");  // what a power cut has left of 8 bytes
  folder.truncate_metrics(8);
  CHECK(folder.metrics_bytes() == 4);
  CHECK(files.read("run/metrics.jsonl") == "one\n");
}

TEST_CASE("a power cut leaves the old or the new content of a file, and metrics cut or uncut",
          "[ml][run_folder]") {
  ForgetfulFiles start;
  {
    RunFolder folder(start, "run", false);
    folder.append_metrics("one");
    folder.append_metrics("two");
    folder.flush();
    folder.write("metrics.json", "old");
  }
  with_every_power_cut(
      start,
      [](Files& files) {
        RunFolder folder(files, "run", true);
        folder.truncate_metrics(4);
        folder.write("metrics.json", "new");
      },
      [](const Files& found) {
        const auto json = found.read("run/metrics.json"), lines = found.read("run/metrics.jsonl");
        CHECK((json == "old" || json == "new"));
        CHECK((lines == "one\ntwo\n" || lines == "one\n"));
      });
}

TEST_CASE("default_run_path resumes the newest run of that name", "[ml][run_folder]") {
  ForgetfulFiles files;
  CHECK_THROWS_AS(default_run_path(files, "a", true), ConfigError);
  for (const char* name : {"a-20260131-120000", "a-20260201-090000", "a-b-20270101-000000",
                           "b-20280101-000000", "a-notes"}) {
    files.make_folder(std::string("runs/") + name);
  }
  CHECK(default_run_path(files, "a", true) == "runs/a-20260201-090000");
  CHECK(default_run_path(files, "a-b", true) == "runs/a-b-20270101-000000");
  CHECK_THROWS_AS(default_run_path(files, "c", true), ConfigError);
  const auto fresh = default_run_path(files, "c", false);
  CHECK(fresh.substr(0, 7) == "runs/c-");
  CHECK(fresh.size() == std::string("runs/c-20260131-120000").size());
}

}  // namespace
}  // namespace lockstep::ml
