#include "tree_comparison.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "check.h"

namespace fstool::e2e {

namespace {

constexpr std::size_t kMaxDifferences = 20;
constexpr std::size_t kChunk = std::size_t{1} << 20U;

std::set<std::string> names_in(const std::string& directory, bool is_root) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) names.insert(entry.path().filename());
  if (is_root) names.erase("lost+found");
  return names;
}

std::string link_target(const std::string& path, std::int64_t size) {
  std::string target(static_cast<std::size_t>(size) + 1, '\0');
  target.resize(
      static_cast<std::size_t>(check(readlink(path.c_str(), target.data(), target.size()), "readlink " + path)));
  return target;
}

std::map<std::string, std::string> xattrs_of(const std::string& path) {
  std::vector<char> names(65'536);
  const ssize_t length = check(llistxattr(path.c_str(), names.data(), names.size()), "llistxattr " + path);
  std::map<std::string, std::string> xattrs;
  std::string value(65'536, '\0');
  for (ssize_t at = 0; at < length;) {
    const std::string name = &names[static_cast<std::size_t>(at)];
    at += static_cast<ssize_t>(name.size()) + 1;
    const ssize_t size = check(lgetxattr(path.c_str(), name.c_str(), value.data(), value.size()), "lgetxattr " + path);
    xattrs[name] = value.substr(0, static_cast<std::size_t>(size));
  }
  return xattrs;
}

std::string hex(const std::string& bytes) {
  std::ostringstream text;
  text << std::hex;
  for (const char c : bytes.substr(0, 64)) text << ' ' << static_cast<unsigned>(static_cast<unsigned char>(c));
  return text.str();
}

/// Where the next data at or after `offset` begins; `size` if there is none.
std::uint64_t next_data(int fd, std::uint64_t offset, std::uint64_t size) {
  const off_t found = lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  if (found < 0 && errno == ENXIO) return size;
  return static_cast<std::uint64_t>(check(found, "SEEK_DATA"));
}

/// Reads up to a chunk at `offset`; short only at the end of the file.
std::size_t read_chunk(int fd, std::uint64_t offset, std::vector<char>& buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count =
        check(pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done)), "pread");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

class Comparison {
 public:
  Comparison(std::string expected, std::string actual)
      : expected_root_(std::move(expected)), actual_root_(std::move(actual)) {}

  std::vector<std::string> run() {
    compare_node("");
    return std::move(differences_);
  }

 private:
  bool is_enough() const { return differences_.size() >= kMaxDifferences; }

  template <class Value>
  bool same(const std::string& path, const char* what, const Value& expected, const Value& actual) {
    if (expected == actual) return true;
    std::ostringstream text;
    text << (path.empty() ? "/" : path) << ": " << what << " is " << actual << " instead of " << expected;
    differences_.push_back(text.str());
    return false;
  }

  void compare_node(const std::string& path) {
    const std::string expected = expected_root_ + path;
    const std::string actual = actual_root_ + path;
    struct stat left {};
    struct stat right {};
    check(lstat(expected.c_str(), &left), "lstat " + expected);
    check(lstat(actual.c_str(), &right), "lstat " + actual);
    if (!same(path, "kind", left.st_mode & S_IFMT, right.st_mode & S_IFMT)) return;
    same(path, "mode", left.st_mode & 07777U, right.st_mode & 07777U);
    same(path, "uid", left.st_uid, right.st_uid);
    same(path, "gid", left.st_gid, right.st_gid);
    same(path, "mtime", left.st_mtim.tv_sec, right.st_mtim.tv_sec);
    same(path, "nanoseconds of mtime", left.st_mtim.tv_nsec, right.st_mtim.tv_nsec);
    compare_xattrs(path);
    if (S_ISDIR(left.st_mode)) {
      compare_entries(path);
      return;
    }
    same(path, "link count", left.st_nlink, right.st_nlink);
    if (!is_first_name(path, left, right)) return;
    same(path, "size", left.st_size, right.st_size);
    if (S_ISREG(left.st_mode) && left.st_size == right.st_size) {
      compare_content(path, static_cast<std::uint64_t>(left.st_size));
    } else if (S_ISLNK(left.st_mode)) {
      same(path, "target", link_target(expected, left.st_size), link_target(actual, right.st_size));
    } else if (S_ISCHR(left.st_mode) || S_ISBLK(left.st_mode)) {
      same(path, "major number", major(left.st_rdev), major(right.st_rdev));
      same(path, "minor number", minor(left.st_rdev), minor(right.st_rdev));
    }
  }

  /// The names of the two directories, and the nodes that both have.
  void compare_entries(const std::string& path) {
    const std::set<std::string> left = names_in(expected_root_ + path, path.empty());
    const std::set<std::string> right = names_in(actual_root_ + path, path.empty());
    for (const std::string& name : right) {
      if (is_enough()) return;
      if (!left.contains(name)) differences_.push_back(fmt::format("{}/{}: was not in the source", path, name));
    }
    for (const std::string& name : left) {
      if (is_enough()) return;
      if (right.contains(name)) {
        compare_node(fmt::format("{}/{}", path, name));
      } else {
        differences_.push_back(fmt::format("{}/{}: is missing", path, name));
      }
    }
  }

  void compare_xattrs(const std::string& path) {
    const auto left = xattrs_of(expected_root_ + path);
    const auto right = xattrs_of(actual_root_ + path);
    for (const auto& [name, value] : right) {
      if (!left.contains(name))
        differences_.push_back(fmt::format("{}: attribute {} was not in the source", path, name));
    }
    for (const auto& [name, value] : left) {
      const auto found = right.find(name);
      if (found == right.end()) {
        differences_.push_back(fmt::format("{}: attribute {} is missing", path, name));
      } else if (found->second != value) {
        differences_.push_back(
            fmt::format("{}: attribute {} is{} instead of{}", path, name, hex(found->second), hex(value)));
      }
    }
  }

  /// Of a file with several names, checks that the same names belong together on both sides. False for all names but
  /// the first.
  bool is_first_name(const std::string& path, const struct stat& left, const struct stat& right) {
    if (left.st_nlink < 2) return true;
    const auto [expected, first] = expected_names_.try_emplace({left.st_dev, left.st_ino}, path);
    const auto actual = actual_names_.try_emplace({right.st_dev, right.st_ino}, path).first;
    same(path, "the first name of this file", expected->second, actual->second);
    return first;
  }

  void compare_content(const std::string& path, std::uint64_t size) {
    const std::string expected_path = expected_root_ + path;
    const std::string actual_path = actual_root_ + path;
    const Descriptor expected(check(open(expected_path.c_str(), O_RDONLY | O_CLOEXEC), "open " + expected_path));
    const Descriptor actual(check(open(actual_path.c_str(), O_RDONLY | O_CLOEXEC), "open " + actual_path));
    for (std::uint64_t offset = 0; offset < size;) {
      offset = std::min(next_data(expected.get(), offset, size), next_data(actual.get(), offset, size));
      if (offset == size) return;
      left_.resize(std::min<std::uint64_t>(kChunk, size - offset));
      right_.resize(left_.size());
      if (read_chunk(expected.get(), offset, left_) != read_chunk(actual.get(), offset, right_) || left_ != right_) {
        differences_.push_back(fmt::format("{}: the content differs in the bytes from {}", path, offset));
        return;
      }
      offset += left_.size();
    }
  }

  using Inode = std::pair<dev_t, ino_t>;

  std::string expected_root_;
  std::string actual_root_;
  std::map<Inode, std::string> expected_names_;
  std::map<Inode, std::string> actual_names_;
  std::vector<char> left_;
  std::vector<char> right_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> tree_differences(const std::filesystem::path& expected, const std::filesystem::path& actual) {
  return Comparison(expected.string(), actual.string()).run();
}

}  // namespace fstool::e2e
