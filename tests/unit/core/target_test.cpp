#include "target.h"

#include <gtest/gtest.h>

#include <fstream>

#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"

namespace fstool {
namespace {

using Depth = OpenScope::Depth;

/// A disk of the partition table "row" with two file systems, "a" and "b".
std::string two_partitions() {
  std::string disk(16384, '\0');
  disk.replace(0, 43, "row:one,linux,1024,512;two,linux,2048,1024;");
  disk.replace(1024, 4, "a@1 ");
  disk.replace(2048, 4, "b@2 ");
  return disk;
}

class TargetTest : public testing::Test {
 protected:
  std::string path(const std::string& name) { return (directory_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << bytes;
    return path(name);
  }
  Target open(const std::string& text, const std::string& format = {}) {
    return Target::open(text, format.empty() ? FormatOverrides() : parse_format_overrides(format, registry_), context_);
  }

  template <class Work>
  std::string failure(ErrorCode code, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      std::string message = error.what();
      const std::string prefix = directory_.path().string() + "/";
      for (std::size_t at = 0; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
      return message;
    }
    ADD_FAILURE() << "no error";
    return {};
  }

  test::TemporaryDirectory directory_;
  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  Context context_{registry_, {.threads = 1}};
};

TEST_F(TargetTest, ABareFileSystemNeedsNoPartition) {
  Target target = open(write("disk.img", "a@1 "));
  ASSERT_NE(target.image(), nullptr);
  EXPECT_EQ(log_.opened, 0U) << "opening finds the layers alone";
  EXPECT_EQ(target.locate("/a", Depth::Node, LastLink::Keep)->mtime.seconds, 1);
  EXPECT_EQ(target.bytes()->size(), 4U);
  EXPECT_EQ(target.facts().type, "fake");
}

TEST_F(TargetTest, APartitionIsNamedBehindAColon) {
  write("disk.img", two_partitions());
  Target by_number = open(path("disk.img:2"));
  EXPECT_EQ(by_number.locate("b", Depth::Node, LastLink::Keep).path, "b");
  EXPECT_EQ(by_number.bytes()->size(), 1024U);
  EXPECT_EQ(open(path("disk.img:one")).part().partition->number, 1U);
  EXPECT_EQ(failure(ErrorCode::NotFound, [&] { by_number.locate("/c", Depth::Node, LastLink::Keep); }),
            "No such file or directory in disk.img:2: /c");
}

TEST_F(TargetTest, TheWholeDiskHasBytesWhateverIsInIt) {
  Target target = open(write("disk.img", two_partitions()));
  EXPECT_EQ(target.bytes()->size(), 16384U);
  EXPECT_TRUE(failure(ErrorCode::InvalidArgument, [&] {
                target.tree();
              }).starts_with("opening disk.img: 2 partitions have file systems: choose one, as in disk.img:1"));
}

TEST_F(TargetTest, FormatsCanBeSaid) {
  write("disk.img", "box:a@1 ");
  EXPECT_EQ(open(path("disk.img")).image()->container, "box");
  EXPECT_EQ(open(path("disk.img"), "raw").image()->container, "raw");
  EXPECT_EQ(open(path("disk.img"), "raw").bytes()->size(), 8U);
  EXPECT_EQ(open(path("disk.img"), "raw,fake").part().filesystem, "fake");
  write("table.img", two_partitions());
  EXPECT_EQ(open(path("table.img"), "none").image()->parts.size(), 1U);
  Target second = open(path("table.img:2"), "fake");
  EXPECT_EQ(second.part().filesystem, "fake");
  EXPECT_EQ(second.part().partition->number, 2U);
  write("ab.list", "a@1 ");
  EXPECT_NE(open(path("ab.list"), "raw").image(), nullptr) << "no source is asked where an image is meant";
}

TEST_F(TargetTest, SourcesAreReadByTheirPlugins) {
  Target target = open(write("ab.list", ""));
  EXPECT_EQ(target.image(), nullptr);
  EXPECT_EQ(target.locate("/b", Depth::Node, LastLink::Keep)->mtime.seconds, 1001);
  EXPECT_EQ(target.locate("/", Depth::Everything, LastLink::Keep).tree, target.tree());
  EXPECT_EQ(log_.loads.size(), 1U);
  EXPECT_EQ(failure(ErrorCode::InvalidArgument, [&] { target.bytes(); }), "ab.list is not an image");
  EXPECT_EQ(failure(ErrorCode::InvalidArgument, [&] { open(write("both.list", "")); }),
            "both \"list\" and \"other\" can read both.list: choose one with --format");
  EXPECT_EQ(open(path("both.list"), "other").image(), nullptr);
}

TEST_F(TargetTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(failure(ErrorCode::NotFound, [&] { open(path("absent.img")); }), "absent.img does not exist");
  EXPECT_EQ(failure(ErrorCode::NotFound, [&] { open(path("absent.img"), "raw"); }), "absent.img does not exist");
  std::filesystem::create_directory(path("directory"));
  EXPECT_EQ(failure(ErrorCode::InvalidArgument, [&] { open(path("directory")); }),
            "directory is neither an image nor anything that a source plugin reads (there are: list, other)");
}

TEST_F(TargetTest, ATreeThatIsThereIsNotOpenedAgain) {
  Target target = open(write("disk.img", "a@1 b@2 "));
  target.tree();
  target.locate("/a", Depth::Node, LastLink::Keep);
  target.locate("/b", Depth::Everything, LastLink::Keep);
  EXPECT_EQ(log_.opened, 1U);
}

}  // namespace
}  // namespace fstool
