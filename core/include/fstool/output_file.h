/// \file
/// OutputFile: the only writer of results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"

namespace fstool {

/// Bytes of a block of nearly all file systems that host images, among them the usual XFS and Btrfs: what is left out
/// or shared with another file in less than these takes as much room as if it were written.
inline constexpr std::uint64_t kHostBlockBytes = 4096;

/// A file in the making. It is written beside its target and takes the target's place in commit(); until then, and
/// after any failure, the target is what it was. Where the host can (O_TMPFILE), the unfinished file has no name, so
/// that even a killed run leaves nothing behind. Block devices are written in place, and only if forced. The target "-"
/// is standard output, which bytes can only follow each other to (see is_stream()).
/// write_at() and copy_from() may be called by several threads at once; the rest by one.
class FSTOOL_API OutputFile {
 public:
  /// When commit() waits until the bytes are on stable storage.
  enum class Sync {
    Replacing,  ///< where there was a target: a power failure leaves the old one or the new one, whole
    Always,
    Never,
  };

  struct Options {
    bool force = false;  ///< allow a block device as the target
    Sync sync = Sync::Replacing;
  };

  /// Opens the target. Follows symbolic links. Throws Error(Io/NotFound/InvalidArgument): no such directory, not
  /// writable, a directory, a block device without `force`, standard output that is a terminal.
  OutputFile(std::filesystem::path target, Options options);
  explicit OutputFile(std::filesystem::path target) : OutputFile(std::move(target), Options{}) {}
  /// Throws the unfinished file away.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// As it was named, for messages; "standard output" for that.
  const std::filesystem::path& target() const noexcept;

  /// True for standard output: what is written must lie behind everything that was written before. A gap is filled with
  /// zeros.
  bool is_stream() const noexcept;

  /// Writes all of `bytes` at `offset`. What is never written reads as zeros. Throws Error(NoSpace/Io), and
  /// Error(Internal) for bytes of a stream that go back.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Copies `length` bytes from a host file inside the kernel, sharing blocks where the file system can. Returns the
  /// number of bytes copied, which is less than `length` where the kernel can't (nothing, to a stream); the caller
  /// writes the rest. Throws Error(NoSpace/Io), and Error(Changed) as from.file->verify() does.
  std::uint64_t copy_from(std::uint64_t offset, const HostRange& from, std::uint64_t length);

  /// True if the host lets this file have blocks in common with `other`, so that copy_from() costs next to nothing for
  /// ranges that begin and end at blocks in both. Tries it, with a file that is gone at once; false where that fails.
  /// Call it before writing: if true, what copy_from() copies is not taken for bytes that wait to be written out.
  bool shares_blocks_with(const HostFile& other);

  /// Sets the final size in bytes; may extend (with zeros) or cut. On a block device: Error(NoSpace) if it is smaller;
  /// what it held in ranges that were not written is zeroed by commit().
  void set_size(std::uint64_t size);

  /// Makes the host set aside room for the first `size` bytes, so that writing to them later can't fail for lack of it.
  /// What was never written still reads as zeros. Nothing to do on a block device. Throws Error(NoSpace/Io), and
  /// Error(Unsupported) if the file system that holds the target can't.
  void reserve(std::uint64_t size);

  /// Another file that belongs to this one: an extent or the data that a format keeps apart. It is made like this one
  /// and takes its target's place just before this one does. Only files can be companions. It lives as long as this
  /// object. Throws as the constructor, and Error(InvalidArgument) if its target is this file's or another
  /// companion's.
  OutputFile& add_companion(const std::filesystem::path& target);

  /// The targets of the companions, in the order in which they were added.
  std::vector<std::filesystem::path> companion_targets() const;

  /// Bytes written so far by write_at() and copy_from(), to this file alone.
  std::uint64_t bytes_written() const noexcept;

  /// Puts the companions and then the result in their targets' places: sync of them all (as Options say), then for each
  /// rename and sync of the directory. Call it once, last.
  void commit();

 private:
  friend struct OutputOutcome;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fstool
