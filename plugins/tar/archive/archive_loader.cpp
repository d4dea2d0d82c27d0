#include "archive/archive_loader.h"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_reader.h"
#include "archive/archive_tree.h"
#include "archive/archived_content.h"
#include "archive/content_pieces.h"
#include "archive/decompression.h"
#include "archive/member.h"
#include "archive/unpacked_bytes.h"
#include "archive/xattr_sets.h"
#include "fstool/error.h"
#include "signature/signature.h"

namespace fstool::tar {

namespace {

constexpr std::uint64_t kTarBlockBytes = 512;
/// About what an extent of a sparse file takes in memory.
constexpr std::uint64_t kBytesPerExtent = 128;

/// libarchive keeps a list of all that has several names, directories too, and goes through it for each of them.
constexpr std::uint64_t kMostLinkedInCpio = 200'000;

bool is_device(NodeKind kind) { return kind == NodeKind::CharDevice || kind == NodeKind::BlockDevice; }

bool has_content(archive_entry* entry) {
  return archive_entry_size_is_set(entry) == 0 || archive_entry_size(entry) > 0;
}

/// A time before 1970 is one decimal number in the format PAX: -4.9 is nine tenths before -4, not after.
Timestamp posix_time(const Timestamp& time) {
  if (time.seconds >= 0 || time.nanoseconds == 0) return time;
  return {time.seconds - 1, 1'000'000'000 - time.nanoseconds};
}

/// IEEE P1282, 4.1.2 (PN): a device number is two of 32 bits. Some writers put the major number into the upper one,
/// others have a dev_t in both, whose upper half is 0 for all devices that Linux has.
DeviceNumber rock_ridge_device(archive_entry* entry) {
  const auto number = static_cast<std::uint64_t>(archive_entry_rdev(entry));
  const auto upper = static_cast<std::uint32_t>(number >> 32U);
  if (upper != 0) return {upper, static_cast<std::uint32_t>(number)};
  return {gnu_dev_major(number), gnu_dev_minor(number)};
}

/// Throws Error(Corrupt) for a stream, such as one within another.
Signature require_archive(const Blob& archive) {
  const Signature signature = signature_of(archive);
  if (signature != Signature::Stream) return signature;
  throw Error(ErrorCode::Corrupt, "it is compressed more than once");
}

std::uint64_t size_of(archive_entry* entry) {
  const la_int64_t size = archive_entry_size(entry);
  if (size < 0) throw Error(ErrorCode::Corrupt, "its size is negative");
  return static_cast<std::uint64_t>(size);
}

class Loader {
 public:
  Loader(BlobPtr archive, const ArchiveLimits& limits, UnpackedBytes& unpacked, Context& context)
      : archive_(std::move(archive)),
        unpacked_(unpacked),
        context_(context),
        reader_(archive_, require_archive(*archive_)),
        tree_(limits.max_metadata) {}

  Layer load() {
    while (archive_entry* const entry = reader_.next()) {
      check_end_of_last();
      const char* const name = archive_entry_pathname(entry);
      if (name == nullptr)
        throw Error(ErrorCode::Corrupt, "a member has no name, or one that is not what it says: UTF-8 or UTF-16");
      path_ = name;
      with_context([&] { return path_; }, [&] { add(entry); });
      context_.advance(1);
    }
    check_end_of_last();
    return tree_.finish();
  }

 private:
  void add(archive_entry* entry) {
    take_warning(archive_entry_filetype(entry) != 0);
    if (archive_entry_is_encrypted(entry) != 0) throw Error(ErrorCode::Unsupported, "it is encrypted");
    if (reader_.is_cpio() && archive_entry_nlink(entry) > 1 && ++linked_in_cpio_ > kMostLinkedInCpio) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("more than {} members of the cpio say that they have several names", kMostLinkedInCpio));
    }
    if (const char* const target = archive_entry_hardlink(entry)) {
      // Some archives have the content with each link, some with the first, some with the last.
      const bool brings_content = archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > 0;
      tree_.add_link(path_, target, brings_content ? content_of(entry) : nullptr);
      return;
    }
    if (reader_.is_tar() && archive_entry_filetype(entry) == 0) {
      throw Error(ErrorCode::Unsupported, "it is a part of a file that began in another volume");
    }
    Node node = node_of(entry, xattr_sets_);
    if (reader_.is_pax()) node.mtime = posix_time(node.mtime);
    if (reader_.is_iso() && is_device(node.kind)) node.device = rock_ridge_device(entry);
    if (node.kind == NodeKind::File && has_content(entry)) node.content = content_of(entry);
    tree_.add(path_, std::move(node));
  }

  /// Damage around which a member can be read is reported. What libarchive has left out of a member is more than that.
  void take_warning(bool is_whole) const {
    const std::string& warning = reader_.warning();
    if (warning.empty()) return;
    if (warning.starts_with("Rejecting")) throw Error(ErrorCode::Unsupported, warning);
    if (!is_whole) throw Error(ErrorCode::Corrupt, warning);
    context_.report_damage(fmt::format("{}: {}", path_, warning));
  }

  BlobPtr content_of(archive_entry* entry) {
    if (reader_.is_tar()) return content_in_tar(entry);
    if (reader_.is_cpio()) return make_archived_content(archive_, reader_.position(), size_of(entry));
    return content_by_blocks(entry);
  }

  /// The content where it lies in the archive: in one piece, or for a sparse file, its data one piece after the other.
  BlobPtr content_in_tar(archive_entry* entry) {
    const std::uint64_t size = size_of(entry);
    const int extents = archive_entry_sparse_reset(entry);
    std::uint64_t stored = reader_.position();
    BlobPtr content;
    if (extents == 0) {
      content = make_archived_content(archive_, stored, size);
      stored += size;
    } else {
      tree_.charge(static_cast<std::uint64_t>(extents) * kBytesPerExtent);
      ContentPieces pieces;
      la_int64_t offset = 0;
      la_int64_t length = 0;
      while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
        if (offset < 0 || length < 0) throw Error(ErrorCode::Corrupt, "its map of holes has negative numbers");
        pieces.add(static_cast<std::uint64_t>(offset), archive_, stored, static_cast<std::uint64_t>(length));
        stored += static_cast<std::uint64_t>(length);
      }
      content = pieces.finish(size);
    }
    last_path_ = path_;
    last_end_ = stored;
    return content;
  }

  /// Where the content of the last member was found to end, the next one begins: if it doesn't, sizes or maps lied.
  void check_end_of_last() {
    if (!last_end_) return;
    const std::uint64_t end = (*last_end_ + kTarBlockBytes - 1) / kTarBlockBytes * kTarBlockBytes;
    // What follows the end of the last member may be missing.
    if (reader_.header_offset() != end && reader_.header_offset() != std::min(end, archive_->size())) {
      throw Error(ErrorCode::Corrupt,
                  fmt::format("{}: its size and its place in the archive contradict each other", last_path_));
    }
    last_end_.reset();
  }

  /// The content as libarchive gives it: what the archive has as it is stays there.
  BlobPtr content_by_blocks(archive_entry* entry) {
    const std::uint64_t begin = reader_.position();
    if (reader_.is_zip() && begin < last_zip_end_) {
      throw Error(ErrorCode::Corrupt, "it overlaps another member of the archive");
    }
    ContentPieces pieces;
    while (const std::optional<DataBlock> block = reader_.next_data()) {
      if (block->bytes.empty()) continue;
      const bool is_in_archive = block->file_offset.has_value();
      pieces.add(block->offset, is_in_archive ? archive_ : unpacked_.blob(),
                 is_in_archive ? *block->file_offset : unpacked_.append(block->bytes), block->bytes.size());
      context_.check_cancelled();
    }
    last_zip_end_ = reader_.position();
    // A hole at the end brings no bytes.
    const std::uint64_t size = archive_entry_size_is_set(entry) != 0 ? size_of(entry) : pieces.end();
    return pieces.finish(std::max(size, pieces.end()));
  }

  BlobPtr archive_;  // not compressed
  UnpackedBytes& unpacked_;
  Context& context_;
  ArchiveReader reader_;
  ArchiveTree tree_;
  XattrSets xattr_sets_;
  std::string path_;  // of the member that is being added
  std::string last_path_;
  std::optional<std::uint64_t> last_end_;  // of a content in a tar; bytes into the archive
  std::uint64_t linked_in_cpio_ = 0;
  std::uint64_t last_zip_end_ = 0;  // of the members so far, which come in the order of their places
};

}  // namespace

bool begins_as_archive(const BlobPtr& file) {
  // An ISO 9660 file system is known by what lies the farthest from the beginning.
  constexpr std::size_t kBeginningBytes = 33 * 1024;
  try {
    Signature signature = signature_of(*file);
    if (signature == Signature::Stream) {
      signature = signature_of(*make_memory_blob(decompress_beginning(file, kBeginningBytes)));
    }
    return signature != Signature::None && signature != Signature::Stream;
  } catch (const Error&) {
    return false;
  }
}

Layer load_archive(const ArchiveInput& input, Context& context) {
  UnpackedBytes unpacked(input.limits.max_size);
  BlobPtr archive = decompress(input, unpacked, context);
  context.begin_step(fmt::format("reading {}", input.name), 0, "files");
  return Loader(std::move(archive), input.limits, unpacked, context).load();
}

}  // namespace fstool::tar

const fstool::tar::ArchiveFunctions fstool_tar_archive_functions = {fstool::tar::begins_as_archive,
                                                                    fstool::tar::load_archive};
