/// \file
/// The contents of host files as Blobs that read when they are asked.
///
/// There is one for every file of a tree, so they are small: 56 bytes, without a control block of their own (their
/// BlobPtr shares the HostTree's).
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "descriptor.h"
#include "fstool/blob.h"

namespace fstool::dir {

struct Directory;

/// What tells whether a file is still what it was. Times are nanoseconds since 1970 modulo 2^64: they are compared,
/// never ordered.
struct FileIdentity {
  std::uint64_t size = 0;  ///< bytes
  std::uint64_t mtime = 0;
  std::uint64_t ctime = 0;
  std::uint64_t inode = 0;

  FileIdentity() = default;
  explicit FileIdentity(const struct stat& status);
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// A range of a file that is data.
struct FileExtent {
  std::uint64_t begin = 0;  ///< bytes
  std::uint64_t end = 0;    ///< bytes, exclusive; more than `begin`
};

/// The data of the open file `fd` of `size` bytes (SEEK_DATA, SEEK_HOLE); all of it where the host can't tell.
/// Sorted, not touching. Moves the descriptor's offset. Throws system_error() naming `path`.
std::vector<FileExtent> find_data(int fd, std::uint64_t size, const std::string& path);

/// A file that is data throughout.
class FileContent : public Blob {
 public:
  /// `name` in `directory` must outlive this.
  FileContent(const Directory& directory, const char* name, const FileIdentity& identity)
      : directory_(directory), name_(name), identity_(identity) {}

  std::uint64_t size() const override { return identity_.size; }

  /// A read of all of the file opens it for itself; pieces share a descriptor.
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;
  /// What the listing says of the file stands for its bytes, if that is safe.
  void fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const override;

  const Directory& directory() const noexcept { return directory_; }
  const char* name() const noexcept { return name_; }
  std::string path() const;

  /// Throws Error(Changed) if `fd` is no longer the file that was listed.
  void verify(int fd) const;

 private:
  void read_from(int fd, std::uint64_t offset, std::span<std::byte> out) const;

  const Directory& directory_;
  const char* name_;
  FileIdentity identity_;
};

/// A file with holes.
class SparseFileContent final : public FileContent {
 public:
  SparseFileContent(const Directory& directory, const char* name, const FileIdentity& identity,
                    std::vector<FileExtent> extents)
      : FileContent(directory, name, identity), extents_(std::move(extents)) {}

  Run run_at(std::uint64_t offset) const override;

 private:
  std::vector<FileExtent> extents_;
};

/// A file that is read in pieces. The HostTree's cache and everybody who reads from it share it.
class OpenFile final : public HostFile {
 public:
  /// `content` must outlive this.
  OpenFile(const FileContent& content, Descriptor descriptor) : content_(content), descriptor_(std::move(descriptor)) {}

  int fd() const override { return descriptor_.get(); }
  void verify() const override { content_.verify(fd()); }

 private:
  const FileContent& content_;
  Descriptor descriptor_;
};

}  // namespace fstool::dir
