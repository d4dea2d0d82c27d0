#include "archive/archive_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <functional>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::tar {

namespace {

/// Bytes that are read at once: headers that lie far from each other cost little, those side by side few calls.
constexpr std::size_t kFirstRead = 8 * 1024;
constexpr std::size_t kLargestRead = 256 * 1024;

/// The headers of one member of a tar are its attributes and its map of holes. The other formats list all members in
/// one place.
constexpr std::uint64_t kMaxMemberHeader = 16 * 1024 * 1024;
constexpr std::uint64_t kMaxDirectory = 1024 * 1024 * 1024;

bool has_directory(Signature signature) {
  return signature == Signature::Zip || signature == Signature::SevenZip || signature == Signature::Iso;
}

/// A locale of which only some categories are asked for. There may be none of that name.
class Locale {
 public:
  Locale(int categories, const char* name) : locale_(::newlocale(categories, name, nullptr)) {}
  ~Locale() {
    if (locale_ != nullptr) ::freelocale(locale_);
  }
  Locale(const Locale&) = delete;
  Locale& operator=(const Locale&) = delete;

  /// Null if there is none.
  locale_t get() const { return locale_; }

 private:
  locale_t locale_;
};

/// The calling thread is in the locale for a kind of archive as long as this lives.
class NameLocale {
 public:
  explicit NameLocale(Signature signature) : previous_(::uselocale(locale_for(signature))) {}
  ~NameLocale() { ::uselocale(previous_); }
  NameLocale(const NameLocale&) = delete;
  NameLocale& operator=(const NameLocale&) = delete;

 private:
  static locale_t locale_for(Signature signature) {
    static const Locale bytes(LC_ALL_MASK, "C");
    // Where there is no such locale, names that are not ASCII have question marks in them.
    static const Locale utf8(LC_CTYPE_MASK, "C.UTF-8");
    // These say in which character set names are, UTF-8 or UTF-16; the others have bytes.
    const bool has_characters = has_directory(signature);
    return has_characters && utf8.get() != nullptr ? utf8.get() : bytes.get();
  }

  locale_t previous_;
};

/// What libarchive says where it leaves a name as it is.
bool is_about_character_set(std::string_view warning) {
  return warning.find("can't be converted from") != std::string_view::npos;
}

/// What libarchive says of methods of compression and encryption that it doesn't know.
bool is_about_support(std::string_view error) {
  const auto says = [&](std::string_view word) { return error.find(word) != std::string_view::npos; };
  return says("nsupported") || says("ncrypt") || says("not supported") || says("assphrase");
}

}  // namespace

ArchiveReader::ArchiveReader(BlobPtr file, Signature signature)
    : file_(std::move(file)),
      buffer_(kLargestRead),
      next_bytes_(kFirstRead),
      signature_(signature),
      archive_(archive_read_new()) {
  const NameLocale locale(signature_);
  archive* const reader = archive_.get();
  if (reader == nullptr) throw Error(ErrorCode::Internal, "libarchive has no memory for a reader");
  if (signature == Signature::Stream) {
    // Those that libarchive has to run a program for are left out.
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_compress(reader);
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_lz4(reader);
    archive_read_support_filter_lzip(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_raw(reader);
  } else {
    archive_read_support_format_tar(reader);
    archive_read_support_format_cpio(reader);
    archive_read_support_format_zip(reader);
    archive_read_support_format_7zip(reader);
    archive_read_support_format_iso9660(reader);
  }
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
    const std::span<const std::byte> bytes = reader.fill();
    reader.count_header_bytes(bytes.size());
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (...) {
    reader.failure_ = std::current_exception();
    archive_set_error(archive, EIO, "the file can't be read");
    return ARCHIVE_FATAL;
  }
}

std::span<const std::byte> ArchiveReader::fill() {
  const std::uint64_t rest = file_->size() - position_;
  const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(rest, next_bytes_));
  next_bytes_ = std::min(2 * next_bytes_, kLargestRead);
  if (!bytes.empty()) file_->read(position_, bytes);
  buffer_begin_ = position_;
  buffer_used_ = bytes.size();
  position_ += bytes.size();
  return bytes;
}

void ArchiveReader::count_header_bytes(std::size_t bytes) {
  if (!reads_header_) return;
  header_bytes_ += bytes;
  const std::uint64_t bound = has_directory(signature_) ? kMaxDirectory : kMaxMemberHeader;
  if (header_bytes_ <= bound) return;
  throw Error(ErrorCode::Unsupported, fmt::format("the headers of one member take more than {}", format_size(bound)));
}

std::optional<std::uint64_t> ArchiveReader::file_offset(std::span<const std::byte> bytes) const {
  const std::less_equal<const std::byte*> is_not_behind;
  const std::byte* const begin = buffer_.data();
  if (!is_not_behind(begin, bytes.data()) || !is_not_behind(bytes.data() + bytes.size(), begin + buffer_used_)) {
    return std::nullopt;
  }
  return buffer_begin_ + static_cast<std::uint64_t>(bytes.data() - begin);
}

la_int64_t ArchiveReader::skip(archive* /*archive*/, void* self, la_int64_t request) {
  auto& reader = *static_cast<ArchiveReader*>(self);
  const std::uint64_t rest = reader.file_->size() - reader.position_;
  const std::uint64_t skipped = std::min(rest, static_cast<std::uint64_t>(std::max<la_int64_t>(request, 0)));
  reader.position_ += skipped;
  reader.next_bytes_ = kFirstRead;
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
  if (reader.position_ != static_cast<std::uint64_t>(target)) reader.next_bytes_ = kFirstRead;
  reader.position_ = static_cast<std::uint64_t>(target);
  return target;
}

void ArchiveReader::fail() {
  if (failure_) std::rethrow_exception(failure_);
  const char* const text = archive_error_string(archive_.get());
  if (text == nullptr) throw Error(ErrorCode::Corrupt, "it is damaged or cut off");
  throw Error(is_about_support(text) ? ErrorCode::Unsupported : ErrorCode::Corrupt, text);
}

archive_entry* ArchiveReader::next() {
  const NameLocale locale(signature_);
  archive_entry* entry = nullptr;
  warning_.clear();
  header_bytes_ = 0;
  reads_header_ = true;
  const int status = archive_read_next_header(archive_.get(), &entry);
  reads_header_ = false;
  if (status == ARCHIVE_EOF) return nullptr;
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail();
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
  // A warning is about a checksum, or a content of another size than was said.
  if (status != ARCHIVE_OK || offset < 0) fail();
  const std::span bytes(static_cast<const std::byte*>(buffer), size);
  return DataBlock{static_cast<std::uint64_t>(offset), bytes, file_offset(bytes)};
}

int ArchiveReader::filters() const {
  return archive_filter_count(archive_.get()) - 1;  // the file itself counts as one
}

bool ArchiveReader::is_pax() const {
  const int format = archive_format(archive_.get());
  return format == ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE || format == ARCHIVE_FORMAT_TAR_PAX_RESTRICTED;
}

std::uint64_t ArchiveReader::header_offset() const {
  return static_cast<std::uint64_t>(archive_read_header_position(archive_.get()));
}

std::uint64_t ArchiveReader::compressed_position() const {
  return static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), -1));
}

std::uint64_t ArchiveReader::position() const {
  return static_cast<std::uint64_t>(archive_filter_bytes(archive_.get(), 0));
}

}  // namespace fstool::tar
