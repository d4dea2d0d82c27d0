#include "archive/archive_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "archive/archive_reader.h"
#include "archive/archive_tree.h"
#include "archive/member.h"
#include "fstool/error.h"
#include "fstool/spill.h"

namespace fstool::tar {

namespace {

constexpr std::uint64_t kTarBlockBytes = 512;

bool has_content(archive_entry* entry) {
  return archive_entry_size_is_set(entry) == 0 || archive_entry_size(entry) > 0;
}

/// A time before 1970 is one decimal number in the format PAX: -4.9 is nine tenths before -4, not after.
Timestamp posix_time(const Timestamp& time) {
  if (time.seconds >= 0 || time.nanoseconds == 0) return time;
  return {time.seconds - 1, 1'000'000'000 - time.nanoseconds};
}

class Loader {
 public:
  Loader(BlobPtr file, Context& context) : file_(std::move(file)), context_(context), reader_(file_, Formats::All) {}

  Layer load() {
    while (archive_entry* const entry = reader_.next()) {
      check_end_of_last();
      const char* const name = archive_entry_pathname(entry);
      if (name == nullptr) throw Error(ErrorCode::Corrupt, "a member has no name");
      const std::string path = name;
      with_context([&] { return path; }, [&] { add(path, entry); });
      context_.advance(1);
    }
    check_end_of_last();
    return tree_.finish();
  }

 private:
  void add(const std::string& path, archive_entry* entry) {
    if (!reader_.warning().empty()) context_.report_damage(fmt::format("{}: {}", path, reader_.warning()));
    if (archive_entry_is_encrypted(entry) != 0) throw Error(ErrorCode::Unsupported, "it is encrypted");
    if (const char* const target = archive_entry_hardlink(entry)) {
      // Some archives have the content with each link, some with the first, some with the last.
      const bool brings_content = archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > 0;
      tree_.add_link(path, target, brings_content ? content_of(path, entry) : nullptr);
      return;
    }
    Node node = node_of(entry);
    if (reader_.is_pax()) node.mtime = posix_time(node.mtime);
    if (node.kind == NodeKind::File && has_content(entry)) node.content = content_of(path, entry);
    tree_.add(path, std::move(node));
  }

  BlobPtr content_of(const std::string& path, archive_entry* entry) {
    return reader_.is_plain_tar() ? slice_of(path, entry) : decompressed(entry);
  }

  static std::uint64_t size_of(archive_entry* entry) {
    const la_int64_t size = archive_entry_size(entry);
    if (size < 0) throw Error(ErrorCode::Corrupt, "its size is negative");
    return static_cast<std::uint64_t>(size);
  }

  /// The content where it lies in the archive: in one piece, or for a sparse file, its data one piece after the other.
  BlobPtr slice_of(const std::string& path, archive_entry* entry) {
    const std::uint64_t size = size_of(entry);
    std::uint64_t stored = reader_.data_offset();
    BlobPtr content;
    if (archive_entry_sparse_reset(entry) == 0) {
      content = slice(stored, size);
      stored += size;
    } else {
      BlobBuilder builder;
      la_int64_t offset = 0;
      la_int64_t length = 0;
      while (archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
        const auto begin = static_cast<std::uint64_t>(offset);
        const auto bytes = static_cast<std::uint64_t>(length);
        if (offset < 0 || length < 0 || begin > size || bytes > size - begin) {
          throw Error(ErrorCode::Corrupt, "its map of holes leads beyond its end");
        }
        builder.add(begin, slice(stored, bytes), 0, bytes);
        stored += bytes;
      }
      content = builder.finish(size);
    }
    last_path_ = path;
    last_end_ = stored;
    return content;
  }

  BlobPtr slice(std::uint64_t offset, std::uint64_t length) const {
    if (offset > file_->size() || length > file_->size() - offset) {
      throw Error(ErrorCode::Corrupt, "the archive ends before its content does");
    }
    return make_slice_blob(file_, offset, length);
  }

  /// Where the content of the last member was found to end, the next one begins: if it doesn't, sizes or maps lied.
  void check_end_of_last() {
    if (!last_end_) return;
    const std::uint64_t end = (*last_end_ + kTarBlockBytes - 1) / kTarBlockBytes * kTarBlockBytes;
    // What follows the end of the last member may be missing.
    if (reader_.header_offset() != end && reader_.header_offset() != std::min(end, file_->size())) {
      throw Error(ErrorCode::Corrupt,
                  fmt::format("{}: its size and its place in the archive contradict each other", last_path_));
    }
    last_end_.reset();
  }

  /// The content, decompressed.
  BlobPtr decompressed(archive_entry* entry) {
    if (!spill_) spill_ = std::make_shared<Spill>();
    BlobBuilder builder;
    std::uint64_t end = 0;
    struct Piece {
      std::uint64_t offset;  // into the content
      std::uint64_t spilled;
      std::uint64_t length;
    };
    std::optional<Piece> piece;
    const auto add_piece = [&] {
      if (piece) builder.add(piece->offset, spill_, piece->spilled, piece->length);
    };
    while (const std::optional<DataBlock> block = reader_.next_data()) {
      if (block->bytes.empty()) continue;
      if (block->offset < end) throw Error(ErrorCode::Corrupt, "its content overlaps itself");
      if (block->bytes.size() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - block->offset) {
        throw Error(ErrorCode::Corrupt, "its content is too large");
      }
      const std::uint64_t spilled = spill_->append(block->bytes);
      if (piece && block->offset == piece->offset + piece->length) {
        piece->length += block->bytes.size();
      } else {
        add_piece();
        piece = Piece{block->offset, spilled, block->bytes.size()};
      }
      end = block->offset + block->bytes.size();
      context_.check_cancelled();
    }
    // A hole at the end brings no bytes.
    if (archive_entry_size_is_set(entry) != 0) end = std::max(end, size_of(entry));
    if (piece && piece->offset == 0 && piece->length == end) return make_slice_blob(spill_, piece->spilled, end);
    add_piece();
    return builder.finish(end);
  }

  BlobPtr file_;
  Context& context_;
  ArchiveReader reader_;
  ArchiveTree tree_;
  std::shared_ptr<Spill> spill_;
  std::string last_path_;
  std::optional<std::uint64_t> last_end_;  // of a content that was taken as a slice; bytes into the file
};

}  // namespace

bool begins_as_archive(const BlobPtr& file) {
  try {
    // That a first member is there tells archives from disks that begin with zeros, which could be an empty tar.
    ArchiveReader reader(file, Formats::Recognize);
    return reader.next() != nullptr && !reader.is_binary_cpio();
  } catch (const Error&) {
    return false;
  }
}

Layer load_archive(const BlobPtr& file, Context& context) { return Loader(file, context).load(); }

}  // namespace fstool::tar

const fstool::tar::ArchiveFunctions fstool_tar_archive_functions = {fstool::tar::begins_as_archive,
                                                                    fstool::tar::load_archive};
