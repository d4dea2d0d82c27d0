// Names and values that are shown otherwise than they are stored.

#include <gtest/gtest.h>

#include "read/nokey_name.h"
#include "read/posix_acl.h"

namespace fstool::ext4 {
namespace {

using namespace std::string_literals;

TEST(NokeyName, IsBase64OfHashAndCiphertext) {
  const std::string ciphertext(16, '\xFF');
  EXPECT_EQ(nokey_name(ciphertext, {0x01020304, 0}), "BAMCAQAAAAD_____________________");
  EXPECT_EQ(nokey_name("short", {}), std::nullopt);
}

TEST(NokeyName, OfALongNameIsBounded) {
  EXPECT_EQ(nokey_name(std::string(149, 'x'), {})->size(), 210U);
  const auto longest = nokey_name(std::string(255, 'x'), {});
  EXPECT_EQ(longest->size(), 252U);
  EXPECT_NE(longest, nokey_name(std::string(254, 'x'), {}));
}

TEST(PosixAcl, GetsAnIdForEachEntry) {
  EXPECT_EQ(acl_from_disk("\1\0\0\0"
                          "\1\0\6\0"
                          "\2\0\4\0\xe8\3\0\0"
                          "\4\0\4\0"
                          "\x20\0\0\0"s),
            "\2\0\0\0"
            "\1\0\6\0\xff\xff\xff\xff"
            "\2\0\4\0\xe8\3\0\0"
            "\4\0\4\0\xff\xff\xff\xff"
            "\x20\0\0\0\xff\xff\xff\xff"s);
}

TEST(PosixAcl, OnlyRealOnesAreRead) {
  EXPECT_EQ(acl_from_disk(""), std::nullopt);
  EXPECT_EQ(acl_from_disk("\2\0\0\0"s), std::nullopt);
  EXPECT_EQ(acl_from_disk("\1\0\0\0\2\0\4\0"s), std::nullopt);    // its ID is cut off
  EXPECT_EQ(acl_from_disk("\1\0\0\0\x40\0\4\0"s), std::nullopt);  // no such tag
}

}  // namespace
}  // namespace fstool::ext4
