/// \file
/// libarchive, reading from a Blob.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/blob.h"

namespace fstool::tar {

/// Which archives are read.
enum class Formats {
  All,        ///< tar, cpio and zip
  Recognize,  ///< of zip, only what begins as one: others are known by their end, as any file may have one
};

/// A piece of a member's content. The bytes are valid until the next call.
struct DataBlock {
  std::uint64_t offset = 0;  ///< into the content
  std::span<const std::byte> bytes;
};

/// Goes through an archive from front to back. For one thread.
///
/// libarchive converts names to the character set of the locale, where it can, and normalizes them then. Names on Linux
/// are bytes, so it is called in the locale "C", in which it leaves them alone.
class ArchiveReader {
 public:
  /// Throws Error(Corrupt) if that is no archive.
  ArchiveReader(BlobPtr file, Formats formats);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// The next member, valid until the next call; null at the end. Throws Error(Corrupt).
  archive_entry* next();
  /// What libarchive had to say about the last member that it could read all the same; empty: nothing.
  const std::string& warning() const noexcept { return warning_; }

  /// The next piece of the content of the last member; nothing at its end. Throws Error(Corrupt).
  std::optional<DataBlock> next_data();

  /// True for a tar that is not compressed: data_offset() says where contents are.
  bool is_plain_tar() const;
  /// True for the oldest kind of cpio, which a magic number of two bytes is all there is to know by.
  bool is_binary_cpio() const;
  /// True for the format PAX, whose times libarchive takes for seconds and nanoseconds with one sign each.
  bool is_pax() const;
  /// Where the last member's headers begin, or after the last, the end of the archive; bytes, decompressed.
  std::uint64_t header_offset() const;
  /// Of a plain tar, before any next_data(): where the last member's content begins in the file, bytes.
  std::uint64_t data_offset() const;

 private:
  static la_ssize_t read(archive* archive, void* self, const void** buffer);
  static la_int64_t skip(archive* archive, void* self, la_int64_t request);
  static la_int64_t seek(archive* archive, void* self, la_int64_t offset, int whence);

  /// Throws what a callback caught, or what libarchive says.
  [[noreturn]] void fail();

  struct Free {
    void operator()(archive* reader) const noexcept { archive_read_free(reader); }
  };

  BlobPtr file_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
  std::exception_ptr failure_;  // of a callback: libarchive is C
  std::string warning_;
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace fstool::tar
