#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

#include "tree_builder.h"

namespace fstool::e2e {

void build_odd_tree(const TreeBuilder& tree) {
  for (const char* name : {"etc", "names", "deep", "run"}) tree.directory(name);
  tree.file("etc/passwd", "root:x:0:0\n");
  tree.file("empty", "");
  tree.file("large", 3'000'001, Content::Text);
  tree.file("names/two\nlines", "n");
  tree.file("names/\xff\xfe", "no UTF-8");
  tree.file("names/e\xcc\x81", "not composed");
  tree.file("names/ -x", "like an option");
  tree.file("names/" + std::string(255, 'n'), "longest");
  std::string deep = "deep";
  for (int i = 0; i < 30; ++i) {
    deep += "/" + std::string(20, 'd') + std::to_string(i);
    tree.directory(deep);
  }
  tree.file(deep + "/file", "at the bottom");
  tree.symlink("deep/link", std::string(150, 't'));
  tree.symlink("etc/absolute", "/etc/passwd");
  tree.symlink("etc/out", "../../../outside");
  tree.hard_link("names/passwd", "etc/passwd");
  tree.hard_link("another passwd", "etc/passwd");
  tree.symlink("shared", "etc");
  tree.hard_link("names/shared", "shared");
  tree.write_at("sparse", 1 << 20, 70'000, Content::Random);
  tree.write_at("sparse", 5 << 20, 4096, Content::Random);
  tree.truncate("sparse", 9'000'000);
  tree.truncate("hole", 1 << 20);
  tree.directory("empty directory");
  tree.mode("empty directory", 01777);
  tree.mode("etc/passwd", 0600);
  tree.mode("names", 0500);
}

void build_odd_root_tree(const TreeBuilder& tree) {
  build_odd_tree(tree);
  for (const char* name : {"dev", "bin"}) tree.directory(name);
  tree.special("dev/null", S_IFCHR, makedev(1, 3));
  tree.special("dev/sda", S_IFBLK, makedev(8, 300));
  tree.special("run/fifo", S_IFIFO);
  tree.owner("etc", 100, 200);
  tree.owner("shared", 3, 4);
  tree.owner("large", 3'000'000, 4'000'000);
  tree.file("bin/su", "su");
  tree.owner("bin/su", 5, 6);
  tree.mode("bin/su", 06755);
  tree.file("bin/ping", "ping");
  tree.xattr("bin/ping", "security.capability", capability_xattr());
  tree.xattr("etc/passwd", "user.comment", std::string("with \0 and =\n", 13));
  tree.xattr("sparse", "user.empty", "");
  tree.mode("empty", 0750);
  tree.xattr("empty", "system.posix_acl_access", acl_for_user(1234));
  tree.xattr("run", "system.posix_acl_default", acl_for_user(1234));
}

}  // namespace fstool::e2e
