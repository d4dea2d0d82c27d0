#include "platform.h"

#include <gtest/gtest.h>

#include "fstool/error.h"

namespace fstool::oci {
namespace {

TEST(Platform, IsReadAndNormalized) {
  EXPECT_EQ(parse_platform("linux/amd64").text(), "linux/amd64");
  EXPECT_EQ(parse_platform("linux/amd64/v1").text(), "linux/amd64");
  EXPECT_EQ(parse_platform("linux/amd64/v3").text(), "linux/amd64/v3");
  EXPECT_EQ(parse_platform("linux/x86_64").text(), "linux/amd64");
  EXPECT_EQ(parse_platform("linux/arm64/v8").text(), "linux/arm64");
  EXPECT_EQ(parse_platform("linux/arm").text(), "linux/arm/v7");
  EXPECT_EQ(parse_platform("linux/arm/6").text(), "linux/arm/v6");
  EXPECT_EQ(parse_platform("linux/armhf").text(), "linux/arm/v7");
  for (const char* const text : {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/a b", "linux//v7"}) {
    EXPECT_THROW(parse_platform(text), Error) << text;
  }
}

TEST(Platform, OfMachinesIsWhatGoCallsThem) {
  EXPECT_EQ(linux_on("x86_64").text(), "linux/amd64");
  EXPECT_EQ(linux_on("i686").text(), "linux/386");
  EXPECT_EQ(linux_on("aarch64").text(), "linux/arm64");
  EXPECT_EQ(linux_on("armv7l").text(), "linux/arm/v7");
  EXPECT_EQ(linux_on("armv6l").text(), "linux/arm/v6");
  EXPECT_EQ(linux_on("riscv64").text(), "linux/riscv64");
  EXPECT_EQ(linux_on("ppc64le").text(), "linux/ppc64le");
  EXPECT_EQ(linux_on("s390x").text(), "linux/s390x");
  EXPECT_EQ(linux_on("loongarch64").text(), "linux/loong64");
  EXPECT_EQ(host_platform().os, "linux");
}

TEST(Platform, SuitsOlderVariantsOfArmAlone) {
  const auto suits = [](const char* wanted, const char* offered) {
    return suitability(parse_platform(wanted), parse_platform(offered));
  };
  EXPECT_GT(suits("linux/amd64", "linux/amd64"), 0U);
  EXPECT_EQ(suits("linux/amd64", "linux/arm64"), 0U);
  EXPECT_EQ(suits("linux/amd64", "windows/amd64"), 0U);
  EXPECT_EQ(suits("linux/amd64", "linux/amd64/v3"), 0U);
  EXPECT_GT(suits("linux/arm/v7", "linux/arm/v6"), suits("linux/arm/v7", "linux/arm/v5"));
  EXPECT_GT(suits("linux/arm/v7", "linux/arm"), suits("linux/arm/v7", "linux/arm/v6"));
  EXPECT_EQ(suits("linux/arm/v6", "linux/arm/v7"), 0U);
  EXPECT_EQ(suits("linux/arm64", "linux/arm/v7"), 0U);
}

}  // namespace
}  // namespace fstool::oci
