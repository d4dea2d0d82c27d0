#include "rules/file_contexts.h"

#include <gmock/gmock.h>

#include "rule_fixture.h"

namespace fstool::test {
namespace {

using testing::HasSubstr;

class FileContextsTest : public RulesTest {
 protected:
  std::string label_of(const Tree& tree, const std::string& path) {
    std::string value = xattr_of(tree, path, "security.selinux");
    if (value == "-") return "<<none>>";
    EXPECT_EQ(value.back(), '\0');
    value.pop_back();
    return value;
  }
};

constexpr char kContexts[] = R"(# comment

/.*                      system_u:object_r:default_t:s0
/                    -d  system_u:object_r:root_t:s0
/usr(/.*)?               system_u:object_r:usr_t:s0
/usr/bin/ls          --  system_u:object_r:ls_t:s0
/usr/(s)?bin/.*      --  system_u:object_r:bin_t:s0
/usr/lib/[^/]*\.so(\.[0-9]+)*  --  system_u:object_r:lib_t:s0
/dev/null            -c  system_u:object_r:null_t:s0
/dev/.*              -c  system_u:object_r:device_t:s0
/dev/.*              -b  system_u:object_r:disk_t:s0
/run/.*              -p  system_u:object_r:pipe_t:s0
/run/.*              -s  system_u:object_r:sock_t:s0
/proc                -d  <<none>>
/proc/.*                 <<none>>
/etc/a\.conf             system_u:object_r:conf_t:s0
/etc/a.conf          -l  system_u:object_r:link_t:s0
/srv/w?x?                system_u:object_r:srv_t:s0
/opt|/mnt/.*             system_u:object_r:alt_t:s0
/var/a|/home/.*          system_u:object_r:stem_t:s0
/tmp/?                   system_u:object_r:tmp_t:s0
)";

TEST_F(FileContextsTest, LabelsAsMatchpathconDoes) {
  write("fc", kContexts);
  write("fc.subs_dist", "/lib /usr/lib\n/bin /usr/bin\n");
  Tree tree = make_tree({"usr/bin/ls",     "usr/bin/cat",    "usr/sbin/x", "usr/bin/d/",      "usr/lib/c.so.6",
                         "usr/lib/c.so.x", "usr/lib/d/c.so", "etc/a.conf", "etc/aXconf -> a", "etc/b",
                         "proc/1/x",       "srv/w",          "srv/wx",     "srv/q",           "srv/x",
                         "opt/x",          "mnt/y",          "lib/a.so",   "bin/ls",          "libx/a.so",
                         "usrx",           "run/",           "dev/",       "var/a",           "var/b",
                         "var/home/x",     "home/x",         "tmp/x"});
  for (const auto& [name, kind] : {std::pair("dev/null", NodeKind::CharDevice),
                                   {"dev/tty", NodeKind::CharDevice},
                                   {"dev/sda", NodeKind::BlockDevice},
                                   {"run/p", NodeKind::Fifo},
                                   {"run/s", NodeKind::Socket}}) {
    Node node;
    node.kind = kind;
    add_node(tree, name, std::move(node));
  }
  const Layer layer = apply(std::move(tree), "selinux_contexts = \"fc\"");
  std::string command = fmt::format("cd {} && for x in", directory_.path().string());
  std::vector<std::string> expected;
  walk_tree(layer.tree, Tree::kRoot, "", [&](const WalkedName& walked) {
    static const std::map<NodeKind, std::string> kinds = {
        {NodeKind::File, "file"},       {NodeKind::Directory, "dir"},     {NodeKind::Symlink, "symlink_file"},
        {NodeKind::CharDevice, "char"}, {NodeKind::BlockDevice, "block"}, {NodeKind::Fifo, "pipe"},
        {NodeKind::Socket, "socket"}};
    const std::string kind = kinds.at(layer.tree.node(walked.node).kind);
    command += fmt::format(" '{}:/{}'", kind == "symlink_file" ? "link" : kind, walked.path);
    expected.push_back(fmt::format("/{} {}", walked.path, label_of(layer.tree, std::string(walked.path))));
    return true;
  });
  command += "; do echo \"${x#*:} $(matchpathcon -f $PWD/fc -N -n -m ${x%%:*} ${x#*:})\"; done";
  const ToolResult result = run_tool(command);
  std::string all;
  for (const std::string& line : expected) all += line + "\n";
  EXPECT_EQ(all, result.output);
}

TEST_F(FileContextsTest, KeepsOtherAttributes) {
  write("fc", "/a system_u:object_r:a_t:s0\n");
  write("fc.local", "/b system_u:object_r:b_t:s0\n");
  const Layer layer =
      apply(make_tree({"a", "b", "c"}),
            "xattr = { \"user.x\" = \"y\", \"security.selinux\" = \"old\" }\nselinux_contexts = \"fc\"");
  EXPECT_EQ(label_of(layer.tree, "a"), "system_u:object_r:a_t:s0");
  EXPECT_EQ(xattr_of(layer.tree, "a", "user.x"), "y");
  EXPECT_EQ(label_of(layer.tree, "b"), "system_u:object_r:b_t:s0");
  EXPECT_EQ(xattr_of(layer.tree, "c", "security.selinux"), "old");
}

TEST_F(FileContextsTest, RefusesWhatIsNoFileOfContexts) {
  const auto refuses = [&](const std::string& text, const std::string& message) {
    write("fc", text);
    EXPECT_THAT(failure(make_tree({"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}), "selinux_contexts = \"fc\""),
                HasSubstr(message))
        << text;
  };
  refuses("\n/a\n", "fc:2:1: a line has an expression, a type or not, and a context");
  refuses("/a -- b c\n", "a line has an expression");
  refuses("/a -x b\n", "\"-x\" is no type");
  refuses("/a( b\n", "fc:1:1: the expression /a(: ");
  refuses("/(a+)+[0-9b] x\n", "the expression /(a+)+[0-9b] of the contexts: ");
}

}  // namespace
}  // namespace fstool::test
