// Looking into images: what fstool shows of a file system is what the kernel's mount of it shows, byte for byte.
// FSTOOL_FULL=1 in the environment adds images of qemu-img, and logical partitions.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr Extent kSecondPartition = {18 * kMiB, 40 * kMiB};

/// Everything that a listing can show, and the names that are hard to show.
void build_tree(const TreeBuilder& tree) {
  tree.directory("etc");
  tree.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
  tree.file("etc/group", "root:x:0:\nstaff:x:1000:\n");
  tree.file("etc/config", "first line\nuser = alice\nlast line without a newline: alice");
  tree.directory("usr");
  tree.directory("usr/lib");
  tree.file("usr/lib/os-release", "NAME=test\n");
  tree.symlink("etc/os-release", "../usr/lib/os-release");
  tree.symlink("etc/absolute", "/usr/lib/os-release");
  tree.symlink("lib", "usr/lib");
  tree.symlink("dangling", "nowhere");
  tree.directory("odd");
  tree.file("odd/new\nline", "1");
  tree.file("odd/tab\tand \\ and #*?[=]", "2");
  tree.file("odd/caf\xe9", "not UTF-8");
  tree.file("odd/Gr\u00fc\u00dfe", "UTF-8");
  tree.file("odd/\033[31mred", "3");
  tree.file("odd/" + std::string(255, 'n'), "4");
  tree.file("odd/.hidden", "5");
  tree.file("odd/-dash", "6");
  tree.directory("odd/empty directory");
  tree.directory("dev");
  tree.special("dev/null", S_IFCHR | 0666, makedev(1, 3));
  tree.special("dev/sda", S_IFBLK | 0660, makedev(259, 70'000));
  tree.special("dev/pipe", S_IFIFO | 0644);
  tree.special("dev/socket", S_IFSOCK | 0755);
  tree.directory("data");
  tree.file("data/large", 3 * kMiB + 17, Content::Random);
  tree.hard_link("data/second name", "data/large");
  tree.truncate("data/hole", 5 * kMiB);
  tree.write_at("data/sparse", 2 * kMiB, 5000, Content::Text);
  tree.truncate("data/sparse", 4 * kMiB);
  tree.file("data/setuid", "x");
  tree.owner("data/setuid", 1000, 1000);
  tree.mode("data/setuid", 06755);
  tree.file("data/someone's", "x");
  tree.owner("data/someone's", 4'000'000'000U, 70'000);
  tree.xattr("data/someone's", "user.comment", "hello");
  tree.xattr("data/someone's", "system.posix_acl_access", acl_for_user(1000));
  tree.directory("data/many");
  for (int i = 0; i < 700; ++i) tree.file(fmt::format("data/many/a file with a name of some length {}", i), "");
  tree.mode("data/many", 01777);
  tree.settle_times();
}

/// How an image was made.
enum class Maker {
  Fstool,
  FstoolQcow2,        ///< compressed with zstd
  Mke2fs,             ///< mke2fs -d
  KernelInPartition,  ///< a mounted file system in a partition of a GPT
  KernelInLogical,    ///< in a logical partition of an MBR
  QemuImgDeflate,     ///< the disk with the GPT, converted by qemu-img
  QemuImgZstd,
  Genimage,
};

std::string name_of(const testing::TestParamInfo<Maker>& info) {
  switch (info.param) {
    case Maker::Fstool:
      return "Fstool";
    case Maker::FstoolQcow2:
      return "FstoolQcow2";
    case Maker::Mke2fs:
      return "Mke2fs";
    case Maker::KernelInPartition:
      return "KernelInPartition";
    case Maker::KernelInLogical:
      return "KernelInLogical";
    case Maker::QemuImgDeflate:
      return "QemuImgDeflate";
    case Maker::QemuImgZstd:
      return "QemuImgZstd";
    case Maker::Genimage:
      return "Genimage";
  }
  return {};
}

class Browse : public testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"sgdisk", "sfdisk", "mke2fs", "qemu-img", "genimage", "bsdtar", "script", "unshare"});
    build_tree(TreeBuilder(work_ / "tree"));
    make_image();
    mount_ = std::make_unique<LoopMount>(file(), Access::ReadOnly, extent_.offset, extent_.size);
  }

  /// Makes the image, and the same as a raw file for the kernel.
  void make_image() {
    const std::string qcow2 = (work_ / "disk.qcow2").string();
    switch (GetParam()) {
      case Maker::Fstool:
        expect_success({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", tree(), "-o", file(), "-q"});
        break;
      case Maker::FstoolQcow2:
        expect_success({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", tree(), "-o", qcow2, "--codec", "zstd", "-q"});
        expect_success({"qemu-img", "convert", "-O", "raw", qcow2, file()});
        target_ = qcow2;
        break;
      case Maker::Mke2fs:
        expect_success({"mke2fs", "-q", "-t", "ext4", "-d", tree(), file(), "40M"});
        break;
      case Maker::KernelInPartition:
        make_gpt_disk();
        target_ = file() + ":root";
        break;
      case Maker::KernelInLogical:
        make_mbr_disk();
        target_ = file() + ":5";
        break;
      case Maker::QemuImgDeflate:
      case Maker::QemuImgZstd:
        make_gpt_disk();
        expect_success({"qemu-img", "convert", "-O", "qcow2", "-c", "-o",
                        GetParam() == Maker::QemuImgZstd ? "compression_type=zstd" : "compression_type=zlib", file(),
                        qcow2});
        target_ = qcow2 + ":root";
        break;
      case Maker::Genimage:
        make_genimage_disk();
        target_ = file() + ":root";
        break;
    }
  }

  void make_gpt_disk() {
    make_empty_disk();
    expect_success({"sgdisk", "--new=1:2MiB:+16MiB", "--change-name=1:boot", "--new=2:18MiB:+40MiB",
                    "--change-name=2:root", file()});
    fill_partition();
  }

  void make_mbr_disk() {
    make_empty_disk();
    write_text(work_ / "table",
               "label: dos\n1 : start=4096, size=16384, type=c\n2 : start=32768, size=90112, type=5\n"
               "5 : start=36864, size=81920, type=83\n");
    expect_success({"sh", "-c", "exec sfdisk --quiet \"$0\" < \"$1\"", file(), (work_ / "table").string()});
    fill_partition();
  }

  void make_empty_disk() const {
    write_text(file(), "");
    std::filesystem::resize_file(file(), 64 * kMiB);
  }

  /// Makes a file system at kSecondPartition, and lets the kernel copy the tree into it.
  void fill_partition() {
    extent_ = kSecondPartition;
    {
      const LoopDevice device(file(), {.access = Access::ReadWrite, .offset = extent_.offset, .size = extent_.size});
      expect_success({"mke2fs", "-q", "-t", "ext4", "-b", "1024", "-L", "ROOTFS", device.path()});
    }
    const LoopMount mounted(file(), Access::ReadWrite, extent_.offset, extent_.size);
    expect_success({"cp", "--archive", tree() + "/.", mounted.path().string()});
  }

  void make_genimage_disk() {
    const std::filesystem::path spec = work_ / "genimage.cfg";
    write_text(spec, R"(
image root.ext4 {
  ext4 {
    label = "ROOTFS"
    use-mke2fs = true
  }
  size = 40M
}
image disk.img {
  hdimage { partition-table-type = "gpt" }
  partition data { size = 2M }
  partition root { image = "root.ext4" }
}
)");
    std::filesystem::create_directory(work_ / "input");
    expect_success({"genimage", "--config", spec.string(), "--rootpath", tree(), "--tmppath",
                    (work_ / "temporary").string(), "--inputpath", (work_ / "input").string(), "--outputpath",
                    work_.path().string()});
    extent_ = partitions_of(file()).at(1);
  }

  std::string tree() const { return (work_ / "tree").string(); }
  std::string file() const { return (work_ / "disk.img").string(); }

  /// What `fstool COMMAND [options] TARGET arguments` prints; it has to succeed without a word on standard error.
  std::string fstool(Command command, const Command& arguments) const {
    command.push_back(target_);
    command.insert(command.end(), arguments.begin(), arguments.end());
    const ProcessResult result = run_fstool(command);
    EXPECT_EQ(result.exit_code, 0) << to_string(command);
    EXPECT_EQ(result.err, "") << to_string(command);
    return result.out;
  }
  /// What a shell command prints in the root of the mount.
  std::string kernel(const std::string& command) const {
    return expect_success({"sh", "-c", command}, {.directory = mount_->path(), .environment = {{"TZ", "UTC"}}});
  }

  const TempDir work_;
  std::string target_ = file();
  Extent extent_;
  std::unique_ptr<LoopMount> mount_;
};

std::string sorted_lines(const std::string& text, char end = '\n') {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line, end);) lines.push_back(line);
  std::ranges::sort(lines);
  std::string sorted;
  for (const std::string& line : lines) sorted += line + end;
  return sorted;
}

TEST_P(Browse, LsWritesWhatLsWrites) {
  EXPECT_EQ(fstool({"ls", "-lnR", "--time-style=full-iso"}, {"."}), kernel("ls -lnR --time-style=full-iso ."));
  EXPECT_EQ(fstool({"ls", "-lnRAi"}, {"."}), kernel("ls -lnRAi --time-style=long-iso ."));
  EXPECT_EQ(fstool({"ls", "-R"}, {"."}), kernel("ls -R ."));
  EXPECT_EQ(fstool({"ls", "-ln"}, {"data", "lib", "etc/passwd", "dev/null"}),
            kernel("ls -ln --time-style=long-iso data lib etc/passwd dev/null"));
  EXPECT_EQ(fstool({"ls", "-1a"}, {"lib", "odd", "dangling", "lib/"}), kernel("ls -1a lib odd dangling lib/"));
  EXPECT_EQ(fstool({"ls", "-dln", "--time-style=+%s %N"}, {"data", "lib", "odd/"}),
            kernel("ls -dln '--time-style=+%s %N' data lib odd/"));
}

TEST_P(Browse, LsKnowsTheNamesOfTheImage) {
  const std::string listing = fstool({"ls", "-l"}, {"/data"});
  EXPECT_NE(listing.find("-rwsr-sr-x "), std::string::npos) << listing;
  EXPECT_NE(listing.find(" alice "), std::string::npos) << listing;
  EXPECT_NE(listing.find(" staff "), std::string::npos) << listing;
  EXPECT_NE(listing.find(" 4000000000 "), std::string::npos) << listing;
}

TEST_P(Browse, CatWritesContents) {
  EXPECT_EQ(fstool({"cat"}, {"/data/large", "data/sparse", "etc/absolute", "odd/new\nline", "data/hole"}),
            kernel("cat data/large data/sparse usr/lib/os-release 'odd/new\nline' data/hole"));
  const std::string output = (work_ / "output").string();
  expect_success({"sh", "-c", "\"$0\" cat \"$1\" /data/hole > \"$2\"", FSTOOL_E2E_PROGRAM, target_, output});
  EXPECT_EQ(std::filesystem::file_size(output), 5 * kMiB);
  EXPECT_EQ(expect_success({"stat", "-c", "%b", output}), "0\n") << "a hole stays one";
}

TEST_P(Browse, StatShowsWhatStatShows) {
  const std::string format = "%n|%s|%b|%f|%F|%a|%A|%i|%h|%u|%g|%t|%T|%x|%X|%y|%Y|%z|%Z|%w";
  const std::string paths = "etc lib dev/null dev/sda dev/pipe dev/socket data/large data/hole data/many data/setuid";
  std::istringstream words(paths);
  Command arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  EXPECT_EQ(fstool({"stat", "-c", format}, arguments), kernel("stat -c '" + format + "' " + paths));

  const auto report = nlohmann::json::parse(fstool({"stat", "--json"}, {"/data/someone's"}));
  const auto& entry = report.at("entries").at(0);
  EXPECT_EQ(entry.at("uid"), 4'000'000'000U);
  EXPECT_EQ(entry.at("xattrs").at("user.comment"), "aGVsbG8=");
}

TEST_P(Browse, FindFindsWhatFindFinds) {
  for (const std::string expression :
       {"", "-name '*e*' -type f", "-size +1k ! -size +1M", "'(' -type l -o -type d ')' -maxdepth 2", "-perm -4000",
        "-perm /u+s,o+t", "-empty -mindepth 2", "-links 2 -type f", "-uid 1000", "-iname 'HOLE'",
        "-path '*odd/*' -prune -o -type c -print", "-inum 2"}) {
    const std::string words = ". " + expression;
    const std::string found = expect_success(
        {"sh", "-c", "image=$1; fstool=$0; exec \"$fstool\" find \"$image\" " + words, FSTOOL_E2E_PROGRAM, target_});
    EXPECT_EQ(sorted_lines(found), sorted_lines(kernel("find " + words))) << expression;
  }
  EXPECT_EQ(sorted_lines(fstool({"find"}, {"odd", "-print0"}), '\0'), sorted_lines(kernel("find odd -print0"), '\0'));
}

TEST_P(Browse, GrepFindsWhatGrepFinds) {
  EXPECT_EQ(fstool({"grep", "-n", "alice"}, {"etc/config", "etc/passwd"}),
            kernel("grep -n alice etc/config etc/passwd"));
  EXPECT_EQ(fstool({"grep", "-ciE", "LINE|root"}, {"etc/config", "etc/passwd"}),
            kernel("grep -ciE 'LINE|root' etc/config etc/passwd"));
  EXPECT_EQ(sorted_lines(fstool({"grep", "-rl", "alice"}, {"."})), sorted_lines(kernel("grep -rl alice .")));
  EXPECT_EQ(fstool({"grep", "-v", "-F", "a"}, {"etc/config"}), kernel("grep -v -F a etc/config"));
  EXPECT_EQ(fstool({"grep", "-h", "alice"}, {"etc/config", "etc/passwd"}),
            kernel("grep -h alice etc/config etc/passwd"));
  EXPECT_EQ(run_fstool({"grep", "no such text", target_}).exit_code, 1);
}

TEST_P(Browse, HashesAreThoseOfSha256sum) {
  write_text(work_ / "sums", fstool({"hash"}, {"."}));
  EXPECT_EQ(kernel("sha256sum --check --strict --quiet '" + (work_ / "sums").string() + "'"), "");
  EXPECT_EQ(kernel("find . -type f -printf '\\n' | wc -l"),
            expect_success({"sh", "-c", "wc -l < \"$0\"", (work_ / "sums").string()}));
  if (extent_.size == 0) {
    EXPECT_EQ(fstool({"hash"}, {}).substr(0, 64), sha256(file()));
  }
}

/// The lines that a manifest has to have, made from the mount.
class ExpectedManifest {
 public:
  explicit ExpectedManifest(const std::filesystem::path& root) : root_(root) {
    lines_.push_back(entry("."));
    for (const auto& found : std::filesystem::recursive_directory_iterator(root)) {
      lines_.push_back(entry("./" + found.path().lexically_relative(root).string()));
    }
  }

  std::string sorted() {
    std::ranges::sort(lines_);
    std::string text;
    for (const std::string& line : lines_) text += line;
    return text;
  }

 private:
  static std::string escaped(const std::string& path) {
    std::string text;
    for (const char c : path) {
      const bool is_plain = c > ' ' && c <= '~' && std::string_view("\\#*=?[").find(c) == std::string_view::npos;
      text += is_plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
    return text;
  }

  std::string entry(const std::string& path) const {
    const std::string absolute = (root_ / path).string();
    struct stat status {};
    check(lstat(absolute.c_str(), &status), absolute);
    const std::map<mode_t, std::string> types = {{S_IFREG, "file"},   {S_IFDIR, "dir"},   {S_IFLNK, "link"},
                                                 {S_IFCHR, "char"},   {S_IFBLK, "block"}, {S_IFIFO, "fifo"},
                                                 {S_IFSOCK, "socket"}};
    const mode_t type = status.st_mode & S_IFMT;
    std::string line = fmt::format("{} type={} mode={:04o} uid={} gid={}", escaped(path), types.at(type),
                                   status.st_mode & 07777U, status.st_uid, status.st_gid);
    if (type == S_IFREG) line += fmt::format(" size={}", status.st_size);
    line += fmt::format(" time={}.{:09}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    if (type == S_IFREG) {
      line += " sha256digest=" + expect_success({"sh", "-c", "sha256sum < \"$0\"", absolute}).substr(0, 64);
    }
    if (type == S_IFLNK) line += " link=" + escaped(std::filesystem::read_symlink(absolute).string());
    if (type == S_IFCHR || type == S_IFBLK) {
      line += fmt::format(" device=native,{},{}", major(status.st_rdev), minor(status.st_rdev));
    }
    if (type != S_IFDIR) line += fmt::format(" nlink={}", status.st_nlink);
    return line + "\n";
  }

  std::filesystem::path root_;
  std::vector<std::string> lines_;
};

TEST_P(Browse, ManifestsSayWhatTheMountHas) {
  const std::string manifest = fstool({"manifest"}, {});
  EXPECT_TRUE(manifest.starts_with("#mtree\n. type=dir "));
  EXPECT_NE(manifest.find("\n# xattr user.comment=aGVsbG8=\n"), std::string::npos);
  std::istringstream stream(manifest);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) lines.push_back(line + "\n");
  }
  std::ranges::sort(lines);
  std::string sorted;
  for (const std::string& line : lines) sorted += line;
  EXPECT_EQ(sorted, ExpectedManifest(mount_->path()).sorted());
  EXPECT_EQ(fstool({"manifest", "--threads", "1"}, {}), manifest);
}

TEST_P(Browse, ManifestsCanBeReadByBsdtar) {
  write_text(work_ / "manifest", fstool({"manifest"}, {}));
  // bsdtar has no word for sockets.
  const std::string listed =
      expect_success({"sh", "-c", "grep -v type=socket \"$0\" | bsdtar -tf -", (work_ / "manifest").string()});
  EXPECT_EQ(std::ranges::count(listed, '\n') + 1, static_cast<std::ptrdiff_t>(count_nodes(mount_->path())));
}

TEST_P(Browse, ExtractedTreesEqualTheMount) {
  const std::filesystem::path extracted = work_ / "extracted";
  expect_success({"rm", "-rf", tree()});
  fstool({"extract", "-q", "-C", extracted.string()}, {});
  for (const std::string& difference : tree_differences(mount_->path(), extracted)) ADD_FAILURE() << difference;
}

TEST_P(Browse, NeedsNoPrivilege) {
  const std::string listing = fstool({"ls", "-lR"}, {});
  EXPECT_EQ(expect_success({"unshare", "--user", FSTOOL_E2E_PROGRAM, "ls", "-lR", target_}), listing);
}

TEST_P(Browse, TerminalsGetEscapedNames) {
  const std::string shown =
      expect_success({"script", "--quiet", "--return", "--command",
                      fmt::format("export LC_ALL=C.UTF-8; '{}' ls -1 '{}' /odd; '{}' find '{}' /odd -print0",
                                  FSTOOL_E2E_PROGRAM, target_, FSTOOL_E2E_PROGRAM, target_),
                      "/dev/null"});
  EXPECT_NE(shown.find("new\\nline\r\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("caf\\351\r\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("Gr\u00fc\u00dfe\r\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\\033[31mred\r\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find(std::string("/odd/caf\xe9\0", 10)), std::string::npos) << "-print0 is for programs";
  const std::string told =
      run({"script", "--quiet", "--return", "--command",
           fmt::format("export LC_ALL=C.UTF-8; '{}' cat '{}' '/odd/\033[31mblue'", FSTOOL_E2E_PROGRAM, target_),
           "/dev/null"})
          .out;
  EXPECT_NE(told.find("\\033[31mblue\r\n"), std::string::npos) << told;
}

TEST_P(Browse, APipeThatIsClosedEndsTheWorkQuietly) {
  const ProcessResult result =
      run({"sh", "-c", "\"$0\" cat \"$1\" /data/large /data/large | head -c 10 | wc -c", FSTOOL_E2E_PROGRAM, target_});
  EXPECT_EQ(result.out, "10\n");
  EXPECT_EQ(result.err, "");
}

TEST_P(Browse, WhatIsMissingIsNamedAndTheRestIsShown) {
  const ProcessResult result = run_fstool({"cat", target_, "/etc/x", "/etc/os-release", "/etc"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "NAME=test\n");
  EXPECT_EQ(result.err, fmt::format("fstool: error: No such file or directory in {}: /etc/x\n"
                                    "fstool: error: Is a directory: {}: /etc\n",
                                    target_, target_));
  EXPECT_EQ(run_fstool({"ls"}).exit_code, 2);
  EXPECT_EQ(run_fstool({"cat", target_}).exit_code, 2);
  EXPECT_EQ(run_fstool({"find", target_, "-nme", "x"}).exit_code, 2);
}

std::vector<Maker> makers() {
  std::vector<Maker> makers = {Maker::Fstool, Maker::FstoolQcow2, Maker::Mke2fs, Maker::KernelInPartition,
                               Maker::Genimage};
  if (is_full_run()) {
    makers.insert(makers.end(), {Maker::KernelInLogical, Maker::QemuImgDeflate, Maker::QemuImgZstd});
  }
  return makers;
}

INSTANTIATE_TEST_SUITE_P(Images, Browse, testing::ValuesIn(makers()), name_of);

/// JSON has no strings of bytes.
TEST(NamesInJson, HaveTheirBytesWhereTheyAreNoText) {
  FSTOOL_E2E_REQUIRE(false, {});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("\xff", "x");
  const TreeBuilder none(work / "none");
  const std::string target = tree.root().string();
  const auto json_of = [](const Command& command) { return nlohmann::json::parse(run_fstool(command).out); };
  const std::string base64 = "L/8=";
  EXPECT_EQ(json_of({"ls", "--json", target}).at("entries").at(0).at("path_base64"), base64);
  EXPECT_EQ(json_of({"hash", "--json", target, "/"}).at("hashes").at(0).at("path_base64"), base64);
  EXPECT_EQ(json_of({"diff", "--json", "--ignore", "mtime", none.root().string(), target})
                .at("differences")
                .at(0)
                .at("path_base64"),
            base64);
  EXPECT_EQ(json_of({"extract", "--json", "--dry-run", target, "-C", (work / "out").string()}).at("paths_base64").at(0),
            "/w==");
  EXPECT_EQ(run_fstool({"extract", "--dry-run", target, "-C", (work / "out").string()}).out, "\xff\n");
}

class BrowseDisk : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"sgdisk", "mke2fs"});
    write_text(disk_, "");
    std::filesystem::resize_file(disk_, 64 * kMiB);
    expect_success({"sgdisk", "--new=1:2MiB:+16MiB", "--change-name=1:boot", "--new=2:30MiB:+16MiB",
                    "--change-name=2:root", disk_.string()});
    expect_success({"mke2fs", "-q", "-t", "ext4", "-L", "ROOTFS", "-E", "offset=31457280", disk_.string(), "16M"});
  }

  const TempDir work_;
  const std::filesystem::path disk_ = work_ / "disk.img";
};

TEST_F(BrowseDisk, TerminalsGetEscapedNamesOfPartitions) {
  FSTOOL_E2E_REQUIRE(true, {"script"});
  expect_success({"sgdisk", "--change-name=1:\033[31mred", disk_.string()});
  for (const std::string command : {"convert --plan", "info"}) {
    const std::string shown = expect_success(
        {"script", "--quiet", "--return", "--command",
         fmt::format("export LC_ALL=C.UTF-8; '{}' {} '{}'", FSTOOL_E2E_PROGRAM, command, disk_.string()), "/dev/null"});
    EXPECT_NE(shown.find("\\033[31mred"), std::string::npos) << shown;
  }
}

TEST_F(BrowseDisk, InfoShowsTheLayers) {
  const ProcessResult text = run_fstool({"info", disk_.string()});
  EXPECT_EQ(text.exit_code, 0) << text.output();
  for (const char* const part : {"raw, a disk of 64 MiB", "gpt partition table", "1 \"boot\": linux, 16 MiB at 2 MiB",
                                 "no file system that a plugin knows", "unpartitioned: 12 MiB at 18 MiB",
                                 "2 \"root\": linux", "ext4 \"ROOTFS\"", "used"}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part << '\n' << text.out;
  }
  const auto report = nlohmann::json::parse(run_fstool({"info", "--json", disk_.string()}).out);
  const auto& partitions = report.at("partition_table").at("partitions");
  ASSERT_EQ(partitions.size(), 2U);
  EXPECT_EQ(partitions.at(0).at("filesystem"), nullptr);
  EXPECT_EQ(partitions.at(1).at("filesystem").at("label"), "ROOTFS");
  EXPECT_EQ(report.at("partition_table").at("gaps").size(), 3U);
}

TEST_F(BrowseDisk, InfoTellsInPlaceWhatCantBeOpened) {
  const LoopDevice partition(disk_, {.access = Access::ReadWrite, .offset = 30 * kMiB, .size = 16 * kMiB});
  expect_success({"mke2fs", "-q", "-O", "journal_dev", partition.path()});
  const ProcessResult result = run_fstool({"info", "-q", disk_.string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.out.find("2 \"root\""), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("which can't be read"), std::string::npos) << result.out;
}

TEST_F(BrowseDisk, TheOnlyFileSystemNeedsNoNumber) {
  const ProcessResult result = run_fstool({"ls", disk_.string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.out, "lost+found\n");
}

TEST_F(BrowseDisk, FormatsCanBeSaid) {
  EXPECT_EQ(run_fstool({"ls", "--format", "raw,gpt,ext4", disk_.string() + ":2"}).out, "lost+found\n");
  const ProcessResult none = run_fstool({"ls", "--format", "none", disk_.string()});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.err.find("neither a file system nor a partition table"), std::string::npos) << none.err;
  const ProcessResult unknown = run_fstool({"ls", "--format", "ext5", disk_.string()});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("did you mean \"ext"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace fstool::e2e
