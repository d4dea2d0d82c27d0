// FAT and the kernel, whose driver hosts often lack: a guest mounts what fstool made and sees the source, and what the
// kernel wrote, to file systems of mkfs.vfat and of fstool, is read back as the kernel shows it.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <ctime>
#include <iomanip>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check.h"
#include "harness/fat.h"
#include "harness/guest.h"
#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// --- What files look like -------------------------------------------------------------------------------------------

/// What somebody says of a file or directory.
struct FileFacts {
  bool is_directory = false;
  unsigned mode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;  ///< seconds, as all times
  bool is_hidden = false;
  bool is_system = false;
  std::string sha256 = {};  ///< of files
  // What only an image knows:
  std::uint64_t links = 0;
  std::uint64_t sectors = 0;
  std::int64_t atime = 0;
  std::int64_t ctime = 0;

  friend bool operator==(const FileFacts&, const FileFacts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const FileFacts& facts) {
    return out << fmt::format("{} {:o} {} bytes mtime {}{}{} {} {} links {} sectors atime {} ctime {}",
                              facts.is_directory ? "directory" : "file", facts.mode, facts.size, facts.mtime,
                              facts.is_hidden ? " hidden" : "", facts.is_system ? " system" : "", facts.sha256,
                              facts.links, facts.sectors, facts.atime, facts.ctime);
  }
};

/// By path: ".", "./file", "./directory/file".
using Listing = std::map<std::string, FileFacts>;

/// Reads the lines of sha256sum, "digest  path", up to an empty line or the end.
void add_digests(std::istream& lines, Listing& listing) {
  constexpr std::size_t kDigest = 64;
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    listing[line.substr(kDigest + 2)].sha256 = line.substr(0, kDigest);
  }
}

/// What FAT keeps of a file of the host.
FileFacts kept_by_fat(const fs::path& path) {
  constexpr unsigned kHidden = 2;
  constexpr unsigned kSystem = 4;
  struct stat status {};
  check(::stat(path.c_str(), &status), "stat " + path.string());
  std::array<char, 16> value{};
  const ssize_t length = getxattr(path.c_str(), "user.DOSATTRIB", value.data(), value.size() - 1);
  const unsigned long attributes = length > 0 ? std::stoul(value.data(), nullptr, 16) : 0;
  FileFacts facts;
  facts.is_directory = S_ISDIR(status.st_mode);
  facts.mode = facts.is_directory || (status.st_mode & 0222U) != 0 ? 0755 : 0555;
  facts.size = facts.is_directory ? 0 : static_cast<std::uint64_t>(status.st_size);
  facts.mtime = status.st_mtime / 2 * 2;
  facts.is_hidden = (attributes & kHidden) != 0;
  facts.is_system = (attributes & kSystem) != 0;
  return facts;
}

/// The tree below a directory of the host, as it should be in a FAT file system.
Listing source_listing(const fs::path& root) {
  Listing listing;
  listing["."] = kept_by_fat(root);
  listing["."].mtime = 0;  // the root has no entry that could tell
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    listing["./" + entry.path().lexically_relative(root).string()] = kept_by_fat(entry.path());
  }
  std::istringstream digests(
      expect_success({"find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"}, {.directory = root}));
  add_digests(digests, listing);
  return listing;
}

/// Without what a source doesn't tell.
Listing without_places(Listing listing) {
  for (auto& [path, facts] : listing) {
    if (facts.is_directory) facts.size = 0;
    facts.links = facts.sectors = 0;
    facts.atime = facts.ctime = 0;
  }
  return listing;
}

std::int64_t parse_time(const json& text) {
  std::tm broken{};
  std::istringstream in(text.get<std::string>());
  in >> std::get_time(&broken, "%Y-%m-%dT%H:%M:%S");
  EXPECT_FALSE(in.fail()) << text;
  return timegm(&broken);
}

/// What `fstool manifest` says of an image.
Listing fstool_listing(const std::string& image) {
  constexpr const char* kHidden = "MHgy";  // "0x2", "0x4" and "0x6" in Base64
  constexpr const char* kSystem = "MHg0";
  constexpr const char* kBoth = "MHg2";
  Listing listing;
  const ProcessResult result = run_fstool({"manifest", "--json", image});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.err, "");
  const json manifest = json::parse(result.out);
  for (const json& entry : manifest.at("entries")) {
    FileFacts& facts = listing[entry.at("path")];
    facts.is_directory = entry.at("type") == "directory";
    facts.mode = static_cast<unsigned>(std::stoul(entry.at("mode").get<std::string>(), nullptr, 8));
    facts.size = entry.at("size");
    facts.mtime = parse_time(entry.at("mtime"));
    if (!facts.is_directory) facts.sha256 = entry.at("sha256");
    facts.links = entry.at("links");
    facts.sectors = entry.at("sectors");
    facts.atime = parse_time(entry.at("atime"));
    facts.ctime = parse_time(entry.at("ctime"));
    if (!entry.contains("xattrs")) continue;
    const std::string attributes = entry.at("xattrs").at("user.DOSATTRIB");
    facts.is_hidden = attributes == kHidden || attributes == kBoth;
    facts.is_system = attributes == kSystem || attributes == kBoth;
  }
  return listing;
}

void expect_same(const Listing& expected, const Listing& actual) {
  unsigned shown = 0;
  constexpr unsigned kMaxShown = 10;
  for (const auto& [path, facts] : expected) {
    const auto found = actual.find(path);
    if (found != actual.end() && found->second == facts) continue;
    if (++shown > kMaxShown) return;
    if (found == actual.end()) {
      ADD_FAILURE() << path << " is missing";
    } else {
      EXPECT_EQ(facts, found->second) << path;
    }
  }
  for (const auto& [path, facts] : actual) {
    if (expected.contains(path) || ++shown > kMaxShown) continue;
    ADD_FAILURE() << path << " should not be there: " << facts;
  }
}

// --- The guest ------------------------------------------------------------------------------------------------------

/// `show DISK` mounts the file system of /dev/nvme0nDISK as docs/architecture.md says, and prints "image DISK", lines
/// of stat, sha256sum and fatattr, and an empty line behind each of the three. `sample DISK` prints the names in the
/// directory "many" in place of it, and what stat says of few of them: the kernel searches a directory for each.
constexpr std::string_view kShow = R"script(
set -e
facts='%n|%F|%a|%s|%Y|%h|%b|%X|%Z'
mount_fat() { mount -t vfat -o "utf8,tz=UTC,$2" "/dev/nvme0n$1" /mnt && cd /mnt; }
unmount() { cd / && umount /mnt; }
show() {
  mount_fat "$1" ro
  echo "image $1"
  find . -exec stat -c "$facts" {} +
  echo
  find . -type f -exec sha256sum {} +
  echo
  find . -exec fatattr {} +
  echo
  unmount
}
sample() {
  mount_fat "$1" ro
  echo "names $1"
  cd many
  printf '%s\n' *
  echo
  stat -c "$facts" *000
  echo
  sha256sum *000
  echo
  cd ..
  unmount
}
)script";

/// `fill DISK OPTIONS LINES` writes to a file system mounted with more options, with a file of so many lines.
constexpr std::string_view kFill = R"script(
fill() {
  mount_fat "$1" "$2"
  # Directories that grow, lose names and get others in their places.
  mkdir many moved 'Ünïcode 日本語' vanishing
  i=0
  while [ $i -lt 120 ]; do
    echo "content $i" > "many/a long name, number $i"
    i=$((i + 1))
  done
  rm many/*1 many/*4 many/*7
  for i in 2 12 22 32 42; do
    mv "many/a long name, number $i" "many/number $i has a much longer name than it used to have"
  done
  for i in 3 13 23 33 43; do mv "many/a long name, number $i" "moved/M$i.TXT"; done
  for i in 0 1 2 3 4 5 6 7 8 9; do
    echo "short $i" > "many/s$i"
    echo "between $i" > "many/Between.$i"
  done
  # Chains in pieces.
  for i in 1 2 3 4 5 6 7 8; do
    seq 400 >> first
    seq 300 >> second
    echo "$i" >> 'third one'
  done
  truncate -s 1000 second
  truncate -s 40000 'third one'
  seq 500 > gone
  seq "$3" > big
  rm gone
  seq 700 > 'behind the gap'
  : > empty
  # Names.
  echo 1 > 'Ünïcode 日本語/😀 😎.txt'
  echo 2 > "Ünïcode 日本語/$(printf '\303\251')"
  echo 3 > "Ünïcode 日本語/$(printf 'e\314\201')"
  echo 4 > 'Ünïcode 日本語/ﬁ ß ſ İ ı'
  echo 5 > "$(printf '%0250d.name' 0)"
  echo 6 > ' leading blank'
  echo 7 > '.hidden'
  echo 8 > 'a+b,c;d=[e]'
  echo 9 > 'LOWER.ext'
  echo 10 > 'lower.EXT'
  echo 11 > 'UPPER.EXT'
  echo 12 > 'thirteen char'
  echo 13 > 'å'
  echo 14 > 'å å å å å å å å'
  path=.
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    path="$path/level $i"
    mkdir "$path"
  done
  echo 15 > "$path/deep"
  mv 'level 1/level 2/level 3' 'level 3 moved up'
  rmdir vanishing
  # Attributes and times.
  fatattr +h .hidden moved
  fatattr +s UPPER.EXT
  fatattr +hs lower.EXT
  chmod a-w LOWER.ext first
  touch -d '@315532800' empty
  touch -d '@951782401' 'thirteen char'
  touch -d '@4107542399' ' leading blank'
  touch -d '@4107542400' 'å'
  touch -d '@4354819199' .hidden
  touch -d '@1000000001' moved
  unmount
  show "$1"
}
date -s '@1700000001' > /dev/null
)script";

const std::vector<std::string> kModules = {"fs/nls/nls_cp437", "fs/nls/nls_ascii", "fs/fat/fat", "fs/fat/vfat"};

/// Reads the lines of stat with the format of kShow, up to an empty line.
void add_facts(std::istream& lines, Listing& listing) {
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    std::istringstream fields(line);
    std::string path;
    std::string kind;
    std::getline(fields, path, '|');
    std::getline(fields, kind, '|');
    FileFacts& facts = listing[path];
    facts.is_directory = kind == "directory";
    char bar = 0;
    fields >> std::oct >> facts.mode >> std::dec >> bar >> facts.size >> bar >> facts.mtime >> bar >> facts.links >>
        bar >> facts.sectors >> bar >> facts.atime >> bar >> facts.ctime;
    EXPECT_FALSE(fields.fail()) << line;
  }
}

/// Reads the lines of fatattr, "rhs da   path", up to an empty line.
void add_attributes(std::istream& lines, Listing& listing) {
  constexpr std::size_t kFlags = 8;
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    FileFacts& facts = listing[line.substr(kFlags + 1)];
    facts.is_hidden = line[1] == 'h';
    facts.is_system = line[2] == 's';
  }
}

/// What the guest said of the disks that it showed, by their devices.
std::map<std::string, Listing> shown_by_guest(const std::string& report) {
  std::map<std::string, Listing> shown;
  std::istringstream lines(report);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("image ")) continue;
    Listing& listing = shown[line.substr(line.find(' ') + 1)];
    add_facts(lines, listing);
    add_digests(lines, listing);
    add_attributes(lines, listing);
  }
  return shown;
}

// --- Sources --------------------------------------------------------------------------------------------------------

void build_names(const TreeBuilder& tree) {
  tree.directory("names");
  for (const char* const name : {"ABC.TXT",
                                 "lower.txt",
                                 "UPPER.low",
                                 "low.UPP",
                                 "Mixed.Txt",
                                 "a.b.c",
                                 ".hidden",
                                 "..two dots",
                                 "x..y",
                                 " leading blank",
                                 "a+b,c;d=e[f]g",
                                 "~tilde",
                                 "ALONGN~1.TEX",
                                 "A long name.text",
                                 "A long name 2.text",
                                 "thirteen char",
                                 "fourteen chars",
                                 "twenty-six letters in this",
                                 "\u00e5",
                                 "\u00e5 and more",
                                 "\u03c3",
                                 "con",
                                 "aux.txt",
                                 "\u00e9",
                                 "e\u0301",
                                 "\u1100\u1161\u11a8",
                                 "\U0001F600",
                                 "\U0001F468\u200D\U0001F469\u200D\U0001F467",
                                 "\U0010FFFD and \uFFFD",
                                 "\u212b",
                                 "\ufb01",
                                 "\u0130\u0131",
                                 "100%",
                                 "{}",
                                 "#",
                                 "'",
                                 "&",
                                 "$HOME",
                                 "-n"}) {
    tree.file(std::string("names/") + name, name);
  }
  tree.file("names/" + std::string(255, 'n'), "longest");
  std::string wide;
  for (int i = 0; i < 85; ++i) wide += "\u65e5";
  tree.file("names/" + wide, "widest");
}

void build_times(const TreeBuilder& tree) {
  tree.directory("times");
  for (const std::int64_t seconds : {315'532'800, 315'532'801, 951'782'399, 951'782'400, 951'868'800}) {
    const std::string path = fmt::format("times/{}", seconds);
    tree.file(path, "");
    tree.time(path, seconds, 999'999'999);
  }
  // Around the day that 2100 doesn't have, and the last one.
  for (const std::int64_t seconds : {4'107'542'399, 4'107'542'400, 4'354'819'198}) {
    const std::string path = fmt::format("times/{}", seconds);
    tree.directory(path);
    tree.time(path, seconds, 0);
  }
  tree.time("times", 1'234'567'891, 0);
}

void build_attributes(const TreeBuilder& tree) {
  tree.directory("attributes");
  for (const char* const value : {"0x1", "0x2", "0x4", "0x6", "0x20", "0x27"}) {
    const std::string path = std::string("attributes/") + value;
    tree.file(path, value);
    tree.xattr(path, "user.DOSATTRIB", value);
  }
  tree.directory("attributes/hidden");
  tree.xattr("attributes/hidden", "user.DOSATTRIB", "0x2");
  for (const mode_t mode : {0400U, 0444U, 0600U, 0755U, 0460U}) {
    const std::string path = fmt::format("attributes/{:o}", mode);
    tree.file(path, path);
    tree.mode(path, mode);
  }
  // As FAT has it: the read-only attribute is in the permissions.
  for (const char* const value : {"0x1", "0x27"}) tree.mode(std::string("attributes/") + value, 0444);
}

/// All that FAT can hold.
void build_odd_fat_tree(const TreeBuilder& tree) {
  build_names(tree);
  build_attributes(tree);
  tree.directory("many");
  for (unsigned i = 0; i < 150; ++i) tree.file(fmt::format("many/number {}", i), i * 37, Content::Text);
  std::string deep = "deep";
  tree.directory(deep);
  for (int i = 0; i < 40; ++i) tree.directory(deep += fmt::format("/{} {}", std::string(20, 'd'), i));
  tree.file(deep + "/file", "at the bottom");
  tree.directory("empty directory");
  tree.file("large", 1'500'001, Content::Text);
  tree.write_at("sparse", 1 << 18, 70'000, Content::Random);
  tree.truncate("sparse", 700'000);
  for (const unsigned size : {0U, 1U, 511U, 512U, 513U, 4095U, 4096U, 4097U, 65'535U, 65'536U, 65'537U}) {
    tree.file(fmt::format("{} bytes", size), size, Content::Random);
  }
  tree.settle_times(Precision::Seconds);
  build_times(tree);
}

// --- Disks ----------------------------------------------------------------------------------------------------------

/// A disk of the guest.
struct KernelDisk {
  GuestDisk disk;
  std::string device = {};     ///< behind "/dev/nvme0n"
  std::string partition = {};  ///< of the image, for fstool; empty: all of it
  std::string name = {};       ///< for messages
  Listing expected = {};       ///< of the source, or empty
};

class FatKernel : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"qemu-system-x86_64", "busybox", "bsdtar", "apt-get", "dpkg-deb", "fsck.vfat",
                               "mkfs.vfat", "sha256sum"});
  }

  /// Adds a disk whose image is to be made. The result is valid until the next one is added.
  KernelDisk& add(const std::string& name, unsigned sector_size = 512, Access access = Access::ReadOnly) {
    KernelDisk& disk = disks_.emplace_back();
    disk.disk = {work_ / fmt::format("{}.img", disks_.size()), sector_size, access};
    disk.device = std::to_string(disks_.size());
    disk.name = name;
    return disk;
  }

  void add_built(const TreeBuilder& tree, const Listing& expected, const std::string& size, const std::string& options,
                 unsigned sector_size = 512) {
    KernelDisk& disk = add(fmt::format("{} with {}", size, options), sector_size);
    disk.expected = expected;
    build_fat(tree.root(), disk.disk.raw, size, fmt::format("sector_size = {}\n{}", sector_size, options));
    expect_clean_fat(disk.disk.raw);
  }

  /// A file system of mkfs.vfat for the guest to write to.
  void add_made(unsigned kib, const Command& options) {
    KernelDisk& disk = add(fmt::format("{} KiB {}", kib, to_string(options)), 512, Access::ReadWrite);
    Command mkfs = {"mkfs.vfat"};
    mkfs.insert(mkfs.end(), options.begin(), options.end());
    mkfs.insert(mkfs.end(), {"-C", disk.disk.raw.string(), std::to_string(kib)});
    expect_success(mkfs);
  }

  void add_made_by_fstool();
  void add_many_names();
  void add_for_the_kernel_to_write();
  void run_guest();

  void expect_source_is_seen(const KernelDisk& disk);
  void expect_many_names() const;
  void expect_is_read_back(const KernelDisk& disk);

  const TempDir work_;
  std::vector<KernelDisk> disks_;
  std::string script_ = std::string(kShow) + std::string(kFill);
  std::string report_;
  std::map<std::string, Listing> shown_;  // by device
};

// --- What fstool wrote ----------------------------------------------------------------------------------------------

void FatKernel::add_made_by_fstool() {
  const TreeBuilder boot(work_ / "boot");
  build_boot_tree(boot);
  const Listing boot_listing = source_listing(boot.root());
  for (const std::string size : kFatSizes) {
    for (const unsigned sector_size : {512U, 4096U}) {
      add_built(boot, boot_listing, size, "volume_label = \"BOOT\"", sector_size);
    }
  }
  const TreeBuilder odd(work_ / "odd");
  build_odd_fat_tree(odd);
  const Listing odd_listing = source_listing(odd.root());
  add_built(odd, odd_listing, "", "");
  add_built(odd, odd_listing, "8MiB", "fat_bits = \"12\"\ncluster_size = \"4KiB\"\nfats = 1");
  add_built(odd, odd_listing, "300MiB", "fat_bits = \"16\"\ncluster_size = \"32KiB\"\nroot_entries = 64");
  add_built(odd, odd_listing, "", "fat_bits = \"32\"\ncluster_size = 512");
  add_built(odd, odd_listing, "8GiB", "cluster_size = \"64KiB\"\nreserved_sectors = 77\nbackup_boot_sector = 50");

  KernelDisk& partitioned = add("a partition");
  partitioned.device += "p1";
  partitioned.partition = ":1";
  partitioned.expected = boot_listing;
  write_text(work_ / "disk.toml",
             "[image]\npartition_table = \"gpt\"\n[[partitions]]\ntype = \"esp\"\nsize = \"40MiB\"\n"
             "[partitions.filesystem]\ntype = \"fat\"\nsource = \"boot\"\n");
  expect_fstool_builds({"run", (work_ / "disk.toml").string(), "-o", partitioned.disk.raw.string()});
  for (const KernelDisk& disk : disks_) script_ += fmt::format("show {}\n", disk.device);
}

void FatKernel::expect_source_is_seen(const KernelDisk& disk) {
  expect_same(disk.expected, without_places(shown_[disk.device]));
  expect_same(shown_[disk.device], fstool_listing(disk.disk.raw.string() + disk.partition));
}

void FatKernel::add_many_names() {
  const TreeBuilder many(work_ / "many");
  build_many_names(many);
  KernelDisk& crowded = add("many names");
  build_fat(many.root(), crowded.disk.raw, "", "");
  script_ += fmt::format("sample {}\n", crowded.device);
}

void FatKernel::expect_many_names() const {
  const std::size_t begin = report_.find("names ");
  ASSERT_NE(begin, std::string::npos);
  std::istringstream lines(report_.substr(begin));
  std::string line;
  std::getline(lines, line);
  for (unsigned i = 0; i < kManyNames; ++i) {
    std::getline(lines, line);
    ASSERT_EQ(line, many_names_name(i));
  }
  std::getline(lines, line);
  EXPECT_EQ(line, "");
  Listing sample;
  add_facts(lines, sample);
  add_digests(lines, sample);
  EXPECT_EQ(sample.size(), kManyNames / 1000);
  const Listing source = source_listing(work_ / "many");
  Listing expected;
  for (const auto& [name, facts] : sample) expected[name] = source.at("./many/" + name);
  expect_same(expected, without_places(sample));
}

// --- What the kernel wrote ------------------------------------------------------------------------------------------

void FatKernel::add_for_the_kernel_to_write() {
  const std::size_t first = disks_.size();
  add_made(1440, {"-n", "FLOPPY"});
  add_made(7000, {"-F", "12", "-s", "8", "-f", "1"});
  add_made(20'000, {"-F", "16", "-s", "2", "-r", "1024", "-n", "SIXTEEN"});
  add_made(300'000, {"-F", "16", "-s", "128"});
  add_made(65'536, {"-F", "32", "-s", "1", "-R", "64", "-b", "40"});
  add_made(600'000, {"-s", "16", "-f", "1", "-n", "THIRTYTWO", "-a"});
  add_made(65'536, {"-S", "4096"});
  const fs::path nothing = work_ / "nothing";
  fs::create_directory(nothing);
  for (const char* const size : {"2880KiB", "32MiB", "600MiB"}) {
    build_fat(nothing, add(std::string("fstool's ") + size, 512, Access::ReadWrite).disk.raw, size,
              "volume_label = \"FSTOOL\"\n");
  }
  constexpr std::array kMountOptions = {"rw", "shortname=winnt", "shortname=win95", "shortname=lower"};
  constexpr std::uint64_t kSmall = 8 << 20;
  for (std::size_t i = first; i < disks_.size(); ++i) {
    const unsigned lines = fs::file_size(disks_[i].disk.raw) < kSmall ? 20'000 : 200'000;
    script_ += fmt::format("fill {} {} {}\n", disks_[i].device, kMountOptions[i % kMountOptions.size()], lines);
  }
}

void FatKernel::expect_is_read_back(const KernelDisk& disk) {
  const Listing& expected = shown_[disk.device];
  EXPECT_GT(expected.size(), 100U);
  const std::string image = disk.disk.raw.string();
  expect_clean_fat(image);
  const ProcessResult checked = run_fstool({"check", image});
  EXPECT_EQ(checked.exit_code, 0) << checked.output();
  expect_same(expected, fstool_listing(image));

  const Listing files = without_places(expected);
  const fs::path out = work_ / "extracted";
  expect_success({FSTOOL_E2E_PROGRAM, "extract", image, "-C", out.string(), "--quiet"});
  expect_same(files, source_listing(out));
  fs::remove_all(out);

  const fs::path again = work_ / "again.fat";
  expect_fstool_builds({"create", "-t", "fat", image, "-o", again.string(), "--strict"});
  expect_clean_fat(again);
  expect_same(files, without_places(fstool_listing(again.string())));
  fs::remove(again);
}

void FatKernel::run_guest() {
  std::vector<GuestDisk> disks;
  for (const KernelDisk& disk : disks_) disks.push_back(disk.disk);
  report_ = run_in_guest({.text = script_, .modules = kModules}, disks, work_ / "guest");
  shown_ = shown_by_guest(report_);
}

// One guest has all disks, because most of the time goes into starting it.
TEST_F(FatKernel, SeesWhatFstoolWroteAndWritesWhatFstoolReads) {
  add_made_by_fstool();
  add_many_names();
  add_for_the_kernel_to_write();
  run_guest();
  ASSERT_FALSE(report_.empty());
  for (const KernelDisk& disk : disks_) {
    SCOPED_TRACE(disk.name);
    if (!disk.expected.empty()) expect_source_is_seen(disk);
    if (disk.disk.access == Access::ReadWrite) expect_is_read_back(disk);
  }
  expect_many_names();
}

}  // namespace
}  // namespace fstool::e2e
