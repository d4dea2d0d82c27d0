#include "archive/archive_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <string_view>
#include <utility>

#include "fstool/error.h"

namespace fstool::tar {

namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

/// The calling thread is in the locale "C" as long as this lives.
class PlainLocale {
 public:
  PlainLocale() : previous_(::uselocale(plain())) {}
  ~PlainLocale() { ::uselocale(previous_); }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

 private:
  static locale_t plain() {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }

  locale_t previous_;
};

/// What libarchive says where it leaves a name as it is.
bool is_about_character_set(std::string_view warning) {
  return warning.find("can't be converted from") != std::string_view::npos;
}

}  // namespace

ArchiveReader::ArchiveReader(BlobPtr file, Formats formats)
    : file_(std::move(file)), buffer_(kBufferBytes), archive_(archive_read_new()) {
  const PlainLocale locale;
  archive* const reader = archive_.get();
  if (reader == nullptr) throw Error(ErrorCode::Internal, "libarchive has no memory for a reader");
  // Those that libarchive has to run a program for are left out.
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_compress(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_filter_lzip(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  archive_read_support_format_cpio(reader);
  archive_read_support_format_zip_streamable(reader);
  if (formats == Formats::All) archive_read_support_format_zip_seekable(reader);
  archive_read_set_callback_data(reader, this);
  archive_read_set_read_callback(reader, read);
  archive_read_set_skip_callback(reader, skip);
  archive_read_set_seek_callback(reader, seek);
  if (archive_read_open1(reader) != ARCHIVE_OK) fail();
}

ArchiveReader::~ArchiveReader() = default;

la_ssize_t ArchiveReader::read(archive* archive, void* self, const void** buffer) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  try {
    const std::uint64_t rest = reader.file_->size() - reader.position_;
    const auto bytes = std::span(reader.buffer_).first(std::min<std::uint64_t>(rest, reader.buffer_.size()));
    if (!bytes.empty()) reader.file_->read(reader.position_, bytes);
    reader.position_ += bytes.size();
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (...) {
    reader.failure_ = std::current_exception();
    archive_set_error(archive, EIO, "the file can't be read");
    return ARCHIVE_FATAL;
  }
}

la_int64_t ArchiveReader::skip(archive* /*archive*/, void* self, la_int64_t request) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  const std::uint64_t rest = reader.file_->size() - reader.position_;
  const std::uint64_t skipped = std::min(rest, static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)));
  reader.position_ += skipped;
  return static_cast<la_int64_t>(skipped);
}

la_int64_t ArchiveReader::seek(archive* /*archive*/, void* self, la_int64_t offset, int whence) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  const auto size = static_cast<la_int64_t>(reader.file_->size());
  la_int64_t target = 0;
  const la_int64_t from = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? static_cast<la_int64_t>(reader.position_)
                                               : size;
  if (__builtin_add_overflow(from, offset, &target)) return ARCHIVE_FATAL;
  target = std::clamp<la_int64_t>(target, 0, size);
  reader.position_ = static_cast<std::uint64_t>(target);
  return target;
}

void ArchiveReader::fail() {
  if (failure_) std::rethrow_exception(failure_);
  const char* const text = archive_error_string(archive_.get());
  throw Error(ErrorCode::Corrupt, text != nullptr ? text : "libarchive can't read it");
}

archive_entry* ArchiveReader::next() {
  const PlainLocale locale;
  archive_entry* entry = nullptr;
  warning_.clear();
  const int status = archive_read_next_header(archive_.get(), &entry);
  if (status == ARCHIVE_EOF) return nullptr;
  if (status < ARCHIVE_WARN) fail();
  if (status == ARCHIVE_WARN) {
    const char* const text = archive_error_string(archive_.get());
    if (text != nullptr && !is_about_character_set(text)) warning_ = text;
  }
  return entry;
}

std::optional<DataBlock> ArchiveReader::next_data() {
  const void* buffer = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int status = archive_read_data_block(archive_.get(), &buffer, &size, &offset);
  if (status == ARCHIVE_EOF) return std::nullopt;
  if (status < ARCHIVE_WARN || offset < 0) fail();
  return DataBlock{static_cast<std::uint64_t>(offset), {static_cast<const std::byte*>(buffer), size}};
}

bool ArchiveReader::is_plain_tar() const {
  return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR &&
         archive_filter_code(archive_.get(), 0) == ARCHIVE_FILTER_NONE;
}

bool ArchiveReader::is_binary_cpio() const {
  const int format = archive_format(archive_.get());
  return format == ARCHIVE_FORMAT_CPIO_BIN_LE || format == ARCHIVE_FORMAT_CPIO_BIN_BE;
}

bool ArchiveReader::is_pax() const {
  const int format = archive_format(archive_.get());
  return format == ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE || format == ARCHIVE_FORMAT_TAR_PAX_RESTRICTED;
}

std::uint64_t ArchiveReader::header_offset() const {
  return static_cast<std::uint64_t>(archive_read_header_position(archive_.get()));
}

std::uint64_t ArchiveReader::data_offset() const {
  return static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0));
}

}  // namespace fstool::tar
