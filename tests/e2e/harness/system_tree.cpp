#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tree_builder.h"

namespace fstool::e2e {

namespace {

constexpr unsigned kPackages = 300;
constexpr unsigned kFilesPerPackage = 35;

/// Most files of a system are small, a few hold most of the bytes.
std::uint64_t draw_file_size(std::mt19937_64& random) {
  const std::uint64_t share = random() % 100;
  const std::uint64_t draw = random();
  if (share < 2) return 0;
  if (share < 50) return 1 + draw % 4096;
  if (share < 88) return 4096 + draw % (28 * 1024);
  if (share < 99) return 32 * 1024 + draw % (192 * 1024);
  return 256 * 1024 + draw % (1024 * 1024);
}

void add_packages(const TreeBuilder& tree) {
  std::mt19937_64 random(1);
  tree.directory("usr");
  tree.directory("usr/share");
  for (unsigned package = 0; package < kPackages; ++package) {
    const std::string directory = "usr/share/package-" + std::to_string(package);
    tree.directory(directory);
    for (unsigned file = 0; file < kFilesPerPackage; ++file) {
      const std::string path = directory + "/file-" + std::to_string(file) + ".txt";
      tree.file(path, draw_file_size(random), random() % 4 == 0 ? Content::Random : Content::Text);
      if (random() % 16 == 0) tree.mode(path, 0755);
    }
    if (package % 3 == 0) tree.symlink(directory + "/latest", "file-" + std::to_string(package % kFilesPerPackage));
    if (package % 2 == 0) tree.hard_link(directory + "/copyright", directory + "/file-1.txt");
  }
  tree.file("usr/share/large-text", std::uint64_t{48} << 20U, Content::Text);
  tree.file("usr/share/large-random", std::uint64_t{16} << 20U, Content::Random);
}

void add_devices(const TreeBuilder& tree) {
  tree.directory("dev");
  tree.special("dev/null", S_IFCHR, makedev(1, 3));
  tree.mode("dev/null", 0666);
  tree.special("dev/loop0", S_IFBLK, makedev(7, 0));
  tree.special("dev/old-limit", S_IFCHR, makedev(255, 255));
  tree.special("dev/many-minors", S_IFBLK, makedev(259, 70'000));
  tree.special("dev/initctl", S_IFIFO);
  tree.special("dev/log", S_IFSOCK);
}

void add_owners_and_modes(const TreeBuilder& tree) {
  tree.directory("home");
  tree.directory("home/user");
  tree.file("home/user/mail", "Hello\n");
  tree.owner("home/user", 1000, 1000);
  tree.owner("home/user/mail", 1000, 8);
  tree.symlink("home/user/link", "mail");
  tree.owner("home/user/link", 1000, 65'534);
  tree.file("home/user/large-ids", "uid and gid beyond 16 bits\n");
  tree.owner("home/user/large-ids", 4'000'000'000, 3'999'999'999);

  tree.directory("bin");
  tree.file("bin/su", 70'000, Content::Random);
  tree.mode("bin/su", 04755);
  tree.file("bin/wall", 35'000, Content::Random);
  tree.owner("bin/wall", 0, 5);
  tree.mode("bin/wall", 02755);
  tree.file("bin/nothing-allowed", "secret\n");
  tree.mode("bin/nothing-allowed", 0);
  tree.directory("tmp");
  tree.mode("tmp", 01777);
  tree.directory("srv");
  tree.owner("srv", 0, 1000);
  tree.mode("srv", 02770);
}

void add_attributes(const TreeBuilder& tree) {
  tree.file("bin/ping", 60'000, Content::Random);
  tree.xattr("bin/ping", "security.capability", capability_xattr());

  tree.directory("etc");
  tree.file("etc/with-acl", "x\n");
  tree.xattr("etc/with-acl", "system.posix_acl_access", acl_for_user(1000));
  tree.directory("etc/default-acl");
  tree.xattr("etc/default-acl", "system.posix_acl_access", acl_for_user(1001));
  tree.xattr("etc/default-acl", "system.posix_acl_default", acl_for_user(3'000'000'000));
  tree.file("etc/empty-value", "");
  tree.xattr("etc/empty-value", "user.empty", "");
  tree.file("etc/large-value", "");
  tree.xattr("etc/large-value", "user.large", std::string(3000, 'v'));
  tree.xattr("etc/large-value", "user.binary", std::string_view("\0\xff\n\0", 4));
  tree.symlink("etc/link", "with-acl");
  tree.xattr("etc/link", "trusted.note", "links have attributes too");
  for (unsigned i = 0; i < 200; ++i) {
    const std::string path = "etc/labelled-" + std::to_string(i);
    tree.file(path, "label\n");
    // Every other file has a set of its own: some sets are shared, some are not; some fit the inode, some don't.
    const std::string value = i % 2 == 0 ? "system_u:object_r:etc_t:s0" : std::string(i, 'l');
    tree.xattr(path, "trusted.label", value);
  }
}

void add_odd_names(const TreeBuilder& tree) {
  tree.directory("odd names");
  tree.directory("odd names/empty");
  tree.file("odd names/line\nbreak", "1");
  tree.file("odd names/back\\slash", "2");
  tree.file("odd names/\xff\xfe not UTF-8", "3");
  tree.file("odd names/-rf", "4");
  tree.file("odd names/...", "5");
  tree.file("odd names/\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "6");
  tree.file("odd names/" + std::string(255, 'n'), "7");
  tree.symlink("odd names/dangling", "/does/not/exist");
  tree.symlink("odd names/itself", "itself");
  // A file system inside must not be mistaken for the image's own.
  tree.directory("odd names/lost+found");
  tree.file("odd names/lost+found/kept", "8");
}

void add_sparse_files(const TreeBuilder& tree) {
  tree.directory("var");
  tree.truncate("var/only-a-hole", 10'000'000);
  tree.write_at("var/ends-in-a-hole", 0, 5000, Content::Random);
  tree.truncate("var/ends-in-a-hole", 3'000'001);
  tree.write_at("var/begins-with-a-hole", 1'000'003, 4097, Content::Random);
}

}  // namespace

void build_system_tree(const TreeBuilder& tree) {
  add_packages(tree);
  add_devices(tree);
  add_owners_and_modes(tree);
  add_attributes(tree);
  add_odd_names(tree);
  add_sparse_files(tree);
  tree.owner("", 0, 0);
  tree.mode("", 0751);
  tree.settle_times();
  tree.time("etc/with-acl", -1, 1);                    // 1969
  tree.time("etc/empty-value", -2'147'483'648, 0);     // the first second that ext4 knows
  tree.time("etc/large-value", 2'147'483'648, 5);      // 2038
  tree.time("etc/link", 15'032'385'535, 999'999'999);  // the last that ext4 knows, in 2446
}

void build_random_tree(const TreeBuilder& tree, std::mt19937_64& random, unsigned max_files) {
  std::vector<std::string> directories = {""};
  std::vector<std::string> files;
  const std::uint64_t count = random() % (max_files + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = directories[random() % directories.size()] + "n" + std::to_string(i) +
                             std::string(random() % 8 == 0 ? random() % 200 : 0, 'x');
    const std::uint64_t kind = random() % 20;
    if (kind == 0) {
      tree.directory(path);
      directories.push_back(path + "/");
    } else if (kind == 1) {
      tree.symlink(path, std::string(1 + random() % 300, 't'));
    } else if (kind == 2 && !files.empty()) {
      tree.hard_link(path, files[random() % files.size()]);
    } else {
      const std::uint64_t magnitude = random() % 18;  // sizes from a byte to 256 KiB, small ones as often as large
      tree.file(path, random() % (std::uint64_t{2} << magnitude), Content::Random);
      files.push_back(path);
      if (kind == 3) tree.xattr(path, "user.note", std::string(random() % 400, 'a'));
    }
  }
  tree.settle_times();
}

}  // namespace fstool::e2e
