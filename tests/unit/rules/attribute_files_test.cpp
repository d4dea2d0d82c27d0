// Manifests and device tables.

#include <gmock/gmock.h>

#include "manifest.h"
#include "rule_fixture.h"
#include "rules/attribute_files.h"
#include "rules/unvis.h"

namespace fstool::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ManifestRulesTest : public RulesTest {
 protected:
  Layer apply_manifest_text(Layer layer, const std::string& text) {
    write("m", text);
    return apply(std::move(layer), "manifest = \"m\"");
  }
  std::string manifest_failure(const std::string& text) {
    write("m", text);
    return failure(make_tree({"d/f = text", "e = "}), "manifest = \"m\"");
  }
  std::string manifest_of(const Tree& tree) {
    std::string text(kManifestHeader);
    list_manifest(tree, Tree::kRoot, context_,
                  [&](const ManifestEntry& entry) { text += manifest_lines(tree, entry); });
    return text;
  }
};

TEST_F(ManifestRulesTest, GivesBackWhatItsOwnManifestSays) {
  Tree tree = make_tree({"d/f = text", "d/link -> a b#c", "odd \n\\#*= name/x = y", "dev/"});
  for (const auto& [name, kind] : {std::pair("null", NodeKind::CharDevice),
                                   {"sda", NodeKind::BlockDevice},
                                   {"pipe", NodeKind::Fifo},
                                   {"log", NodeKind::Socket}}) {
    Node node;
    node.kind = kind;
    if (kind == NodeKind::CharDevice || kind == NodeKind::BlockDevice) node.device = {300, 70'000};
    add_node(tree, fmt::format("dev/{}", name), std::move(node));
  }
  add_path(tree, "dev/empty = ");
  std::uint32_t number = 10;
  for (std::size_t id = 0; id < tree.node_count(); ++id) {
    Node& node = tree.node(static_cast<NodeId>(id));
    node.uid = number++;
    node.gid = number++;
    node.mtime = {static_cast<std::int64_t>(number++) - 40, number++};
    if (node.kind != NodeKind::Symlink) node.permissions = static_cast<std::uint16_t>((number * 0111) & 07777);
    node.xattrs = std::make_shared<const Xattrs>(Xattrs{{"trusted.a=b", std::string("\0\xff", 2)}, {"user.x", "y"}});
  }
  const std::string text = manifest_of(tree);
  // What a normal user unpacks: no owners, no modes, no devices, no empty files.
  const Layer layer = apply_manifest_text(make_tree({"d/f = text", "d/link -> a b#c", "odd \n\\#*= name/x = y"}), text);
  EXPECT_EQ(manifest_of(layer.tree), text);
}

TEST_F(ManifestRulesTest, ReadsNestedNamesAndDefaults) {
  const Layer layer = apply_manifest_text(make_tree({"bin/sh", "bin/ls", "etc/motd", "usr/"}), R"(
#           user: me
/set type=file uid=5 gid=6 mode=0644 nlink=1
.               type=dir mode=0755
    bin         type=dir mode=0700 \
                uid=9
        sh      mode=4755
        ls
    # bin
    ..
    etc         type=dir
/unset uid
        motd    gid=7 uname=root
    ..
    usr         type=dir nochange mode=0
    gone        type=dir optional
    ..
..
)");
  EXPECT_EQ(owner_and_mode(layer.tree, ""), "0755 5:6");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin"), "0700 9:6");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/sh"), "4755 5:6");
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/ls"), "0644 5:6");
  EXPECT_EQ(owner_and_mode(layer.tree, "etc/motd"), "0644 0:7");
  EXPECT_EQ(owner_and_mode(layer.tree, "usr"), "0755 0:0");
  EXPECT_FALSE(layer.tree.find_path("gone"));
}

TEST_F(ManifestRulesTest, MakesWhatIsNotThere) {
  Layer layer = make_tree({"d/"});
  layer.implied = {Tree::kRoot, *layer.tree.find_path("d")};
  layer.lower_links = {{*layer.tree.find_path("d"), "low", "usr/x"}};
  layer = apply_manifest_text(std::move(layer),
                              "./d type=dir uid=4\n./x/y/null type=char device=0x103 mode=0666\n./d/low type=file\n"
                              "./e type=file size=0\n./l type=link link=\\057tmp time=3.5\n");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("d/", "e", "l", "x/", "x/y/", "x/y/null"));
  EXPECT_EQ(node_at(layer.tree, "x/y/null").device, (DeviceNumber{1, 3}));
  EXPECT_EQ(node_at(layer.tree, "l").target, "/tmp");
  EXPECT_EQ(node_at(layer.tree, "l").mtime, (Timestamp{3, 5}));
  EXPECT_EQ(node_at(layer.tree, "e").mtime, (Timestamp{1'000'000'000, 0}));
  EXPECT_THAT(layer.implied, ElementsAre(Tree::kRoot, *layer.tree.find_path("x"), *layer.tree.find_path("x/y")));
}

TEST_F(ManifestRulesTest, RefusesWhatDoesNotGo) {
  const auto refuses = [&](const std::string& text, const std::string& message) {
    EXPECT_THAT(manifest_failure(text), HasSubstr(message)) << text;
  };
  refuses("./new type=file size=5\n", "m:1:1: the source has no /new, whose content no manifest can give");
  refuses("./new type=file\n", "whose content no manifest can give");
  refuses("\n./d type=file\n", "m:2:1: /d is a directory in the source, not a regular file");
  refuses("./new mode=0\n", "the line has no type");
  refuses("./new type=link\n", "needs a link=TARGET");
  refuses("./new type=block\n", "needs a device=NUMBER");
  refuses("./new type=block device=a,b\n", "\"a,b\" is no value of device");
  refuses("./d/f/x type=dir\n", "/d/f leads to no directory");
  refuses("../x type=dir\n", "has a \"..\"");
  refuses("..\n", "leads out of the tree");
  refuses(". type=dir\n..\n..\n", "m:3:1: \"..\" leads out of the tree");
  refuses("./d type=folder\n", "\"folder\" is no value of type");
  refuses("./d uid=-1\n", "is no value of uid");
  refuses("./d uid=4294967295\n", "is no value of uid");
  refuses("./d mode=rwx\n", "is no value of mode");
  refuses("./d time=1.9999999999\n", "is no value of time");
  refuses("./d\\q type=dir\n", "is no name");
  refuses("./d\\000 type=dir\n", "is no name");
  refuses("./d uname=nobody\n", "no user is called \"nobody\"");
  refuses("./d mode=0 \\", "the line goes on");
  refuses("./d\n# xattr a=b\n", "no extended attribute");
  refuses("/set mode=9\n", "is no value of mode");
  EXPECT_THAT(failure("manifest = \"none\""), HasSubstr("p.toml:1:12: "));
  EXPECT_THAT(failure("manifest = 3"), HasSubstr("manifest must be a string"));
}

TEST(UnvisTest, ReadsEscapes) {
  EXPECT_EQ(unvis("a\\040b\\0c\\\\\\#\\s\\n\\^A\\M-a\\M^A\\^?"), std::string("a b\0c\\# \n\x01\xe1\x81\x7f", 13));
  for (const char* const bad : {"\\", "\\q", "\\400", "\\M", "\\M-", "\\^", "\\Mx"}) EXPECT_FALSE(unvis(bad)) << bad;
}

class DeviceTableTest : public RulesTest {
 protected:
  Layer apply_table(Layer layer, const std::string& text) {
    write("t", text);
    return apply(std::move(layer), "device_table = \"t\"");
  }
};

TEST_F(DeviceTableTest, MakesAndChangesWhatItNames) {
  const Layer layer = apply_table(make_tree({"bin/su", "srv/a/b", "srv/l -> a", "etc/passwd = me:x:7:7::/:\n"}),
                                  "# name type mode uid gid major minor start inc count\n"
                                  "/dev\td\t755\t0\t0\t-\t-\t-\t-\t-\n"
                                  "/dev/null c 666 0 0 1 3 0 0 -\n"
                                  "/dev/tty c 620 0 5 4 64 0 2 3\n"
                                  "/dev/hda b 640 0 0 3 1 1 1 2\n"
                                  "/run/pipe p 600 1 2\n"
                                  "/bin/su f 4755 me -1 - - - - -\n"
                                  "/etc/new f 600 0 0\n"
                                  "/etc/none F 600 0 0\n"
                                  "/srv r -1 3 4 - - - - -\n");
  EXPECT_EQ(owner_and_mode(layer.tree, "dev/null"), "0666 0:0");
  EXPECT_EQ(node_at(layer.tree, "dev/null").device, (DeviceNumber{1, 3}));
  EXPECT_EQ(node_at(layer.tree, "dev/tty0").device, (DeviceNumber{4, 64}));
  EXPECT_EQ(node_at(layer.tree, "dev/tty2").device, (DeviceNumber{4, 68}));
  EXPECT_FALSE(layer.tree.find_path("dev/tty3"));
  EXPECT_FALSE(layer.tree.find_path("dev/hda0"));
  EXPECT_EQ(node_at(layer.tree, "dev/hda1").device, (DeviceNumber{3, 1}));
  EXPECT_EQ(node_at(layer.tree, "dev/hda2").device, (DeviceNumber{3, 2}));
  EXPECT_EQ(node_at(layer.tree, "run/pipe").kind, NodeKind::Fifo);
  EXPECT_EQ(owner_and_mode(layer.tree, "bin/su"), "4755 7:0");
  EXPECT_EQ(owner_and_mode(layer.tree, "etc/new"), "0600 0:0");
  EXPECT_FALSE(layer.tree.find_path("etc/none"));
  EXPECT_EQ(owner_and_mode(layer.tree, "srv/a/b"), "0644 3:4");
  EXPECT_EQ(owner_and_mode(layer.tree, "srv/l"), "0777 3:4");
}

TEST_F(DeviceTableTest, RefusesWhatIsNoTable) {
  const auto refuses = [&](const std::string& text, const std::string& message) {
    write("t", text);
    EXPECT_THAT(failure(make_tree({"d/f"}), "device_table = \"t\""), HasSubstr(message)) << text;
  };
  refuses("\n/a x 0 0 0\n", "t:2:1: the type must be one of");
  refuses("/a c 8 0 0\n", "the mode must be octal");
  refuses("/a c 0 0\n", "a line needs a name, a type, a mode, an owner and a group");
  refuses("/a c 0 nobody 0\n", "no user is called \"nobody\"");
  refuses("/a c 0 0 0 x 0\n", "major must be from 0 to 4095");
  refuses("/a c 0 0 0 1 1048576\n", "minor must be from 0");
  refuses("/a c 0 0 0 1 1048575 0 1 2\n", "a minor number above 1048575");
  refuses("/a c 0 0 0 1 1 0 1 2 x\n", "more than ten words");
  refuses("/../a c 0 0 0\n", "has a \"..\"");
  refuses("/d c 0 0 0\n", "/d is a directory in the source, not a character device");
  refuses("/d/f/x d 0 0 0\n", "/d/f leads to no directory");
  refuses("/x r 0 0 0\n", "the source has no directory /x");
  refuses("|xattr cap_net_raw+ep\n", "extended attributes are not read");
  refuses("/a c 0 0 0 1 0 0 0 999999\n/b c 0 0 0 1 0 0 0 2\n", "makes more than 1000000 files");
}

}  // namespace
}  // namespace fstool::test
