#include "fstool/posix_acl.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace fstool {
namespace {

using namespace std::string_literals;

const Acl kWithMask = {
    {AclTag::UserObj, 6}, {AclTag::User, 7, 1000}, {AclTag::GroupObj, 4}, {AclTag::Mask, 7}, {AclTag::Other, 4}};

Node node_with(const Acl& acl) {
  Node node;
  node.permissions = 0674;
  node.xattrs = std::make_shared<const Xattrs>(
      Xattrs{{std::string(kAccessAclXattr), acl_to_xattr(acl)}, {std::string(kDefaultAclXattr), acl_to_xattr(acl)}});
  return node;
}

Acl access_acl(const Node& node) { return acl_from_xattr(node.xattrs->front().value).value_or(Acl()); }

TEST(PosixAcl, GoesToItsAttributeAndBack) {
  const Acl acl = {{AclTag::UserObj, 6}, {AclTag::Group, 5, 0x01020304}};
  const std::string value = "\2\0\0\0\1\0\6\0\xff\xff\xff\xff\x08\0\5\0\4\3\2\1"s;
  EXPECT_EQ(acl_to_xattr(acl), value);
  EXPECT_EQ(acl_from_xattr(value), acl);
}

TEST(PosixAcl, IsReadOnlyIfItIsOne) {
  EXPECT_EQ(acl_from_xattr("\2\0\0\0"s), Acl());
  for (const std::string& value : {
           ""s,
           "\1\0\0\0"s,                               // the version of ext4
           "\2\0\0\0\1\0\6\0"s,                       // cut off
           "\2\0\0\0\3\0\6\0\xff\xff\xff\xff"s,       // no such tag
           "\2\0\0\0\1\0\x08\0\xff\xff\xff\xff"s,     // no such permissions
           "\2\0\0\0\1\0\6\0\xff\xff\xff\xff\x20\0"s  // a second entry, cut off
       }) {
    EXPECT_EQ(acl_from_xattr(value), std::nullopt) << testing::PrintToString(value);
  }
}

TEST(SetPermissions, ReachTheMaskAsChmodDoes) {
  Node node = node_with(kWithMask);
  set_permissions(node, 04640);
  EXPECT_EQ(node.permissions, 04640);
  EXPECT_EQ(access_acl(node), (Acl{{AclTag::UserObj, 6},
                                   {AclTag::User, 7, 1000},
                                   {AclTag::GroupObj, 4},
                                   {AclTag::Mask, 4},
                                   {AclTag::Other, 0}}));
  EXPECT_EQ(acl_from_xattr(node.xattrs->back().value), kWithMask) << "the default ACL says what new files get";
}

TEST(SetPermissions, ReachTheGroupWhereThereIsNoMask) {
  Node node = node_with({{AclTag::UserObj, 6}, {AclTag::GroupObj, 4}, {AclTag::Other, 4}});
  set_permissions(node, 0751);
  EXPECT_EQ(access_acl(node), (Acl{{AclTag::UserObj, 7}, {AclTag::GroupObj, 5}, {AclTag::Other, 1}}));
}

TEST(SetPermissions, ThatChangeNothingLeaveAttributesShared) {
  Node node = node_with(kWithMask);
  const auto shared = node.xattrs;
  set_permissions(node, 0674);
  EXPECT_EQ(node.xattrs, shared);
}

TEST(SetPermissions, LeaveOtherNodesAndWhatIsNoAclAlone) {
  Node node = node_with(kWithMask);
  Node other;
  other.xattrs = node.xattrs;
  set_permissions(node, 0);
  EXPECT_EQ(access_acl(other), kWithMask);

  Node odd;
  odd.xattrs = std::make_shared<const Xattrs>(Xattrs{{std::string(kAccessAclXattr), "no ACL"}});
  set_permissions(odd, 0600);
  EXPECT_EQ(odd.permissions, 0600);
  EXPECT_EQ(odd.xattrs->front().value, "no ACL");

  Node plain;
  set_permissions(plain, 0711);
  EXPECT_EQ(plain.permissions, 0711);
  EXPECT_EQ(plain.xattrs, nullptr);
}

}  // namespace
}  // namespace fstool
