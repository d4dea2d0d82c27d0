#include "tree_builder.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "check.h"

namespace fstool::e2e {

namespace {

constexpr std::uint32_t kAclVersion = 2;  // linux/posix_acl_xattr.h, which is not always installed

static_assert(std::endian::native == std::endian::little, "the values below are little-endian");

void append(std::string& bytes, auto value) {
  std::array<char, sizeof(value)> raw{};
  std::memcpy(raw.data(), &value, sizeof(value));
  bytes.append(raw.data(), raw.size());
}

/// FNV-1a: the same on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

/// Lines of words, the way source code repeats itself.
void fill_text(std::span<char> out, std::mt19937_64& random) {
  static constexpr std::array<std::string_view, 16> kWords = {
      "static ", "const ", "return ", "struct ", "block",   "offset", "size ", "= ",
      "(",       ");\n  ", "{\n",     "}\n",     "uint64 ", "inode",  "group", "extent "};
  for (std::size_t i = 0; i < out.size();) {
    std::uint64_t bits = random();
    for (int n = 0; n < 16 && i < out.size(); ++n, bits >>= 4U) {
      const std::string_view word = kWords[bits & 15U];
      const std::size_t length = std::min(word.size(), out.size() - i);
      std::ranges::copy(word.substr(0, length), out.begin() + static_cast<std::ptrdiff_t>(i));
      i += length;
    }
  }
}

void fill_random(std::span<char> out, std::mt19937_64& random) {
  for (std::size_t i = 0; i < out.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t bits = random();
    std::memcpy(&out[i], &bits, std::min(sizeof(bits), out.size() - i));
  }
}

void write_all(int fd, std::span<const char> bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = check(pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)), "writing " + path);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

Descriptor open_for_writing(const std::string& path) {
  return Descriptor(check(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open " + path));
}

void set_time(const std::string& path, std::int64_t seconds, long nanoseconds) {
  const std::array<timespec, 2> times = {timespec{.tv_sec = seconds, .tv_nsec = nanoseconds},
                                         timespec{.tv_sec = seconds, .tv_nsec = nanoseconds}};
  check(utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "utimensat " + path);
}

void set_derived_time(const std::string& path, std::uint64_t value, Precision precision) {
  const auto nanoseconds = static_cast<long>((value >> 20U) % 1'000'000'000);
  set_time(path, 1'400'000'000 + static_cast<std::int64_t>(value % 200'000'000),
           precision == Precision::Nanoseconds ? nanoseconds : 0);
}

}  // namespace

std::string acl_xattr(const std::vector<AclEntry>& entries) {
  std::string value;
  append(value, kAclVersion);
  for (const AclEntry& entry : entries) {
    append(value, entry.tag);
    append(value, entry.permissions);
    append(value, entry.id);
  }
  return value;
}

std::string acl_for_user(std::uint32_t uid) {
  return acl_xattr({{ACL_USER_OBJ, 7}, {ACL_USER, 5, uid}, {ACL_GROUP_OBJ, 5}, {ACL_MASK, 5}, {ACL_OTHER, 0}});
}

std::string capability_xattr() {
  std::string value;
  append(value, std::uint32_t{VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE});
  append(value, std::uint32_t{1U << CAP_NET_RAW});  // permitted, low half
  append(value, std::uint32_t{0});                  // inheritable
  append(value, std::uint32_t{0});                  // permitted, high half
  append(value, std::uint32_t{0});
  return value;
}

TreeBuilder::TreeBuilder(std::filesystem::path root) : root_(std::move(root)) {
  std::filesystem::create_directories(root_);
}

std::string TreeBuilder::absolute(const std::string& path) const {
  return path.empty() ? root_.string() : root_.string() + "/" + path;
}

std::string TreeBuilder::place(const std::string& path) const {
  std::string made = absolute(path);
  std::filesystem::create_directories(std::filesystem::path(made).parent_path());
  return made;
}

void TreeBuilder::file(const std::string& path, std::string_view bytes) const {
  write_all(open_for_writing(place(path)).get(), bytes, 0, path);
}

void TreeBuilder::file(const std::string& path, std::uint64_t size, Content content) const {
  write_at(path, 0, size, content);
}

void TreeBuilder::write_at(const std::string& path, std::uint64_t offset, std::uint64_t size, Content content) const {
  constexpr std::uint64_t kChunk = std::uint64_t{256} << 10U;
  const Descriptor fd = open_for_writing(place(path));
  std::mt19937_64 random(hash(path) ^ offset);
  std::vector<char> buffer(std::min(size, kChunk));
  for (std::uint64_t done = 0; done < size;) {
    const auto part = std::span(buffer).first(std::min(kChunk, size - done));
    content == Content::Text ? fill_text(part, random) : fill_random(part, random);
    write_all(fd.get(), part, offset + done, path);
    done += part.size();
  }
}

void TreeBuilder::truncate(const std::string& path, std::uint64_t size) const {
  check(ftruncate(open_for_writing(absolute(path)).get(), static_cast<off_t>(size)), "ftruncate " + path);
}

void TreeBuilder::directory(const std::string& path) const {
  check(mkdir(absolute(path).c_str(), 0755), "mkdir " + path);
}

void TreeBuilder::symlink(const std::string& path, const std::string& target) const {
  check(::symlink(target.c_str(), place(path).c_str()), "symlink " + path);
}

void TreeBuilder::hard_link(const std::string& path, const std::string& existing) const {
  check(linkat(AT_FDCWD, absolute(existing).c_str(), AT_FDCWD, place(path).c_str(), 0), "link " + path);
}

void TreeBuilder::special(const std::string& path, mode_t type, dev_t device) const {
  check(mknod(place(path).c_str(), type | 0644, device), "mknod " + path);
}

void TreeBuilder::owner(const std::string& path, uid_t uid, gid_t gid) const {
  check(lchown(absolute(path).c_str(), uid, gid), "lchown " + path);
}

void TreeBuilder::mode(const std::string& path, mode_t permissions) const {
  check(chmod(absolute(path).c_str(), permissions), "chmod " + path);
}

void TreeBuilder::xattr(const std::string& path, const std::string& name, std::string_view value) const {
  check(lsetxattr(absolute(path).c_str(), name.c_str(), value.data(), value.size(), 0),
        "lsetxattr " + path + " " + name);
}

void TreeBuilder::time(const std::string& path, std::int64_t seconds, long nanoseconds) const {
  set_time(absolute(path), seconds, nanoseconds);
}

void TreeBuilder::settle_times(Precision precision) const {
  const std::string top = root_.string();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    const std::string path = entry.path().string();
    set_derived_time(path, hash(std::string_view(path).substr(top.size())), precision);
  }
  set_derived_time(top, hash(""), precision);
}

}  // namespace fstool::e2e
