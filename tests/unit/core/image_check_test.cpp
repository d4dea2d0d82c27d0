#include "image_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "check_recorder.h"
#include "fake_formats.h"
#include "fstool/error.h"
#include "run_tool.h"

namespace fstool {
namespace {

using testing::HasSubstr;

class ImageCheckTest : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& bytes) {
    const std::filesystem::path path = directory_.path() / "image";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  CheckReport check(const std::string& bytes, const std::optional<std::string>& partition = {}) {
    return check_image({write(bytes), partition}, {}, registry_, {.threads = 1});
  }

  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  test::TemporaryDirectory directory_;
};

TEST_F(ImageCheckTest, DamageBelongsToTheLayerThatHasIt) {
  const CheckReport report = check("#label ! ");
  ASSERT_EQ(report.layers.size(), 1U);
  EXPECT_EQ(report.layers[0].layer, ImageLayer::Filesystem);
  EXPECT_EQ(report.layers[0].format, "fake");
  EXPECT_EQ(report.layers[0].damage, 1U);
  EXPECT_FALSE(report.clean());
}

TEST_F(ImageCheckTest, WhatNobodyKnowsIsAnError) {
  try {
    check("nothing that a plugin knows");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
    EXPECT_THAT(error.what(), HasSubstr("checking "));
  }
}

TEST(CheckRecorder, KeepsABoundedNumberAndCountsTheRest) {
  CheckRecorder recorder(nullptr);
  recorder.damage("not kept: no layer");
  LayerReport layer;
  recorder.record_to(&layer);
  for (std::size_t i = 0; i < kMaxFindings; ++i) recorder.warn("warning");
  recorder.warn("one too many");
  recorder.damage("damage");
  EXPECT_EQ(layer.findings.size(), kMaxFindings);
  EXPECT_EQ(layer.findings.back().message, "damage");
  EXPECT_EQ(layer.warnings, kMaxFindings + 1);
  EXPECT_EQ(layer.damage, 1U);
}

TEST(DescribeCheck, EscapesWhatImagesSay) {
  CheckReport report;
  LayerReport layer;
  layer.layer = ImageLayer::Filesystem;
  layer.format = "ext4";
  layer.findings = {{Severity::Damage, "\033[2J"}, {Severity::Warning, "odd"}};
  layer.damage = 3;
  layer.warnings = 1;
  report.layers.push_back(layer);
  EXPECT_EQ(describe_check(report), "ext4: 3 problems, 1 warning\n  \\033[2J\n  warning: odd\n  and 2 more\n");
}

}  // namespace
}  // namespace fstool
