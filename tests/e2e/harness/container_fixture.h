/// \file
/// What the tests of a container need: disks in it, built by fstool or put into it by others, and what fstool says of
/// them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

class ContainerFixture : public testing::Test {
 protected:
  /// Makes the tree that disks are built of.
  void make_tree() const {
    std::mt19937_64 random(11);
    build_random_tree(tree_, random, 50);
    tree_.file("text", 300'000, Content::Text);
    tree_.write_at("sparse", 5'000'000, 10'000, Content::Random);
    tree_.settle_times();
  }

  std::string path(const std::string& name) const { return (work_ / name).string(); }

  /// Builds a disk of `size` bytes that begins with a file system of the tree and ends with an empty partition.
  /// `container` is the text of a spec's section.
  void build(const std::string& container, std::uint64_t size, const std::string& name,
             const Command& arguments = {}) const {
    write_text(work_ / "spec.toml",
               fmt::format("{}[image]\npartition_table = \"gpt\"\nsize = {}\n"
                           "[[partitions]]\nname = \"root\"\ntype = \"linux\"\nsize = \"16MiB\"\n"
                           "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n"
                           "[[partitions]]\nname = \"last\"\ntype = \"linux\"\nsize = \"1MiB\"\noffset = {}\n",
                           container, size, (size - 2 * kMiB) / 512 * 512));
    Command command = {"run", path("spec.toml"), "-o", path(name)};
    command.insert(command.end(), arguments.begin(), arguments.end());
    expect_fstool_builds(command);
  }

  /// disk.raw: a sparse file with random bytes at the given offsets, up to `piece` bytes each.
  void make_raw(std::uint64_t size, const std::vector<std::uint64_t>& offsets, std::uint64_t piece) const {
    std::filesystem::remove(work_ / "disk.raw");
    const TreeBuilder files(work_.path());
    files.truncate("disk.raw", size);
    for (const std::uint64_t offset : offsets) {
      files.write_at("disk.raw", offset, std::min(piece, size - offset), Content::Random);
    }
  }

  /// Runs fstool, which has to succeed without a word on standard error, and returns what it wrote.
  static std::string output_of_fstool(const Command& arguments) {
    const ProcessResult result = run_fstool(arguments);
    EXPECT_EQ(result.exit_code, 0) << to_string(arguments) << '\n' << result.output();
    EXPECT_EQ(result.err, "") << to_string(arguments);
    return result.out;
  }

  /// What `fstool hash` says of a disk or a part of it.
  std::string hash(const std::string& image) const {
    const std::string line = output_of_fstool({"hash", path(image)});
    return line.substr(0, line.find(' '));
  }

  /// fstool lists and reads of the file system in `image` what it does in `raw`, and finds no damage in it.
  void expect_same_to_fstool(const std::string& image, const std::string& raw) const {
    EXPECT_EQ(output_of_fstool({"ls", "-lR", path(image) + ":1"}), output_of_fstool({"ls", "-lR", path(raw) + ":1"}));
    EXPECT_EQ(hash(image + ":1"), hash(raw + ":1"));
    expect_no_damage(image);
  }
  void expect_no_damage(const std::string& image) const {
    EXPECT_EQ(output_of_fstool({"check", path(image), "--quiet"}), "");
  }

  /// fstool refuses the image, with `words` in its message.
  void expect_refused(const std::string& image, std::string_view words,
                      const std::vector<std::string>& commands = {"ls", "info", "check", "hash"}) const {
    for (const std::string& command : commands) {
      const ProcessResult result = run_fstool({command, path(image)});
      EXPECT_EQ(result.exit_code, 1) << command << '\n' << result.output();
      EXPECT_NE(result.output().find(words), std::string::npos) << command << '\n' << result.output();
    }
  }

  /// Replaces bytes of an image.
  void patch(const std::string& image, std::uint64_t offset, std::string_view bytes) const {
    std::fstream file(work_ / image, std::ios::binary | std::ios::in | std::ios::out);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

}  // namespace fstool::e2e
