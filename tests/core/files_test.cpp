#include "core/files.hpp"
#include "core/checksum.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "core/error.hpp"
#include "tests/catch.hpp"
#include "tests/core/forgetful_files.hpp"
#include "tests/data/temporary_folder.hpp"

namespace lockstep {
namespace {

using tests::ForgetfulFiles;
using tests::Survives;
using tests::TemporaryFolder;
using tests::with_every_power_cut;
using Names = std::vector<std::string>;

TEST_CASE("Files: what is written can be read, appended to, renamed and removed", "[core][files]") {
  TemporaryFolder folder;
  Files& files = real_files();
  const std::string a = folder.path() + "/x/y/a", b = folder.path() + "/x/b";
  files.make_folder(folder.path() + "/x/y");
  files.make_folder(folder.path() + "/x/y");  // fine if it is there
  const std::string zeros(100000, '\0');
  files.write(a, zeros);
  CHECK(files.read(a) == zeros);
  files.write(a, "one");
  files.append(a, " two");
  files.sync(a);
  files.sync(folder.path());
  CHECK(files.read(a) == "one two");
  files.rename(a, b);
  CHECK_FALSE(files.exists(a));
  CHECK(files.read(b) == "one two");
  CHECK(files.list(folder.path() + "/x") == Names{"b", "y"});
  files.remove(folder.path() + "/x");
  files.remove(folder.path() + "/x");  // fine if it is not there
  CHECK_FALSE(files.exists(b));
}

TEST_CASE("Files: an empty file is read as nothing, a pipe to its end", "[core][files]") {
  TemporaryFolder folder;
  CHECK(real_files().read(folder.write("empty", "")).empty());
  const std::string pipe = folder.path() + "/pipe", text(200000, 'x');
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(pipe) << text; });
  const std::string got = real_files().read(pipe);
  writer.join();
  CHECK(got == text);
}

TEST_CASE("Files: a folder that is not there lists nothing, but a file is no folder",
          "[core][files]") {
  TemporaryFolder folder;
  CHECK(real_files().list(folder.path() + "/none").empty());
  CHECK_THROWS_AS(real_files().list(folder.write("file", "x")), FileError);
}

TEST_CASE("Files tells path, reason and a remedy when something fails", "[core][files]") {
  TemporaryFolder folder;
  const std::string missing = folder.path() + "/none/a";
  try {
    (void)real_files().read(missing);
    FAIL("it read a file that is not there");
  } catch (const FileError& error) {
    CHECK(error.where().file == missing);
    CHECK(std::string(error.what()) == "cannot read " + missing + ": No such file or directory");
    CHECK_FALSE(error.advice().empty());
  }
  CHECK_THROWS_AS(real_files().write(missing, "x"), FileError);
  CHECK_THROWS_AS(real_files().append(missing, "x"), FileError);
  CHECK_THROWS_AS(real_files().rename(missing, folder.path() + "/b"), FileError);
  CHECK_THROWS_AS(real_files().sync(missing), FileError);
  CHECK_THROWS_AS(real_files().make_folder(folder.write("file", "x") + "/below"), FileError);
  CHECK_THROWS_WITH(real_files().read(folder.path()),
                    "cannot read " + folder.path() + ": Is a directory");
  CHECK_THROWS_WITH(real_files().write("/dev/full", "x"),
                    "cannot write /dev/full: No space left on device");
}

TEST_CASE("write_atomically replaces a file and leaves nothing else behind", "[core][files]") {
  TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  write_atomically(real_files(), path, "new");
  CHECK(real_files().read(path) == "new");
  CHECK(real_files().list(folder.path()) == Names{"a"});
}

TEST_CASE("write_atomically: a failure leaves the old file and no leftovers", "[core][files]") {
  TemporaryFolder folder;
  real_files().make_folder(folder.path() + "/a/full");  // cannot be replaced by a file
  CHECK_THROWS_AS(write_atomically(real_files(), folder.path() + "/a", "new"), FileError);
  CHECK(real_files().list(folder.path()) == Names{"a"});
}

TEST_CASE("write_folder_atomically makes, and replaces, a whole folder", "[core][files]") {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/model";
  write_folder_atomically(real_files(), path, {{"a", "1"}, {"b", "2"}});
  CHECK(real_files().list(path) == Names{"a", "b"});
  write_folder_atomically(real_files(), path + "/", {{"c", "3"}});
  CHECK(real_files().list(path) == Names{"c"});
  CHECK(real_files().read(path + "/c") == "3");
  CHECK(real_files().list(folder.path()) == Names{"model"});
}

TEST_CASE("a power cut never leaves half of what write_atomically writes", "[core][files]") {
  ForgetfulFiles start;
  write_atomically(start, "file", "old");
  bool saw_old = false, saw_new = false;
  with_every_power_cut(
      start, [](Files& files) { write_atomically(files, "file", "new"); },
      [&](const Files& found) {
        const auto bytes = found.read("file");
        CHECK((bytes == "old" || bytes == "new"));
        saw_old = saw_old || bytes == "old";
        saw_new = saw_new || bytes == "new";
      });
  CHECK((saw_old && saw_new));
}

TEST_CASE("what write_atomically has returned from is durable", "[core][files]") {
  ForgetfulFiles files;
  write_atomically(files, "file", "new");
  CHECK(files.after_power_cut(Survives::Synced).read("file") == "new");
}

TEST_CASE("a power cut leaves the old folder or the new one, in its place or aside",
          "[core][files]") {
  ForgetfulFiles start;
  write_folder_atomically(start, "model", {{"a", "old"}, {"b", "old"}});
  with_every_power_cut(
      start,
      [](Files& files) {
        write_folder_atomically(files, "model", {{"a", "new"}, {"b", "new"}});
      },
      [&](const Files& found) {
        const std::string path = found.exists("model") ? "model" : aside_of("model");
        const auto bytes = found.read(path + "/a");
        CHECK((bytes == "old" || bytes == "new"));
        CHECK(found.read(path + "/b") == bytes);
      });
}

TEST_CASE("finish_interrupted_writes leaves one whole folder under its own name", "[core][files]") {
  ForgetfulFiles start;
  make_durable_folder(start, "runs");
  write_folder_atomically(start, "runs/model", {{"a", "old"}});
  with_every_power_cut(
      start,
      [](Files& files) {
        write_folder_atomically(files, "runs/model", {{"a", "new"}});
      },
      [&](ForgetfulFiles& found) {
        finish_interrupted_writes(found, "runs");
        CHECK(found.list("runs") == Names{"model"});
        CHECK(found.read("runs/model/a").size() == 3);
        CHECK(found.after_power_cut(Survives::Synced).read("runs/model/a").size() == 3);
        CHECK_NOTHROW(write_folder_atomically(found, "runs/model", {{"a", "newer"}}));
        CHECK(found.read("runs/model/a") == "newer");
      });
}

TEST_CASE("make_durable_folder: the folder and its parents survive a power cut", "[core][files]") {
  ForgetfulFiles files;
  make_durable_folder(files, "a/b/c");
  CHECK(files.after_power_cut(Survives::Synced).exists("a/b/c"));
  CHECK_NOTHROW(make_durable_folder(files, "a/b/c"));
  TemporaryFolder folder;
  make_durable_folder(real_files(), folder.path() + "/a/b/");
  CHECK(real_files().exists(folder.path() + "/a/b"));
}

TEST_CASE("the forgetful file system forgets what was not synced", "[core][files]") {
  ForgetfulFiles files;
  files.make_folder("kept");
  files.sync(".");
  files.write("kept/file", "bytes");
  CHECK_FALSE(files.after_power_cut(Survives::Synced).exists("kept/file"));
  CHECK(files.after_power_cut(Survives::SyncedAndNames).read("kept/file").empty());
  CHECK(files.after_power_cut(Survives::Everything).read("kept/file") == "bytes");
  files.sync("kept/file");
  CHECK_FALSE(files.after_power_cut(Survives::Synced).exists("kept/file"));
  files.sync("kept");
  CHECK(files.after_power_cut(Survives::Synced).read("kept/file") == "bytes");
  files.crash_after(1);
  CHECK_NOTHROW(files.append("kept/file", "!"));
  CHECK_THROWS_AS(files.write("kept/file", "1234"), FileError);
  CHECK_THROWS_AS(files.remove("kept/file"), FileError);
  CHECK(files.after_power_cut(Survives::Everything).read("kept/file") == "12");
  CHECK(files.after_power_cut(Survives::Synced).read("kept/file") == "bytes");
}

TEST_CASE("Checksum over pieces is checksum over the whole", "[core][files]") {
  std::string whole;
  Checksum pieces;
  for (std::size_t size : {0, 1, 63, 64, 1000, 70000}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    pieces.add(piece);
    whole += piece;
    CHECK(pieces.digits() == checksum(whole));
  }
}

TEST_CASE("checksum is XXH3 with 64 bits", "[core][files]") {
  CHECK(checksum("") ==
        "2d06800538d394c2");  // of the reference implementation: XXH3_64bits of nothing
  CHECK(checksum("a") != checksum("b"));
  CHECK(checksum("a").size() == 16);
}

TEST_CASE("folder_of and join_path take paths apart and put them together", "[core][files]") {
  CHECK(folder_of("a/b/c") == "a/b");
  CHECK(folder_of("c") == ".");
  CHECK(folder_of("/c") == "/");
  CHECK(folder_of("a/b/") == "a");
  CHECK(join_path("a", "b") == "a/b");
  CHECK(join_path("a/b", "../c") == "a/c");
  CHECK(join_path(".", "c") == "c");
  CHECK(join_path("a", "/b") == "/b");
  CHECK(aside_of("a/model") == "a/.old-model");
  CHECK(aside_of("a/model/") == "a/.old-model");
  CHECK(aside_of("model") == ".old-model");
}

}  // namespace
}  // namespace lockstep
