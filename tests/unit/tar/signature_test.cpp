#include "signature/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "raw_archives.h"

namespace fstool::tar {
namespace {

using namespace std::string_literals;

Signature of(const std::string& bytes) { return signature_of(*blob_of(bytes)); }

TEST(Signature, KnowsWhatArchivesBeginWith) {
  EXPECT_EQ(of(tar_member({.name = "a"})), Signature::Tar);
  EXPECT_EQ(of(cpio_member({.name = "a"})), Signature::Cpio);
  EXPECT_EQ(of("070707" + std::string(70, '7')), Signature::Cpio);
  EXPECT_EQ(of(zip({{.name = "a"}})), Signature::Zip);
  EXPECT_EQ(of(zip({})), Signature::Zip);
  EXPECT_EQ(of("7z\xbc\xaf\x27\x1c\0\4"s), Signature::SevenZip);
  EXPECT_EQ(of(std::string(32768, '\0') + "\1CD001\1\0"), Signature::Iso);
  for (const std::string& stream :
       {"\x1f\x8b\x08"s, "\x1f\x9d"s, "BZh9"s, "\xfd\x37zXZ\0"s, "LZIP\1"s, "\x5d\0\0\x80\0"s, "\x28\xb5\x2f\xfd"s,
        "\x04\x22\x4d\x18"s, "\x02\x21\x4c\x18"s, "\x5e\x2a\x4d\x18"s}) {
    EXPECT_EQ(of(stream), Signature::Stream) << stream;
  }
}

TEST(Signature, KnowsOldTarsByTheirChecksum) {
  UstarHeader header = header_of({.name = "a name"});
  header.magic = {};
  header.version = {};
  EXPECT_EQ(of(sealed(header)), Signature::Tar);
}

TEST(Signature, TakesNothingElseForAnArchive) {
  for (const std::string& bytes : {""s, "x"s, std::string(65536, '\0'), std::string(65536, 'x'), "070701 is a number"s,
                                   tar_member({.name = "a"}).substr(0, 511), std::string(32768, '\0') + "\1CD001"}) {
    EXPECT_EQ(of(bytes), Signature::None) << bytes.size();
  }
  std::string damaged = tar_member({.name = "a"});
  damaged[10] = 'x';
  EXPECT_EQ(of(damaged), Signature::None);
}

}  // namespace
}  // namespace fstool::tar
