#include "fstool/uuid.h"

#include <gtest/gtest.h>

#include <set>

namespace fstool {
namespace {

TEST(Uuid, IsReadAndPrintedInTheOrderOfItsBytes) {
  const auto uuid = Uuid::parse("0123ABCD-4567-89ab-cdef-0011223344ff");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->bytes[0], std::byte{0x01});
  EXPECT_EQ(uuid->bytes[3], std::byte{0xcd});
  EXPECT_EQ(uuid->bytes[15], std::byte{0xff});
  EXPECT_EQ(uuid->to_string(), "0123abcd-4567-89ab-cdef-0011223344ff");
  EXPECT_FALSE(uuid->is_nil());
  EXPECT_TRUE(Uuid{}.is_nil());
}

TEST(Uuid, RefusesOtherForms) {
  for (const std::string_view text : {"", "0123abcd", "{0123abcd-4567-89ab-cdef-0011223344ff}",
                                      "0123abcd456789abcdef0011223344ff", "0123abcd-4567-89ab-cdef-0011223344f",
                                      "0123abcd-4567-89ab-cdef-0011223344ff0", "0123abcg-4567-89ab-cdef-0011223344ff",
                                      "0123abcd-4567-89ab-cdef0-011223344ff", "0123abcd-4567-89ab-cdef-0011223344f-"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(Seed, GivesNameBasedUuids) {
  const Uuid uuid = Seed("material").uuid("disk");
  EXPECT_EQ(std::to_integer<int>(uuid.bytes[6]) >> 4, 5) << "version: SHA-1";
  EXPECT_EQ(std::to_integer<int>(uuid.bytes[8]) >> 6, 2) << "variant: RFC 4122";
}

TEST(Seed, GivesTheSameForTheSameAndOthersForOthers) {
  const Seed seed("material");
  EXPECT_EQ(seed.uuid("a"), Seed("material").uuid("a"));
  EXPECT_EQ(seed.number("a"), Seed("material").number("a"));
  EXPECT_EQ(seed.derive("a").uuid("b"), Seed("material").derive("a").uuid("b"));
  const std::set<Uuid> uuids{seed.uuid("a"),
                             seed.uuid("b"),
                             Seed("other").uuid("a"),
                             seed.derive("a").uuid("a"),
                             seed.derive("a").uuid("b"),
                             seed.derive("b").uuid("a")};
  EXPECT_EQ(uuids.size(), 6U);
  const std::set<std::uint64_t> numbers{seed.number("a"), seed.number("b"), Seed("other").number("a"),
                                        seed.derive("a").number("a")};
  EXPECT_EQ(numbers.size(), 4U);
}

TEST(Seed, NeverChangesBetweenReleases) {
  // Images that are built again from the same spec keep their identifiers.
  EXPECT_EQ(Seed("fstool").uuid("disk").to_string(), "de281d6c-ec42-5f67-a60f-2d07fa80b5ea");
  EXPECT_EQ(Seed("fstool").number("disk"), 0x1f745a00d0180726U);
}

}  // namespace
}  // namespace fstool
