#include "xattr_reader.h"

#include <fmt/format.h>

#include "descriptor.h"
#include "host_fixture.h"

namespace fstool::dir {
namespace {

class XattrReaderTest : public HostFixture {
 protected:
  Descriptor open_root() const {
    return Descriptor(checked(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open"));
  }

  static Xattrs read(XattrReader& reader, int directory, const char* name) {
    int error = 0;
    const SharedXattrs* const xattrs = reader.read(directory, name, error);
    EXPECT_EQ(error, 0);
    return xattrs == nullptr ? Xattrs{} : **xattrs;
  }
};

TEST(StorableXattrTest, AttributesThatShowTheStateOfAFileSystemAreLeftOut) {
  for (const char* const name : {"user.a", "trusted.overlay.opaque", "security.capability", "security.selinux",
                                 "system.posix_acl_access", "system.posix_acl_default"}) {
    EXPECT_TRUE(is_storable_xattr(name)) << name;
  }
  for (const char* const name :
       {"system.nfs4_acl", "system.richacl", "system.cifs_acl", "btrfs.compression", "user", "os2.ea", ""}) {
    EXPECT_FALSE(is_storable_xattr(name)) << name;
  }
}

TEST_F(XattrReaderTest, BothWaysOfAskingGiveTheSame) {
  const std::string large(3000, 'v');
  write_file("file", "x");
  set_xattr("file", "user.large", large);
  set_xattr("file", "user.small", "s");
  make_directory("many");
  Xattrs many;
  for (int i = 10; i < 60; ++i) {
    many.push_back({fmt::format("user.with-a-rather-long-name-{}", i), fmt::format("{}", i)});
    set_xattr("many", many.back().name.c_str(), many.back().value);
  }
  make_symlink("symlink", "file");
  make_special("fifo", S_IFIFO | 0600);

  const Descriptor root = open_root();
  XattrReader detected(XattrReader::detect(root.get()), Links::Keep);
  XattrReader through_proc(XattrCalls::ThroughProc, Links::Keep);
  for (XattrReader* const reader : {&detected, &through_proc}) {
    EXPECT_EQ(read(*reader, root.get(), "file"), (Xattrs{{"user.large", large}, {"user.small", "s"}}));
    EXPECT_EQ(read(*reader, root.get(), "many"), many);
    EXPECT_TRUE(read(*reader, root.get(), "symlink").empty());
    EXPECT_TRUE(read(*reader, root.get(), "fifo").empty());
    EXPECT_TRUE(read(*reader, root.get(), "").empty());
  }
}

TEST_F(XattrReaderTest, AMissingFileIsAnError) {
  const Descriptor root = open_root();
  for (const XattrCalls calls : {XattrReader::detect(root.get()), XattrCalls::ThroughProc}) {
    XattrReader reader(calls, Links::Keep);
    int error = 0;
    EXPECT_EQ(reader.read(root.get(), "nowhere", error), nullptr);
    EXPECT_EQ(error, ENOENT);
  }
}

}  // namespace
}  // namespace fstool::dir
