/// \file
/// Directory trees on the host for the tests of the source "dir".
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "directory_source.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/tree.h"
#include "run_tool.h"

namespace fstool::dir {

/// Throws if a system call did not return what it returns when it works.
inline int checked(int result, std::string_view what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), std::string(what));
  return result;
}

/// A temporary directory `root` and a way to fill it and load it.
class HostFixture : public testing::Test {
 protected:
  HostFixture() : root_(temporary_.path() / "root") { std::filesystem::create_directory(root_); }

  std::filesystem::path at(std::string_view name) const { return root_ / name; }

  void make_directory(std::string_view name) const { std::filesystem::create_directories(at(name)); }

  void write_file(std::string_view name, std::string_view bytes) const {
    write_range(name, 0, bytes);
    std::filesystem::resize_file(at(name), bytes.size());
  }

  void write_range(std::string_view name, std::uint64_t offset, std::string_view bytes) const {
    const int fd = checked(::open(at(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open");
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    ::close(fd);
    if (written != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("short write");
  }

  void make_symlink(std::string_view name, const std::string& target) const {
    checked(::symlink(target.c_str(), at(name).c_str()), "symlink");
  }

  void make_link(std::string_view existing, std::string_view name) const {
    checked(::link(at(existing).c_str(), at(name).c_str()), "link");
  }

  void make_special(std::string_view name, mode_t mode, dev_t device = 0) const {
    checked(::mknod(at(name).c_str(), mode, device), "mknod");
  }

  void set_xattr(std::string_view name, const char* xattr, std::string_view value) const {
    checked(::lsetxattr(at(name).c_str(), xattr, value.data(), value.size(), 0), "lsetxattr");
  }

  void set_mtime(std::string_view name, time_t seconds, long nanoseconds) const {
    const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
    checked(::utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW), "utimensat");
  }

  Tree load(unsigned threads = 2) const { return load(root_, threads); }

  static Tree load(const std::filesystem::path& location, unsigned threads = 2) {
    const Registry registry;
    Context context(registry, {.threads = threads, .source_date_epoch = {}, .listener = nullptr});
    return tree_of(DirectorySource().load(location, context));
  }

  /// With what links lead to in place of the links.
  static Tree load_following(const std::filesystem::path& location) {
    const Registry registry;
    Context context(registry, {.threads = 2, .source_date_epoch = {}, .listener = nullptr});
    return tree_of(DirectorySource({.follow_links = true}).load(location, context));
  }

  static NodeId id_of(const Tree& tree, std::string_view path) {
    const std::optional<NodeId> id = tree.find_path(path);
    if (!id) throw std::runtime_error("the tree has no " + std::string(path));
    return *id;
  }
  static const Node& node_of(const Tree& tree, std::string_view path) { return tree.node(id_of(tree, path)); }

  static std::string text_of(const Blob& blob, std::uint64_t offset, std::uint64_t length) {
    std::string text(length, '?');
    blob.read(offset, std::as_writable_bytes(std::span(text)));
    return text;
  }
  static std::string text_of(const Blob& blob) { return text_of(blob, 0, blob.size()); }

  /// Runs `work`, which must throw an Error with this code and this text in its message.
  template <class Work>
  static void expect_error(ErrorCode code, const std::string& text, const Work& work) {
    try {
      work();
      ADD_FAILURE() << "no error; expected one about " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }

  const test::TemporaryDirectory temporary_;
  const std::filesystem::path root_;
};

/// Takes away root's right to read everything, from this thread and those that it starts, as long as it lives.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(65534); }
  ~AsNobody() { ::setfsuid(::geteuid()); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

}  // namespace fstool::dir
