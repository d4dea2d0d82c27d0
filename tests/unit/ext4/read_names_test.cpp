// Names and values that are shown otherwise than they are stored.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "read/nokey_name.h"
#include "read/posix_acl.h"
#include "read/sha256.h"

namespace fstool::ext4 {
namespace {

using namespace std::string_literals;

std::string hex(std::string_view text) {
  std::string result;
  for (const std::byte byte : sha256(text)) result += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return result;
}

TEST(Sha256, GivesTheStandardsExamples) {  // FIPS 180-4
  EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

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
