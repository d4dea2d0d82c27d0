#include "image_reference.h"

#include <gtest/gtest.h>

#include <fstream>

#include "run_tool.h"

namespace fstool {
namespace {

class ImageReferenceTest : public testing::Test {
 protected:
  void make_file(const std::string& name) { std::ofstream(directory_.path() / name) << "x"; }

  /// FILE|PARTITION or FILE|SNAPSHOT|PARTITION with the directory left out; "-" if there is no such file.
  std::string found(const std::string& text) {
    const auto reference = find_image_reference(directory_.path() / text);
    if (!reference) return "-";
    EXPECT_EQ(reference->text(), (directory_.path() / text).string());
    return reference->file.filename().string() + "|" + (reference->snapshot ? *reference->snapshot + "|" : "") +
           reference->partition.value_or("(none)");
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ImageReferenceTest, APathAloneIsTheWholeImage) {
  make_file("old.img");
  EXPECT_EQ(found("old.img"), "old.img|(none)");
}

TEST_F(ImageReferenceTest, WhatFollowsTheColonIsThePartition) {
  make_file("old.img");
  EXPECT_EQ(found("old.img:2"), "old.img|2");
  EXPECT_EQ(found("old.img:root fs"), "old.img|root fs");
}

TEST_F(ImageReferenceTest, APathThatExistsAsWrittenWins) {
  make_file("old.img");
  make_file("old.img:2");
  EXPECT_EQ(found("old.img:2"), "old.img:2|(none)");
  EXPECT_EQ(found("old.img:2:3"), "old.img:2|3");
}

TEST_F(ImageReferenceTest, NamesOfPartitionsMayHaveColons) {
  make_file("old.img");
  EXPECT_EQ(found("old.img:a:b"), "old.img|a:b");
}

TEST_F(ImageReferenceTest, APartitionHasAName) {
  make_file("old.img");
  EXPECT_EQ(found("old.img:"), "-");
}

TEST_F(ImageReferenceTest, ADirectoryHasNoPartitions) {
  std::filesystem::create_directory(directory_.path() / "directory");
  EXPECT_EQ(found("directory"), "directory|(none)");
  EXPECT_EQ(found("directory:2"), "-");
  EXPECT_EQ(found("directory@before"), "-");
}

TEST_F(ImageReferenceTest, WhatFollowsTheAtSignIsTheSnapshot) {
  make_file("old.qcow2");
  EXPECT_EQ(found("old.qcow2@before"), "old.qcow2|before|(none)");
  EXPECT_EQ(found("old.qcow2@before:2"), "old.qcow2|before|2");
  EXPECT_EQ(found("old.qcow2@10:30:root"), "old.qcow2|10:30|root");
  EXPECT_EQ(found("old.qcow2@a@b"), "old.qcow2|a@b|(none)");
}

TEST_F(ImageReferenceTest, AFileWithAnAtSignInItsNameIsAFile) {
  make_file("old.qcow2");
  make_file("old.qcow2@before");
  EXPECT_EQ(found("old.qcow2@before"), "old.qcow2@before|(none)");
  EXPECT_EQ(found("old.qcow2@before:2"), "old.qcow2@before|2");
  EXPECT_EQ(found("old.qcow2@before@now:2"), "old.qcow2@before|now|2");
  EXPECT_EQ(found("old.qcow2@after"), "old.qcow2|after|(none)");
}

TEST_F(ImageReferenceTest, ASnapshotAndItsPartitionHaveNames) {
  make_file("old.qcow2");
  EXPECT_EQ(found("old.qcow2@"), "-");
  EXPECT_EQ(found("old.qcow2@:2"), "-");
  EXPECT_EQ(found("old.qcow2@before:"), "-");
}

TEST_F(ImageReferenceTest, WhatDoesNotExistIsNoImage) {
  EXPECT_EQ(found("old.img"), "-");
  EXPECT_EQ(found("old.img:2"), "-");
}

}  // namespace
}  // namespace fstool
