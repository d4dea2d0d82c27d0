// What becomes of owners, modes, times and extended attributes.

#include <gmock/gmock.h>

#include "rule_fixture.h"
#include "rules/attribute_changes.h"
#include "rules/id_map.h"

namespace fstool::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AttributeRulesTest : public RulesTest {
 protected:
  static Tree system() {
    return make_tree({"etc/passwd = root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:\nwww:x:33:33::/:\n",
                      "etc/group = root:x:0:\nstaff:x:50:\n", "bin/su", "bin/ls", "link -> bin", "srv/www/index"});
  }
};

TEST_F(AttributeRulesTest, SquashesOwners) {
  Tree tree = system();
  tree.node(*tree.find_path("bin/ls")).uid = 1000;
  const Layer layer = apply(std::move(tree), "owner = \"7:8\"");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/ls"), "0644 7:8");
  EXPECT_EQ(owner_and_mode(layer.tree, "link"), "0777 7:8");
  EXPECT_EQ(owner_and_mode(layer.tree, ""), "0755 7:8");
}

TEST_F(AttributeRulesTest, FindsNamesInTheTreesOwnFiles) {
  const Layer layer = apply(system(), "owner = \"www\"\ngroup = \"staff\"");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/ls"), "0644 33:50");
  EXPECT_THAT(
      failure(system(), "owner = \"daemn\""),
      HasSubstr("p.toml:1:9: no user is called \"daemn\" in /etc/passwd of the tree (did you mean \"daemon\"?)"));
  EXPECT_THAT(failure(make_tree({"a"}), "group = \"staff\""), HasSubstr("which has no names: write the number"));
  Tree linked = make_tree({"usr/etc/passwd = me:x:5:5::/:\n", "etc/passwd -> ../usr/etc/passwd"});
  EXPECT_EQ(node_at(apply(std::move(linked), "owner = \"me\"").tree, "etc").uid, 5U);
}

TEST_F(AttributeRulesTest, LooksNamesUpBeforeTheirFilesGo) {
  const Layer layer =
      apply(system(), "rules = [{ match = \"/etc\", exclude = true }, { match = \"ls\", owner = \"www\" }]");
  EXPECT_EQ(node_at(layer.tree, "bin/ls").uid, 33U);
  EXPECT_FALSE(layer.tree.find_path("etc"));
}

TEST_F(AttributeRulesTest, AppliesRulesInOrder) {
  const Layer layer = apply(system(), R"(
rules = [
  { match = "/bin/*", owner = 3, mode = "0711" },
  { match = ["su", "!ls"], mode = "u+s", xattr = { "user.a" = "b" } },
  { match = "/srv/**", group = 9 },
  { kind = "directory", mode = "g+w" },
  { kind = "symlink", owner = "4:4", mode = "0" },
  { match = "index", exclude = true },
  { match = "index", exclude = false, mtime = "2001-09-09T01:46:40Z" },
])");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/su"), "4711 3:0");
  EXPECT_EQ(xattr_of(layer.tree, "bin/su", "user.a"), "b");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/ls"), "0711 3:0");
  EXPECT_EQ(owner_and_mode(layer.tree, "srv"), "0775 0:0");
  EXPECT_EQ(owner_and_mode(layer.tree, "srv/www"), "0775 0:9");
  EXPECT_EQ(owner_and_mode(layer.tree, "link"), "0777 4:4");
  EXPECT_EQ(node_at(layer.tree, "srv/www/index").mtime, (Timestamp{1'000'000'000, 0}));
}

TEST_F(AttributeRulesTest, SetsAndTakesAttributes) {
  const Layer layer = apply(system(), R"(
xattr = { "user.text" = "a=b", "user.hex" = "0x00ff", "user.base64" = "0sAP8=", "security.x" = "y" }
rules = [{ match = "su", xattr = { "user.text" = false, "user.none" = false, "security.x" = "z" } }])");
  EXPECT_EQ(xattr_of(layer.tree, "bin/ls", "user.text"), "a=b");
  EXPECT_EQ(xattr_of(layer.tree, "bin/ls", "user.hex"), std::string("\0\xff", 2));
  EXPECT_EQ(xattr_of(layer.tree, "bin/ls", "user.base64"), std::string("\0\xff", 2));
  EXPECT_EQ(xattr_of(layer.tree, "bin/su", "user.text"), "-");
  EXPECT_EQ(xattr_of(layer.tree, "bin/su", "security.x"), "z");
  EXPECT_EQ(xattr_of(layer.tree, "link", "user.text"), "-");
  EXPECT_EQ(xattr_of(layer.tree, "link", "security.x"), "y");
  EXPECT_TRUE(std::ranges::is_sorted(*node_at(layer.tree, "bin/ls").xattrs));
}

TEST_F(AttributeRulesTest, MapsOwners) {
  Tree tree = make_tree({"a", "b"});
  Node& a = tree.node(*tree.find_path("a"));
  a.uid = 100'000;
  a.gid = 100'033;
  // ACL: user::rw-, user 100005:r--, group 100007:r--; and capabilities of a namespace whose root is 100001.
  const std::string acl = std::string("\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff", 12) +
                          std::string("\x02\0\x04\0\xa5\x86\x01\0", 8) + std::string("\x08\0\x04\0\xa7\x86\x01\0", 8);
  const std::string capability =
      std::string("\0\0\0\x03", 4) + std::string(16, '\0') + std::string("\xa1\x86\x01\0", 4);
  a.xattrs =
      std::make_shared<const Xattrs>(Xattrs{{"security.capability", capability}, {"system.posix_acl_access", acl}});
  const Layer layer = apply(std::move(tree), R"(
uid_map = ["100000:0:65536", "0:7:1"]
gid_map = "0:0:200000")");
  EXPECT_EQ(owner_and_mode(layer.tree, "a"), "0644 0:100033");
  EXPECT_EQ(owner_and_mode(layer.tree, "b"), "0644 7:0");
  const std::string mapped = xattr_of(layer.tree, "a", "system.posix_acl_access");
  EXPECT_EQ(mapped.substr(16, 4), std::string("\x05\0\0\0", 4));
  EXPECT_EQ(mapped.substr(24, 4), std::string("\xa7\x86\x01\0", 4));
  EXPECT_EQ(mapped.substr(8, 4), "\xff\xff\xff\xff");
  EXPECT_EQ(xattr_of(layer.tree, "a", "security.capability").substr(20), std::string("\x01\0\0\0", 4));
}

TEST_F(AttributeRulesTest, RefusesOwnersInNoRange) {
  Tree tree = make_tree({"d/a"});
  tree.node(*tree.find_path("d/a")).gid = 5;
  EXPECT_THAT(failure(std::move(tree), "gid_map = [\"0:0:5\"]"),
              HasSubstr("/d/a: the group 5 is in no range of gid_map"));
  for (const char* const map : {"\"0:0\"", "\"0:0:0\"", "\"a:0:1\"", "\"0:0:1:\"", "\"0:4294967295:1\"", "\"-1:0:1\"",
                                "3", "[\"0:0:5\", \"4:9:1\"]"}) {
    EXPECT_THAT(failure(std::string("uid_map = ") + map), HasSubstr("uid_map")) << map;
  }
}

TEST_F(AttributeRulesTest, RefusesWhatNoAttributeCanBe) {
  const auto refuses = [&](const std::string& toml, const std::string& message) {
    EXPECT_THAT(failure(toml), HasSubstr(message)) << toml;
  };
  refuses("owner = \"4294967295\"", "owner must be a number from 0 to 4294967294, or a name");
  refuses("owner = \"\"", "owner must be");
  refuses("owner = \"a:b:c\"", "owner must be");
  refuses("owner = \"1:\"", "owner must be");
  refuses("owner = -1", "owner must be from 0");
  refuses("owner = \"0:0\"\ngroup = 1", "the owner names a group already");
  refuses("mode = \"u+q\"", "mode must be octal");
  refuses("mode = 4096", "mode must be octal");
  refuses("mode = 644", "mode must be octal: 644 is a decimal number; write \"0644\" or 0o644");
  refuses("mode = 989", "mode must be octal, from");
  refuses("mode = +1_0", "mode must be octal: 10 is a decimal number");
  refuses("rules = [{ match = \"a\", mode = 755 }]", "mode must be octal: 755 is");
  refuses("mtime = \"yesterday\"", "mtime must be seconds since 1970");
  refuses("mtime = 1.5", "mtime must be");
  refuses("xattr = 3", "xattr must be a table");
  refuses("xattr = { comment = \"x\" }", "\"comment\" is no name of an extended attribute");
  refuses("xattr = { \"user.\" = \"x\" }", "is no name");
  refuses("xattr = { \"user.a\" = \"0xabc\" }", "is no hexadecimal");
  refuses("xattr = { \"user.a\" = \"0s*\" }", "is no base64");
  refuses("xattr = { \"user.a\" = true }", "must be text, or false");
  refuses("rules = 3", "rules must be an array of tables");
  refuses("rules = [{ match = \"a\" }]", "a rule needs something to do");
  refuses("rules = [{ match = [], mode = 0 }]", "match has no pattern");
  refuses("rules = [{ matches = \"a\", mode = 0 }]", "unknown key \"matches\" in a rule (did you mean \"match\"?)");
  refuses("rules = [{ kind = \"dir\", mode = 0 }]", "kind");
  refuses("exclud = \"a\"", "did you mean \"exclude\"?");
}

TEST_F(AttributeRulesTest, NamesWhatItMakes) {
  const auto seed_of = [&](const std::string& toml) {
    Digest digest;
    add(digest, rules_of(toml));
    return digest.finish().uuid("x").to_string();
  };
  EXPECT_EQ(seed_of("owner = 3"), seed_of("owner = 3"));
  EXPECT_NE(seed_of("owner = 3"), seed_of("owner = 4"));
  EXPECT_NE(seed_of("exclude = \"a\""), seed_of("include = \"a\""));
  EXPECT_NE(seed_of(""), seed_of("strip_components = 1"));
}

}  // namespace
}  // namespace fstool::test
