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
#include "signature/signature.h"

namespace fstool::tar {

/// A piece of a member's content. The bytes are valid until the next call.
struct DataBlock {
  std::uint64_t offset = 0;  ///< into the content
  std::span<const std::byte> bytes;
  std::optional<std::uint64_t> file_offset;  ///< where the file has these very bytes, if it does
};

/// Goes through an archive from front to back. For one thread.
///
/// libarchive converts names to the character set of the locale, where it can, and normalizes them then. Names on Linux
/// are bytes, so it is called in the locale "C", in which it leaves them alone; but for 7z and ISO 9660, whose names
/// may be UTF-16, in one of UTF-8.
class ArchiveReader {
 public:
  /// `signature` is that of `file`. Of a stream there is one member, which has what it decompresses to; all else is
  /// read as an archive that is not compressed. Throws Error(Corrupt) if it is none.
  ArchiveReader(BlobPtr file, Signature signature);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// The next member, valid until the next call; null at the end. Throws Error(Corrupt/Unsupported).
  archive_entry* next();
  /// What libarchive had to say about the last member that it could read all the same; empty: nothing.
  const std::string& warning() const noexcept { return warning_; }

  /// The next piece of the content of the last member; nothing at its end. Throws Error(Corrupt/Unsupported).
  std::optional<DataBlock> next_data();

  /// Of a stream: how many times it is compressed; 0 if libarchive takes the bytes as they are.
  int filters() const;
  bool is_tar() const { return base_format() == ARCHIVE_FORMAT_TAR; }
  bool is_cpio() const { return base_format() == ARCHIVE_FORMAT_CPIO; }
  bool is_iso() const { return base_format() == ARCHIVE_FORMAT_ISO9660; }
  bool is_zip() const { return base_format() == ARCHIVE_FORMAT_ZIP; }
  /// True for the format PAX, whose times libarchive takes for seconds and nanoseconds with one sign each.
  bool is_pax() const;
  /// Where the last member's headers begin, or after the last, the end of the archive; bytes.
  std::uint64_t header_offset() const;
  /// How far the file has been gone through, bytes: before any next_data(), where the last member's content begins.
  std::uint64_t position() const;
  /// Of a stream: how far the file itself has been gone through, bytes.
  std::uint64_t compressed_position() const;

 private:
  static la_ssize_t read(archive* archive, void* self, const void** buffer);
  static la_int64_t skip(archive* archive, void* self, la_int64_t request);
  static la_int64_t seek(archive* archive, void* self, la_int64_t offset, int whence);

  int base_format() const { return archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK; }
  /// The next bytes of the file, in buffer_.
  std::span<const std::byte> fill();
  void count_header_bytes(std::size_t bytes);
  /// Where the file has `bytes`, if they lie in buffer_.
  std::optional<std::uint64_t> file_offset(std::span<const std::byte> bytes) const;
  /// Throws what a callback caught, or what libarchive says.
  [[noreturn]] void fail();

  struct Free {
    void operator()(archive* reader) const noexcept { archive_read_free(reader); }
  };

  BlobPtr file_;
  std::uint64_t position_ = 0;  // where the next bytes are read
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_begin_ = 0;  // where the bytes in buffer_ come from
  std::size_t buffer_used_ = 0;
  std::size_t next_bytes_;  // to be read at once
  const Signature signature_;
  std::uint64_t header_bytes_ = 0;  // read since the last content
  bool reads_header_ = false;
  std::exception_ptr failure_;  // of a callback: libarchive is C
  std::string warning_;
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace fstool::tar
