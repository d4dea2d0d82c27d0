// Names and values that are shown otherwise than they are stored.

#include <gtest/gtest.h>

#include "ondisk/posix_acl.h"
#include "ondisk/xattr.h"
#include "read/nokey_name.h"

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

TEST(PosixAcl, GoesToDiskAndBack) {
  const std::string stored =
      "\1\0\0\0"
      "\1\0\6\0"
      "\x08\0\5\0\xe8\3\0\0"
      "\x20\0\4\0"s;
  EXPECT_EQ(acl_to_disk(*acl_from_disk(stored)), stored);
  EXPECT_EQ(acl_to_disk("\2\0\0\0\1\0\6\0"s), std::nullopt);  // its ID is cut off
  EXPECT_EQ(acl_to_disk("\1\0\0\0"s), std::nullopt);
}

TEST(PosixAcl, OnlyRealOnesAreRead) {
  EXPECT_EQ(acl_from_disk(""), std::nullopt);
  EXPECT_EQ(acl_from_disk("\2\0\0\0"s), std::nullopt);
  EXPECT_EQ(acl_from_disk("\1\0\0\0\2\0\4\0"s), std::nullopt);    // its ID is cut off
  EXPECT_EQ(acl_from_disk("\1\0\0\0\x40\0\4\0"s), std::nullopt);  // no such tag
}

TEST(XattrName, GoesToItsIndexAndBack) {
  for (const char* const name : {"user.comment", "trusted.x", "security.capability", "system.posix_acl_access",
                                 "system.posix_acl_default", "system.richacl", "system.data", "gnu.x"}) {
    const auto split = split_xattr_name(name);
    ASSERT_TRUE(split) << name;
    EXPECT_EQ(full_xattr_name(split->index, split->suffix), name);
  }
  for (const std::string& name :
       {"user."s, "system.posix_acl_access"s + "x", "other.x"s, "user." + std::string(256, 'n')}) {
    const auto split = split_xattr_name(name);
    EXPECT_TRUE(!split || split->index == kXattrSystem) << name;
  }
  EXPECT_EQ(full_xattr_name(9, "encryption context"), std::nullopt);
}

}  // namespace
}  // namespace fstool::ext4
