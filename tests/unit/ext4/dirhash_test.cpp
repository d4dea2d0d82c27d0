#include "ondisk/dirhash.h"

#include <gtest/gtest.h>

namespace fstool::ext4 {
namespace {

struct Known {
  HashVersion version;
  bool is_signed;
  const char* name;
  NameHash unseeded;
  NameHash seeded;
};

/// What `debugfs -R "dx_hash -h VERSION [-s 4af2fe41-7799-4d2b-9162-f0623168555f] NAME"` of e2fsprogs 1.47.0 prints,
/// with 0 to 2 for signed and 3 to 5 for unsigned bytes.
const Known kKnown[] = {
    {HashVersion::Legacy, true, "a", {0xe74b53e2, 0x0}, {0xe74b53e2, 0x0}},
    {HashVersion::Legacy, true, "abc", {0x75afd992, 0x0}, {0x75afd992, 0x0}},
    {HashVersion::Legacy, true, "hello world", {0xe0a6a922, 0x0}, {0xe0a6a922, 0x0}},
    {HashVersion::Legacy, true, "lost+found", {0x5e2aba24, 0x0}, {0x5e2aba24, 0x0}},
    {HashVersion::Legacy,
     true,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0x3d8db91a, 0x0},
     {0x3d8db91a, 0x0}},
    {HashVersion::Legacy, true, "\xc3\xa9t\xc3\xa9", {0x70d7b7fc, 0x0}, {0x70d7b7fc, 0x0}},
    {HashVersion::Legacy, false, "a", {0xe74b53e2, 0x0}, {0xe74b53e2, 0x0}},
    {HashVersion::Legacy, false, "abc", {0x75afd992, 0x0}, {0x75afd992, 0x0}},
    {HashVersion::Legacy, false, "hello world", {0xe0a6a922, 0x0}, {0xe0a6a922, 0x0}},
    {HashVersion::Legacy, false, "lost+found", {0x5e2aba24, 0x0}, {0x5e2aba24, 0x0}},
    {HashVersion::Legacy,
     false,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0x3d8db91a, 0x0},
     {0x3d8db91a, 0x0}},
    {HashVersion::Legacy, false, "\xc3\xa9t\xc3\xa9", {0x40d0f40c, 0x0}, {0x40d0f40c, 0x0}},
    {HashVersion::HalfMd4, true, "a", {0xd5fa7d7a, 0xacb48187}, {0x5e16303a, 0xea5b74d9}},
    {HashVersion::HalfMd4, true, "abc", {0xd196a868, 0xc420eb28}, {0x553efcc6, 0x9af1a36b}},
    {HashVersion::HalfMd4, true, "hello world", {0x36f15d9e, 0x108b37f5}, {0xf67f7cbe, 0x70e9eec6}},
    {HashVersion::HalfMd4, true, "lost+found", {0x591de422, 0x6ffc56e0}, {0x5c0d76f2, 0x3480d001}},
    {HashVersion::HalfMd4,
     true,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0x52e73664, 0x4eac4b70},
     {0x93f63614, 0x758f739}},
    {HashVersion::HalfMd4, true, "\xc3\xa9t\xc3\xa9", {0xa69a4d3a, 0x22bac128}, {0x441932de, 0xacd76003}},
    {HashVersion::HalfMd4, false, "a", {0xd5fa7d7a, 0xacb48187}, {0x5e16303a, 0xea5b74d9}},
    {HashVersion::HalfMd4, false, "abc", {0xd196a868, 0xc420eb28}, {0x553efcc6, 0x9af1a36b}},
    {HashVersion::HalfMd4, false, "hello world", {0x36f15d9e, 0x108b37f5}, {0xf67f7cbe, 0x70e9eec6}},
    {HashVersion::HalfMd4, false, "lost+found", {0x591de422, 0x6ffc56e0}, {0x5c0d76f2, 0x3480d001}},
    {HashVersion::HalfMd4,
     false,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0x52e73664, 0x4eac4b70},
     {0x93f63614, 0x758f739}},
    {HashVersion::HalfMd4, false, "\xc3\xa9t\xc3\xa9", {0x3eb35f16, 0x634a9ed3}, {0x6bb696ac, 0x3dabf729}},
    {HashVersion::Tea, true, "a", {0x6d0ea4c0, 0xc18922df}, {0x166667e2, 0xe0cb3f9e}},
    {HashVersion::Tea, true, "abc", {0xb1435ec4, 0x3f7eaa0e}, {0x9bd07b0e, 0xffc39012}},
    {HashVersion::Tea, true, "hello world", {0x9012b8e, 0x8078fb31}, {0x3bcaeafc, 0x1f8f3df1}},
    {HashVersion::Tea, true, "lost+found", {0x2dbf9e80, 0xbfebee4f}, {0xe74ee8f6, 0xb647a696}},
    {HashVersion::Tea,
     true,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0xf15de714, 0x14ba6de2},
     {0xbcbf7746, 0x84ae1158}},
    {HashVersion::Tea, true, "\xc3\xa9t\xc3\xa9", {0x4d337a6, 0x615a017}, {0x2c83db82, 0xc1d256b4}},
    {HashVersion::Tea, false, "a", {0x6d0ea4c0, 0xc18922df}, {0x166667e2, 0xe0cb3f9e}},
    {HashVersion::Tea, false, "abc", {0xb1435ec4, 0x3f7eaa0e}, {0x9bd07b0e, 0xffc39012}},
    {HashVersion::Tea, false, "hello world", {0x9012b8e, 0x8078fb31}, {0x3bcaeafc, 0x1f8f3df1}},
    {HashVersion::Tea, false, "lost+found", {0x2dbf9e80, 0xbfebee4f}, {0xe74ee8f6, 0xb647a696}},
    {HashVersion::Tea,
     false,
     "a-rather-long-name-that-exceeds-thirty-two-bytes-by-far",
     {0xf15de714, 0x14ba6de2},
     {0xbcbf7746, 0x84ae1158}},
    {HashVersion::Tea, false, "\xc3\xa9t\xc3\xa9", {0x2ed2feac, 0x3a9221a3}, {0xf1795aea, 0x7eb60f35}},
};

HashSeed seed_of_uuid() {
  const unsigned char bytes[16] = {0x4a, 0xf2, 0xfe, 0x41, 0x77, 0x99, 0x4d, 0x2b,
                                   0x91, 0x62, 0xf0, 0x62, 0x31, 0x68, 0x55, 0x5f};
  HashSeed seed{};
  for (std::size_t i = 0; i < 16; ++i) seed[i / 4] |= static_cast<std::uint32_t>(bytes[i]) << (8 * (i % 4));
  return seed;
}

TEST(DirHash, AgreesWithDebugfs) {
  for (const Known& known : kKnown) {
    SCOPED_TRACE(known.name);
    EXPECT_EQ(hash_name({known.version, known.is_signed, HashSeed{}}, known.name), known.unseeded);
    EXPECT_EQ(hash_name({known.version, known.is_signed, seed_of_uuid()}, known.name), known.seeded);
  }
}

}  // namespace
}  // namespace fstool::ext4
