#include "rules/mode_change.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "run_tool.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;

TEST(ModeChangeTest, ChangesAsChmodDoes) {
  const std::vector<std::string> changes = {
      "u+s",     "go-w",      "a+rX", "+x",        "-w", "=r",    "u=rwx,g=rx,o=", "g=u",
      "o=g-w",   "u+rw-x",    "a=rX", "ug+s",      "+t", "o+t",   "g+t",           "-s",
      "a-st",    "u=",        "g=s",  "u=s",       "=",  "+X",    "go=u-w",        "a=,u+r",
      "u-s,g+s", "ugo+rwxst", "o=u",  "g+w,o-rwx", "=t", "a=rwX", "u=rwX,go=rX",   "g=rx"};
  const std::vector<std::uint16_t> modes = {0, 0644, 0755, 0711, 02755, 04755, 01777, 07777, 0600, 06070};
  const test::TemporaryDirectory directory;
  std::string script = fmt::format("umask 0; cd {}; ", directory.path().string());
  for (std::size_t c = 0; c < changes.size(); ++c) {
    for (const std::uint16_t mode : modes) {
      for (const char kind : {'f', 'd'}) {
        const fs::path path = directory.path() / fmt::format("{}{}-{}", kind, c, mode);
        if (kind == 'd') {
          fs::create_directory(path);
        } else {
          std::ofstream(path) << "";
        }
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
      }
      script += fmt::format("chmod -- {} f{}-{} d{}-{}; ", changes[c], c, mode, c, mode);
    }
  }
  const test::ToolResult result = test::run_tool(script);
  ASSERT_EQ(result.output, "");
  for (std::size_t c = 0; c < changes.size(); ++c) {
    const auto change = ModeChange::parse(changes[c]);
    ASSERT_TRUE(change) << changes[c];
    for (const std::uint16_t mode : modes) {
      for (const char kind : {'f', 'd'}) {
        const std::string name = fmt::format("{}{}-{}", kind, c, mode);
        struct stat status {};
        ASSERT_EQ(::stat((directory.path() / name).c_str(), &status), 0);
        EXPECT_EQ(fmt::format("{:04o}", change->apply(mode, kind == 'd')),
                  fmt::format("{:04o}", status.st_mode & 07777))
            << changes[c] << " of " << fmt::format("{:04o}", mode) << (kind == 'd' ? " (directory)" : "");
      }
    }
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(directory.path())) {
    ::chmod(entry.path().c_str(), 0700);
  }
}

TEST(ModeChangeTest, SetsAllBitsOfAnOctalMode) {
  EXPECT_EQ(ModeChange::parse("0755")->apply(06644, true), 0755);
  EXPECT_EQ(ModeChange::parse("4711")->apply(0, false), 04711);
}

TEST(ModeChangeTest, RefusesWhatIsNoMode) {
  for (const char* const text : {"", "8", "10000", "u", "x+u+", "u+z", "u+r,", ",u+r", "u+ug", "0x1", "-1", "000000"}) {
    EXPECT_FALSE(ModeChange::parse(text)) << text;
  }
}

}  // namespace
}  // namespace fstool
