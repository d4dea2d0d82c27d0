#include "fat.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "image.h"
#include "temp_dir.h"

namespace fstool::e2e {

void build_boot_tree(const TreeBuilder& tree) {
  for (const char* const directory : {"EFI", "EFI/BOOT", "loader", "\u00dcn\u00efcode \u65e5\u672c\u8a9e"}) {
    tree.directory(directory);
  }
  tree.file("EFI/BOOT/BOOTX64.EFI", 150'000, Content::Random);
  tree.file("loader/loader.conf", "timeout 3\n");
  tree.file("loader/A name with blanks and more than thirteen letters.conf", "x");
  tree.file("\u00dcn\u00efcode \u65e5\u672c\u8a9e/\u0434\u0430.txt", "yes\n");
  tree.file("empty", "");
  tree.file("Mixed.Case", 700, Content::Text);
  tree.settle_times(Precision::Seconds);
}

std::string many_names_name(unsigned i) { return fmt::format("a long name, number {}", 10'000 + i); }

void build_many_names(const TreeBuilder& tree) {
  tree.directory("many");
  for (unsigned i = 0; i < kManyNames; ++i) tree.file("many/" + many_names_name(i), i % 50 == 0 ? "x" : "");
  tree.settle_times(Precision::Seconds);
}

void build_fat(const std::filesystem::path& tree, const std::filesystem::path& image, const std::string& size,
               const std::string& options) {
  const TempDir work;
  const std::string size_line = size.empty() ? "" : fmt::format("size = \"{}\"\n", size);
  write_text(work / "spec.toml",
             fmt::format("[filesystem]\ntype = \"fat\"\nsource = \"{}\"\n{}[filesystem.options]\n{}", tree.string(),
                         size_line, options));
  expect_fstool_builds({"run", (work / "spec.toml").string(), "-o", image.string()});
}

void expect_clean_fat(const std::filesystem::path& image) {
  const std::string verdict = expect_success({"fsck.vfat", "-n", image.string()});
  EXPECT_EQ(std::ranges::count(verdict, '\n'), 2) << verdict;
}

}  // namespace fstool::e2e
