// From an archive to a file system in one command, as a normal user: mounted, it is the tree that the archive's own
// tools make of it as root.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <ostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNothing;

/// What is packed.
enum class Packed {
  Odd,    ///< everything that a file system can hold
  Plain,  ///< what every format can hold: short names, small numbers, times in seconds
};

struct Dialect {
  std::string name;
  Packed tree;
  std::string pack;      ///< makes "archive" of the directory "tree"
  std::string unpack;    ///< makes the directory "out", which is there and empty, of "archive"
  bool is_fast = false;  ///< in every run
};

void PrintTo(const Dialect& dialect, std::ostream* out) { *out << dialect.name; }

constexpr const char* kGnuUnpack = "tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpf archive -C out";
constexpr const char* kBsdUnpack = "bsdtar --numeric-owner --xattrs --acls -xpf archive -C out; touch -r tree out";
// A root that isn't in an archive is as old as the newest file.
constexpr const char* kTimeOfRoot =
    "; touch -d \"@$(find tree -mindepth 1 -printf '%T@\\n' | sort -n | tail -n 1)\" out";
// Tools that unpack symbolic links with the time of now.
constexpr const char* kTimesOfLinks = "; cd tree; find . -type l -exec touch -hr {} ../out/{} ';'";

std::string python_tar(const std::string& format) {
  return "python3 -c \"import tarfile; t = tarfile.open('archive', 'w', format=tarfile." + format +
         ", errors='surrogateescape'); t.add('tree', '.')\"";
}

std::vector<Dialect> dialects() {
  const std::string gnu_pax = "tar --format=pax --xattrs --xattrs-include='*' --acls --numeric-owner ";
  const std::string unzip = std::string("cd out; unzip -qKX ../archive; cd ..") + kTimeOfRoot + kTimesOfLinks;
  // It leaves devices out.
  const std::string xorriso =
      std::string(
          "xorriso -osirrox on -indev archive -extract / out 2>&1; cp -a tree/dev/null tree/dev/sda out/dev; "
          "touch -r tree/dev out/dev; touch -r tree out") +
      kTimesOfLinks;
  return {
      {"GnuTarPax", Packed::Odd, gnu_pax + "-cf archive -C tree .", kGnuUnpack, true},
      {"GnuTarPaxSparse", Packed::Odd, gnu_pax + "-Scf archive -C tree .", kGnuUnpack},
      {"GnuTarPaxSparse01Xz", Packed::Odd, gnu_pax + "--sparse-version=0.1 -ScJf archive -C tree .", kGnuUnpack},
      {"GnuTarPaxSparse00", Packed::Odd, gnu_pax + "--sparse-version=0.0 -Scf archive -C tree .", kGnuUnpack},
      {"GnuTarGnuSparseZstd", Packed::Odd, "tar --format=gnu --zstd -Scf archive -C tree .", kGnuUnpack, true},
      {"GnuTarGnuBzip2", Packed::Odd, "tar --format=gnu -cjf archive -C tree .", kGnuUnpack},
      {"GnuTarOldGnuLz4", Packed::Odd, "tar --format=oldgnu -I lz4 -cf archive -C tree .",
       "lz4 -dq archive plain; tar --numeric-owner -xpf plain -C out"},
      {"GnuTarUstarLzip", Packed::Plain, "tar --format=ustar --lzip -cf archive -C tree .", kGnuUnpack},
      {"GnuTarV7Compress", Packed::Plain, "rm tree/dev/*; touch -d @1 tree/dev; tar --format=v7 -cZf archive -C tree .",
       kGnuUnpack},
      {"BsdTarPax", Packed::Odd, "bsdtar --format=pax --acls --xattrs -cf archive -C tree .", kBsdUnpack, true},
      {"BsdTarGnuGzip", Packed::Odd, "bsdtar --format=gnutar -czf archive -C tree .",
       kBsdUnpack + std::string("; touch -d @$(stat -c %Y tree) out")},
      {"BsdTarUstarLzma", Packed::Plain, "bsdtar --format=ustar --lzma -cf archive -C tree .", kBsdUnpack},
      {"PythonPax", Packed::Odd, python_tar("PAX_FORMAT"), kGnuUnpack, true},
      {"PythonGnu", Packed::Odd, python_tar("GNU_FORMAT"), kGnuUnpack},
      {"CpioNewc", Packed::Plain, "cd tree; find . -depth | cpio --quiet -oH newc > ../archive",
       "cd out; cpio --quiet -idm < ../archive; touch -r ../tree ." + std::string("; cd ..") + kTimesOfLinks, true},
      {"CpioOdcGzip", Packed::Plain, "cd tree; find . -depth | cpio --quiet -oH odc | gzip > ../archive",
       "cd out; zcat ../archive | cpio --quiet -idm; touch -r ../tree ." + std::string("; cd ..") + kTimesOfLinks},
      {"CpioCrc", Packed::Plain, "cd tree; find . -depth | cpio --quiet -oH crc > ../archive",
       "cd out; cpio --quiet -idm < ../archive; touch -r ../tree ." + std::string("; cd ..") + kTimesOfLinks},
      {"Zip", Packed::Plain,
       "rm tree/dev/*; touch -d @1 tree/dev; cd tree; zip -qry ../archive.zip .; mv ../archive.zip ../archive", unzip,
       true},
      {"ZipStored", Packed::Plain,
       "rm tree/dev/*; touch -d @1 tree/dev; cd tree; zip -qry0 ../archive.zip .; mv ../archive.zip ../archive", unzip},
      {"ZipStreamed", Packed::Plain, "rm tree/dev/*; touch -d @1 tree/dev; cd tree; zip -qry - . | cat > ../archive",
       unzip},
      {"SevenZip", Packed::Plain,
       "rm tree/dev/*; touch -d @1 tree/dev; 7z a -snl archive.7z ./tree/. > log; mv archive.7z archive",
       std::string("7z x -oout archive > log; chmod 4755 out/bin/su") + kTimeOfRoot, true},
      {"IsoRockRidge", Packed::Plain, "xorriso -as mkisofs -quiet -R -o archive tree 2>&1", xorriso, true},
      {"IsoJolietRockRidge", Packed::Plain, "genisoimage -quiet -R -J -o archive tree", xorriso},
  };
}

void build_plain_tree(const TreeBuilder& tree) {
  for (const char* name : {"bin", "dev", "lib", "empty directory"}) tree.directory(name);
  tree.file("bin/su", "su");
  tree.mode("bin/su", 04755);
  tree.symlink("bin/link", "su");
  tree.file("empty", "");
  tree.file("lib/text", 300'000, Content::Text);
  tree.file("lib/random", 200'000, Content::Random);
  tree.owner("lib/text", 100, 200);
  tree.owner("lib", 300, 400);
  tree.mode("lib", 0710);
  tree.special("dev/null", S_IFCHR, makedev(1, 3));
  tree.special("dev/sda", S_IFBLK, makedev(8, 1));
  tree.special("dev/fifo", S_IFIFO);
}

/// A directory that "nobody" may use, with a tree in it.
class ArchiveSource : public testing::Test {
 protected:
  void SetUp() override {
    fs::permissions(work_.path(), fs::perms(0755));
    fs::create_directory(work_ / "images");
    fs::permissions(work_ / "images", fs::perms(0777));
  }

  /// Runs a shell command in the test's directory.
  void shell(const std::string& command) const { expect_success({"sh", "-ec", command}, {.directory = work_.path()}); }

  void build(Packed packed) const {
    if (packed == Packed::Odd) {
      build_odd_root_tree(tree_);
      tree_.settle_times();
    } else {
      build_plain_tree(tree_);
      tree_.settle_times(Precision::Seconds);
    }
  }

  /// The image that "nobody" makes of "archive".
  fs::path create(const Command& options = {}) const {
    fs::path image = work_ / "images/image.ext4";
    Command arguments = {"create", "-t", "ext4", (work_ / "archive").string(), "-o", image.string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProcessResult result = run(as_nobody(arguments));
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    return image;
  }

  const TempDir work_;
  const TreeBuilder tree_{work_ / "tree"};
};

class ArchiveDialect : public ArchiveSource, public testing::WithParamInterface<Dialect> {};

TEST_P(ArchiveDialect, MountsAsItsOwnToolsUnpackIt) {
  FSTOOL_E2E_REQUIRE(true, {"setpriv", "tar", "bsdtar", "python3", "cpio", "zip", "unzip", "7z", "xorriso",
                            "genisoimage", "zstd", "lz4", "lzip", "compress"});
  const Dialect& dialect = GetParam();
  build(dialect.tree);
  shell(dialect.pack);
  shell("mkdir out; " + dialect.unpack);
  const fs::path image = create();
  expect_clean_ext4(image);
  const LoopMount mounted(image, Access::ReadOnly);
  EXPECT_EQ(tree_differences(work_ / "out", mounted.path()), kNothing);
}

std::vector<Dialect> dialects_of_this_run() {
  std::vector<Dialect> all = dialects();
  if (!is_full_run()) std::erase_if(all, [](const Dialect& dialect) { return !dialect.is_fast; });
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, ArchiveDialect, testing::ValuesIn(dialects_of_this_run()),
                         [](const auto& param) { return param.param.name; });

TEST_F(ArchiveSource, SparseFilesKeepTheirHoles) {
  FSTOOL_E2E_REQUIRE(true, {"setpriv", "tar", "zstd"});
  tree_.write_at("sparse", 1 << 20, 70'000, Content::Random);
  tree_.truncate("sparse", 1 << 30);
  tree_.truncate("hole", std::uint64_t{1} << 40U);
  tree_.settle_times(Precision::Seconds);
  for (const std::string pack :
       {"tar --format=pax -Scf archive -C tree .", "tar --format=gnu -S --zstd -cf archive -C tree ."}) {
    shell(pack);
    // The bound is for what is stored.
    const fs::path image = create({"-O", "journal_size=0"});
    EXPECT_LT(fs::file_size(image), 64 << 20U);
    const LoopMount mounted(image, Access::ReadOnly);
    struct stat status {};
    ASSERT_EQ(::stat((mounted.path() / "hole").c_str(), &status), 0);
    EXPECT_EQ(status.st_size, std::int64_t{1} << 40U);
    EXPECT_EQ(status.st_blocks, 0);
    ASSERT_EQ(::stat((mounted.path() / "sparse").c_str(), &status), 0);
    EXPECT_LT(status.st_blocks * 512, 100'000);
    EXPECT_EQ(tree_differences(tree_.root(), mounted.path()), kNothing);
  }
}

/// Most programs say that the names of a zip are UTF-8 where they aren't ASCII. fstool's own locale has no say in it.
TEST_F(ArchiveSource, NamesOfZipsAreUtf8WhereTheySaySo) {
  FSTOOL_E2E_REQUIRE(true, {"setpriv", "python3", "bsdtar", "7z", "git"});
  tree_.directory("größe");
  tree_.file("größe/日本.txt", "x");
  tree_.settle_times(Precision::Seconds);
  for (const std::string pack :
       {"python3 -c 'import shutil; shutil.make_archive(\"archive\", \"zip\", \"tree\")'; mv archive.zip archive",
        "bsdtar --format zip -cf archive -C tree größe",
        "cd tree; 7z a -bso0 -tzip ../archive.zip größe; mv ../archive.zip "
        "../archive",
        "cd tree; git init -q; git add größe; git -c user.name=n -c user.email=e@localhost commit -qm c; git archive "
        "--format=zip -o ../archive HEAD"}) {
    SCOPED_TRACE(pack);
    shell("rm -f archive; export LC_ALL=C.UTF-8; " + pack);
    const LoopMount mounted(create(), Access::ReadOnly);
    EXPECT_EQ(read_text(mounted.path() / "größe/日本.txt"), "x");
  }
}

TEST_F(ArchiveSource, AclsOfUsersThatLibarchiveCannotTellAreRefused) {
  FSTOOL_E2E_REQUIRE(true, {"tar"});
  tree_.file("file", "x");
  tree_.xattr("file", "system.posix_acl_access", acl_for_user(3'000'000'000));
  shell("tar --acls -cf archive -C tree .");
  const ProcessResult result =
      run_fstool({"create", "-t", "ext4", (work_ / "archive").string(), "-o", (work_ / "image").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("./file: its ACL names a user or group from 2147483647 on"), std::string::npos)
      << result.err;
}

TEST_F(ArchiveSource, ARootThatNothingDescribesIsAsOldAsTheNewestFile) {
  FSTOOL_E2E_REQUIRE(true, {"setpriv", "tar", "touch"});
  tree_.directory("directory");
  tree_.file("directory/file", "x");
  shell("touch -d @1600000000 tree/directory/file; tar -cf archive -C tree directory/file");
  const LoopMount mounted(create(), Access::ReadOnly);
  struct stat status {};
  ASSERT_EQ(::stat(mounted.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1'600'000'000);
}

/// Files that a command opened for writing, by strace; but those of ThreadSanitizer's runtime.
std::vector<std::string> written_files(Command command, const fs::path& log) {
  command.insert(command.begin(), {"strace", "-f", "-y", "-o", log.string(), "-e", "trace=open,openat,creat", "-E",
                                   "ASAN_OPTIONS=detect_leaks=0"});
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 0) << result.output();
  std::vector<std::string> files;
  std::istringstream lines(read_text(log));
  for (std::string line; std::getline(lines, line);) {
    const bool writes = line.find("O_WRONLY") != std::string::npos || line.find("O_RDWR") != std::string::npos ||
                        line.find("creat(") != std::string::npos;
    const bool by_runtime = line.find("/tsan.rodata.") != std::string::npos;
    if (writes && !by_runtime && line.find(" = -1 ") == std::string::npos) files.push_back(line);
  }
  return files;
}

TEST_F(ArchiveSource, NothingButTheOutputIsWrittenForAnUncompressedOne) {
  FSTOOL_E2E_REQUIRE(false, {"strace", "tar", "cpio", "zip", "genisoimage"});
  tree_.file("large", 70'000'000, Content::Random);
  tree_.file("small", "s");
  for (const std::string pack :
       {"tar -cf archive -C tree .", "cd tree; find . | cpio --quiet -oH newc > ../archive",
        "cd tree; zip -qr0 ../archive.zip .; mv ../archive.zip ../archive", "genisoimage -quiet -R -o archive tree"}) {
    shell("rm -f archive; " + pack);
    const std::string images = (work_ / "images").string();
    for (const std::string& file :
         written_files({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", (work_ / "archive").string(), "-o",
                        images + "/image.ext4", "--quiet"},
                       work_ / "log")) {
      EXPECT_NE(file.find(images), std::string::npos) << pack << ": " << file;
    }
  }
}

/// Writes "archive", a tar of `files` small files, a thousand in each directory: headers as tarfile makes them, but
/// fast.
constexpr const char* kManyMembers = R"(
import sys, tarfile
out = open('archive', 'wb')
def put(name, kind, size):
    head = bytearray(tarfile.TarInfo('x').tobuf(tarfile.USTAR_FORMAT))
    head[0:100] = name.encode().ljust(100, b'\0')
    head[124:136] = b'%011o\0' % size
    head[136:148] = b'14000000000\0'
    head[148:156] = b' ' * 8
    head[156:157] = kind
    head[148:156] = b'%06o\0 ' % sum(head)
    out.write(head)
for i in range(int(sys.argv[1])):
    if i % 1000 == 0:
        put('directory-%d/' % (i // 1000), b'5', 0)
    put('directory-%d/a-file-with-a-usual-name-%d' % (i // 1000, i), b'0', 8)
    out.write(b'content\n'.ljust(512, b'\0'))
out.write(bytes(1024))
)";

TEST_F(ArchiveSource, MemoryIsBoundedForManyMembers) {
  FSTOOL_E2E_REQUIRE(false, {"python3", "zstd"});
  const std::uint64_t files = is_full_run() ? 1'000'000 : 30'000;
  write_text(work_ / "make.py", kManyMembers);
  shell("python3 make.py " + std::to_string(files) + "; zstd -q1 archive -o archive.zst");
  for (const std::string name : {"archive", "archive.zst"}) {
    expect_fstool_builds(
        {"create", "-t", "ext4", (work_ / name).string(), "-o", (work_ / "image.ext4").string(), "--quiet"},
        files + files / 1000);
  }
}

TEST_F(ArchiveSource, MemoryDoesNotGrowWithTheSizeOfFiles) {
  FSTOOL_E2E_REQUIRE(false, {"tar", "zstd", "zip"});
  tree_.file("large", 300'000'000, Content::Text);
  shell("tar -cf archive.tar -C tree .; zstd -q1 archive.tar; cd tree; zip -qr1 ../archive.zip .");
  for (const std::string name : {"archive.tar", "archive.tar.zst", "archive.zip"}) {
    expect_fstool_builds(
        {"create", "-t", "ext4", (work_ / name).string(), "-o", (work_ / "image.ext4").string(), "--quiet"}, 2);
  }
}

TEST_F(ArchiveSource, BombsEndAtTheBound) {
  FSTOOL_E2E_REQUIRE(false, {"tar", "zstd", "zip", "7z"});
  tree_.truncate("zeros", 200'000'000);
  shell("tar --zstd -cf bomb.tar.zst -C tree .; cd tree; zip -qr ../bomb.zip .; 7z a ../bomb.7z . > ../log");
  for (const std::string name : {"bomb.tar.zst", "bomb.zip", "bomb.7z"}) {
    ASSERT_LT(fs::file_size(work_ / name), 1'000'000U);
    write_text(work_ / "spec.toml",
               "[filesystem]\ntype = \"ext4\"\nsource = { path = \"" + name + "\", max_size = \"64MiB\" }\n");
    const ProcessResult result =
        run_fstool({"build", (work_ / "spec.toml").string(), "-o", (work_ / "image.ext4").string(), "--quiet"});
    EXPECT_NE(result.exit_code, 0) << name;
    EXPECT_NE(result.err.find("it decompresses to more than 64 MiB: the option max_size sets the bound"),
              std::string::npos)
        << name << ": " << result.err;
    EXPECT_FALSE(fs::exists(work_ / "image.ext4"));
  }
}

TEST_F(ArchiveSource, DamageAnywhereIsAnErrorOrReadAround) {
  FSTOOL_E2E_REQUIRE(false, {"7z", "genisoimage", "zip", "cpio", "tar"});
  build_plain_tree(tree_);
  shell(
      "rm tree/dev/*; 7z a 7z.archive ./tree/lib > log; genisoimage -quiet -R -J -o iso.archive tree; cd tree; zip "
      "-qry "
      "../zip.archive.zip .;"
      "find . | cpio --quiet -oH newc > ../cpio.archive; tar -cf ../tar.archive .");
  std::mt19937_64 random(7);
  const int rounds = is_full_run() ? 200 : 6;
  for (const std::string name : {"7z.archive", "iso.archive", "zip.archive.zip", "cpio.archive", "tar.archive"}) {
    const std::string whole = read_text(work_ / name);
    for (int i = 0; i < rounds; ++i) {
      std::string damaged = whole;
      for (int flips = 0; flips < 20; ++flips) {
        // Structures lie at either end of the formats.
        const std::size_t place = random() % std::min<std::size_t>(whole.size(), 60'000);
        damaged[random() % 2 == 0 ? place : whole.size() - 1 - place] = static_cast<char>(random());
      }
      write_text(work_ / "damaged", damaged);
      const ProcessResult result = run_fstool(
          {"create", "-t", "ext4", (work_ / "damaged").string(), "-o", (work_ / "image").string(), "--quiet"});
      EXPECT_LE(result.exit_code, 4) << name << ", round " << i << ": " << result.output();
    }
  }
}

class ArchiveOfDebian : public ArchiveSource, public testing::WithParamInterface<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ArchiveOfDebian);
INSTANTIATE_TEST_SUITE_P(Full, ArchiveOfDebian, testing::ValuesIn(full_runs()));

TEST_P(ArchiveOfDebian, MountsAsTarUnpacksIt) {
  FSTOOL_E2E_REQUIRE(true, {"mmdebstrap", "setpriv", "tar"});
  expect_success(
      {"mmdebstrap", "--quiet", "--variant=important", "bookworm", (work_ / "archive").string(), "--format=tar"});
  // It has ACLs as extended attributes: --acls, which looks for them elsewhere, would have tar take them away.
  shell("mkdir out; tar --xattrs --xattrs-include='*' --numeric-owner -xpf archive -C out");
  const fs::path image = create();
  expect_clean_ext4(image);
  expect_mounted_equals(image, work_ / "out");
}

}  // namespace
}  // namespace fstool::e2e
