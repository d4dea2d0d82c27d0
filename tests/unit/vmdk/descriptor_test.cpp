#include "ondisk/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "fstool/error.h"

namespace fstool::vmdk {
namespace {

using testing::HasSubstr;

const std::string kHead = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n";
const std::string kFlat = kHead + "createType=\"monolithicFlat\"\n";

/// The code of the Error that parsing throws, or nothing; `text` becomes its text.
std::optional<ErrorCode> error_of(const std::string& descriptor, std::string* text = nullptr) {
  try {
    parse_descriptor(descriptor);
  } catch (const Error& error) {
    if (text != nullptr) *text = error.what();
    return error.code();
  }
  return std::nullopt;
}

TEST(Descriptor, IsReadAsVmwareWritesIt) {
  const Descriptor descriptor = parse_descriptor(
      "# Disk DescriptorFile\r\n"
      "version=3\r\n"
      "encoding=\"UTF-8\"\r\n"
      "CID=75748046\r\n"
      "parentCID=ffffffff\r\n"
      "isNativeSnapshot=\"no\"\r\n"
      "createType=\"twoGbMaxExtentSparse\"\r\n"
      "\r\n"
      "# Extent description\r\n"
      "RW 4192256 SPARSE \"a disk-s001.vmdk\"\r\n"
      "rw 2101248 sparse \"a disk-s002.vmdk\"\r\n"
      "RW 63 FLAT \"a disk-pt.vmdk\" 128\r\n"
      "RW 10 ZERO\r\n"
      "\r\n"
      "# The Disk Data Base\r\n"
      "#DDB\r\n"
      "ddb.adapterType = \"lsilogic\"\r\n"
      "ddb.uuid = \"60 00 C2 94 44 3e 50 05-5c d6 e2 4f be 78 09 08\"\r\n");
  EXPECT_EQ(descriptor.version, 3U);
  EXPECT_EQ(descriptor.create_type, "twoGbMaxExtentSparse");
  EXPECT_EQ(descriptor.adapter_type, "lsilogic");
  EXPECT_EQ(descriptor.parent, kNoParent);
  EXPECT_FALSE(descriptor.encrypted);
  ASSERT_EQ(descriptor.extents.size(), 4U);
  EXPECT_EQ(descriptor.extents[0].file, "a disk-s001.vmdk");
  EXPECT_EQ(descriptor.extents[1].access, "RW");
  EXPECT_EQ(descriptor.extents[1].type, "SPARSE");
  EXPECT_EQ(descriptor.extents[2].offset, 128U);
  EXPECT_EQ(descriptor.extents[3].file, "");
  EXPECT_EQ(descriptor.sectors(), 4192256U + 2101248 + 63 + 10);
}

TEST(Descriptor, KeysAreTheSameInUpperAndLowerCase) {
  const Descriptor descriptor =
      parse_descriptor("VERSION=1\nPARENTCID=0000002a\nparentFileNameHint = \"base.vmdk\"\ncreatetype = \"x\"\n");
  EXPECT_EQ(descriptor.parent, 42U);
  EXPECT_EQ(descriptor.parent_file, "base.vmdk");
  EXPECT_EQ(descriptor.create_type, "x");
}

TEST(Descriptor, EndsAtTheFirstNul) { EXPECT_EQ(error_of(kFlat + std::string(1, '\0') + "nonsense"), std::nullopt); }

TEST(Descriptor, WithoutAParentsContentIdItHasNone) {
  EXPECT_EQ(parse_descriptor("version=4\ncreateType=\"vmfs\"\n").parent, kNoParent);
}

TEST(Descriptor, KeysOfEncryptionAreSeen) {
  EXPECT_TRUE(parse_descriptor(kFlat + "encryption.keySafe = \"vmware:key/list\"\n").encrypted);
  EXPECT_TRUE(parse_descriptor(kFlat + "ddb.encryptionKeyId = \"x\"\n").encrypted);
}

struct BadDescriptor {
  const char* name;
  std::string text;
  ErrorCode code;
  const char* message;
};

void PrintTo(const BadDescriptor& bad, std::ostream* out) { *out << bad.name; }

class EveryBadDescriptor : public testing::TestWithParam<BadDescriptor> {};

TEST_P(EveryBadDescriptor, IsRefused) {
  std::string message;
  EXPECT_EQ(error_of(GetParam().text, &message), GetParam().code);
  EXPECT_THAT(message, HasSubstr(GetParam().message));
}

std::string many_extents() {
  std::string text = kFlat;
  for (std::size_t i = 0; i <= kMaxExtents; ++i) text += "RW 1 ZERO\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Descriptors, EveryBadDescriptor,
    testing::Values(
        BadDescriptor{"Empty", "", ErrorCode::Corrupt, "no valid version"},
        BadDescriptor{"BadVersion", "version=one\ncreateType=\"x\"\n", ErrorCode::Corrupt, "no valid version"},
        BadDescriptor{"NewVersion", "version=5\ncreateType=\"x\"\n", ErrorCode::Unsupported, "version 5"},
        BadDescriptor{"NoCreateType", kHead, ErrorCode::Corrupt, "createType"},
        BadDescriptor{"BadParent", "version=1\nparentCID=x\ncreateType=\"x\"\n", ErrorCode::Corrupt, "parentCID"},
        BadDescriptor{"ParentTooLong", "version=1\nparentCID=1ffffffff\ncreateType=\"x\"\n", ErrorCode::Corrupt,
                      "parentCID"},
        BadDescriptor{"TwoParents", kFlat + "parentCID=00000001\n", ErrorCode::Corrupt, "line 6"},
        BadDescriptor{"NoAssignment", kFlat + "nonsense\n", ErrorCode::Corrupt, "line 6"},
        BadDescriptor{"ControlCharacters", kFlat + "a=\x1b[2J\n", ErrorCode::Corrupt, "control characters"},
        BadDescriptor{"NoSize", kFlat + "RW\n", ErrorCode::Corrupt, "size"},
        BadDescriptor{"SizeZero", kFlat + "RW 0 FLAT \"x\" 0\n", ErrorCode::Corrupt, "size"},
        BadDescriptor{"SizeNegative", kFlat + "RW -1 FLAT \"x\" 0\n", ErrorCode::Corrupt, "size"},
        BadDescriptor{"SizeTooLarge", kFlat + "RW 18014398509481985 FLAT \"x\" 0\n", ErrorCode::Corrupt, "size"},
        BadDescriptor{"SizesTooLarge", kFlat + "RW 18014398509481984 ZERO\nRW 1 ZERO\n", ErrorCode::Corrupt, "line 7"},
        BadDescriptor{"NoType", kFlat + "RW 1\n", ErrorCode::Corrupt, "type"},
        BadDescriptor{"NoName", kFlat + "RW 1 FLAT\n", ErrorCode::Corrupt, "name"},
        BadDescriptor{"EmptyName", kFlat + "RW 1 FLAT \"\"\n", ErrorCode::Corrupt, "name"},
        BadDescriptor{"OpenName", kFlat + "RW 1 FLAT \"x\n", ErrorCode::Corrupt, "name"},
        BadDescriptor{"LongName", kFlat + "RW 1 FLAT \"" + std::string(512, 'x') + "\"\n", ErrorCode::Corrupt, "name"},
        BadDescriptor{"BadOffset", kFlat + "RW 1 FLAT \"x\" y\n", ErrorCode::Corrupt, "offset"},
        BadDescriptor{"OffsetTooLarge", kFlat + "RW 1 FLAT \"x\" 18446744073709551615\n", ErrorCode::Corrupt, "offset"},
        BadDescriptor{"TooManyExtents", many_extents(), ErrorCode::Unsupported, "4096"}),
    [](const testing::TestParamInfo<BadDescriptor>& bad) { return std::string(bad.param.name); });

TEST(Descriptor, WhatIsWrittenIsRead) {
  const Descriptor descriptor = parse_descriptor(format_descriptor({.content_id = 0xabc,
                                                                    .create_type = "streamOptimized",
                                                                    .access = "RDONLY",
                                                                    .sectors = 2048,
                                                                    .adapter_type = "buslogic",
                                                                    .hardware_version = 7}));
  EXPECT_EQ(descriptor.create_type, "streamOptimized");
  EXPECT_EQ(descriptor.adapter_type, "buslogic");
  EXPECT_EQ(descriptor.sectors(), 2048U);
  ASSERT_EQ(descriptor.extents.size(), 1U);
  EXPECT_EQ(descriptor.extents[0].access, "RDONLY");
}

TEST(Descriptor, TheGeometryIsThatOfTheAdapter) {
  const auto with = [](const std::string& adapter, std::uint64_t sectors) {
    return format_descriptor({.content_id = 1,
                              .create_type = "monolithicSparse",
                              .access = "RW",
                              .sectors = sectors,
                              .adapter_type = adapter,
                              .hardware_version = 4});
  };
  EXPECT_THAT(with("ide", 16 * 63 * 100), HasSubstr("cylinders = \"100\"\nddb.geometry.heads = \"16\"\n"));
  EXPECT_THAT(with("lsilogic", 255 * 63 * 100), HasSubstr("cylinders = \"100\"\nddb.geometry.heads = \"255\"\n"));
  EXPECT_THAT(with("ide", 1), HasSubstr("cylinders = \"1\"\n"));
  EXPECT_THAT(with("ide", 1ULL << 40U), HasSubstr("cylinders = \"16383\"\n"));
  EXPECT_THAT(with("ide", 1), HasSubstr("CID=00000001\nparentCID=ffffffff\n"));
}

}  // namespace
}  // namespace fstool::vmdk
