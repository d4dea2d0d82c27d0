#include "reuse/piece_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>

#include "file_blob.h"
#include "file_stamp.h"
#include "fstool/error.h"
#include "record_file.h"

namespace fstool {

namespace {

constexpr std::string_view kMagic = "fstool-pieces 1\n";
/// Pieces of 64 KiB: a disk of 16 TiB.
constexpr std::uint64_t kMaxPieces = std::uint64_t{1} << 28U;

struct RecordHead {
  std::array<char, 16> magic;
  PieceKey request;
  PieceKey file;
  boost::endian::little_uint64_t pieces;
};
static_assert(sizeof(RecordHead) == 72);

struct RecordPiece {
  PieceKey key;
  boost::endian::little_uint64_t offset;
  boost::endian::little_uint32_t bytes;
  boost::endian::little_uint32_t form;
};
static_assert(sizeof(RecordPiece) == 40);

PieceKey key_of(std::span<const std::byte> bytes) {
  Fingerprint fingerprint;
  fingerprint.add_bytes(bytes);
  return fingerprint.finish();
}

PieceKey key_of(std::string_view text) { return key_of(std::as_bytes(std::span(text))); }

/// Names a file as it is, for good, or, with a `boot`, until the host restarts.
PieceKey file_key(const FileStamp& stamp, std::string_view boot) {
  return key_of(fmt::format("{} {}", text_of(stamp), boot));
}

bool is_named(const FileStamp& stamp, const PieceKey& name) {
  if (name == file_key(stamp, {})) return true;
  const std::string boot = this_boot_alone();
  return is_this_boot(boot) && name == file_key(stamp, boot);
}

bool comes_before(const std::pair<PieceKey, StoredPiece>& a, const std::pair<PieceKey, StoredPiece>& b) {
  return a.first < b.first;
}

}  // namespace

std::filesystem::path pieces_path(const std::filesystem::path& output) {
  return output.parent_path() / fmt::format(".{}.fstool-pieces", output.filename().string());
}

PieceStore::PieceStore(std::filesystem::path output, std::string_view request)
    : output_(std::move(output)), request_(key_of(request)) {
  try {
    load();
  } catch (const Error&) {  // the first time there is none
    file_.reset();
    earlier_.clear();
  }
}

void PieceStore::load() {
  const BlobPtr stored = open_record(pieces_path(output_));
  RecordHead head{};
  if (stored->size() < sizeof head + sizeof(PieceKey)) return;
  stored->read(0, std::as_writable_bytes(std::span(&head, 1)));
  const std::uint64_t body_bytes = stored->size() - sizeof head - sizeof(PieceKey);
  const bool is_whole = std::string_view(head.magic.data(), head.magic.size()) == kMagic && head.pieces <= kMaxPieces &&
                        body_bytes == head.pieces * sizeof(RecordPiece);
  if (!is_whole || head.request != request_ || !is_named(stamp_of(output_), head.file)) return;
  const std::vector<std::byte> record = read_all(*stored, stored->size());
  const auto body = std::span(record).subspan(sizeof head, body_bytes);
  const PieceKey seal = key_of(std::span(record).first(record.size() - sizeof(PieceKey)));
  if (!std::ranges::equal(seal, std::span(record).last(sizeof seal))) return;

  BlobPtr file = open_file_blob(output_, StatusChanges::Ignored);
  if (!is_named(stamp_of(output_), head.file)) return;  // replaced meanwhile
  earlier_.reserve(head.pieces);
  for (std::size_t at = 0; at < body.size(); at += sizeof(RecordPiece)) {
    RecordPiece piece;
    std::memcpy(&piece, body.data() + at, sizeof piece);
    earlier_.push_back({piece.key, {.offset = piece.offset, .bytes = piece.bytes, .form = piece.form}});
  }
  if (!std::ranges::is_sorted(earlier_, comes_before)) earlier_.clear();
  file_ = std::move(file);
}

std::optional<StoredPiece> PieceStore::find(const PieceKey& key) const {
  const auto place = std::ranges::lower_bound(earlier_, key, {}, &Piece::first);
  if (place == earlier_.end() || place->first != key) return std::nullopt;
  taken_.fetch_add(1, std::memory_order_relaxed);
  return place->second;
}

PieceCounts PieceStore::counts() const {
  const std::lock_guard lock(mutex_);
  return {.taken = taken_, .all = noted_.size()};
}

void PieceStore::note(const PieceKey& key, const StoredPiece& piece) {
  const std::lock_guard lock(mutex_);
  noted_.emplace_back(key, piece);
}

void PieceStore::save(const OutputOutcome& outcome) {
  if (outcome.files.empty()) {
    throw Error(ErrorCode::Changed, fmt::format("{} was changed as soon as it was there", output_.string()));
  }
  if (noted_.size() > kMaxPieces) {
    throw Error(ErrorCode::Unsupported, fmt::format("{} has more than {} pieces", output_.string(), kMaxPieces));
  }
  // Of pieces that are the same, the first in the file: not all hosts' threads come in one order.
  std::ranges::sort(noted_, [](const Piece& a, const Piece& b) {
    return std::tie(a.first, a.second.offset) < std::tie(b.first, b.second.offset);
  });
  const auto same = [](const Piece& a, const Piece& b) { return a.first == b.first; };
  noted_.erase(std::unique(noted_.begin(), noted_.end(), same), noted_.end());

  const std::size_t sealed = sizeof(RecordHead) + noted_.size() * sizeof(RecordPiece);
  std::vector<std::byte> record(sealed + sizeof(PieceKey));
  const std::string boot = outcome.is_synced ? std::string() : this_boot_alone();
  RecordHead head{
      .magic = {}, .request = request_, .file = file_key(outcome.files.front().stamp, boot), .pieces = noted_.size()};
  std::ranges::copy(kMagic, head.magic.begin());
  std::memcpy(record.data(), &head, sizeof head);
  std::byte* at = record.data() + sizeof head;
  for (const auto& [key, stored] : noted_) {
    const RecordPiece piece{.key = key, .offset = stored.offset, .bytes = stored.bytes, .form = stored.form};
    std::memcpy(at, &piece, sizeof piece);
    at += sizeof piece;
  }
  const PieceKey seal = key_of(std::span(record).first(sealed));
  std::memcpy(at, &seal, sizeof seal);
  write_record(pieces_path(output_), record);
}

}  // namespace fstool
