#include "reuse/piece_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>

#include "fstool/error.h"
#include "fstool/output_file.h"

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

/// Names a file as it is: it changes with anything that is written to it.
PieceKey file_key(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw system_error(path.string(), errno);
  return key_of(fmt::format("{}:{}:{}:{}.{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                            status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
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
  const std::vector<std::byte> record =
      read_all(*open_file_blob(pieces_path(output_)), sizeof(RecordHead) + kMaxPieces * sizeof(RecordPiece));
  RecordHead head{};
  if (record.size() < sizeof head + sizeof(PieceKey)) return;
  std::memcpy(&head, record.data(), sizeof head);
  const auto body = std::span(record).subspan(sizeof head, record.size() - sizeof head - sizeof(PieceKey));
  const bool is_whole = std::string_view(head.magic.data(), head.magic.size()) == kMagic &&
                        body.size() / sizeof(RecordPiece) == head.pieces && body.size() % sizeof(RecordPiece) == 0;
  if (!is_whole || head.request != request_ || head.file != file_key(output_)) return;
  const PieceKey seal = key_of(std::span(record).first(record.size() - sizeof(PieceKey)));
  if (!std::ranges::equal(seal, std::span(record).last(sizeof seal))) return;

  BlobPtr file = open_file_blob(output_);
  if (head.file != file_key(output_)) return;  // replaced meanwhile
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

void PieceStore::save() {
  // Of pieces that are the same, the first in the file: not all hosts' threads come in one order.
  std::ranges::sort(noted_, [](const Piece& a, const Piece& b) {
    return std::tie(a.first, a.second.offset) < std::tie(b.first, b.second.offset);
  });
  const auto same = [](const Piece& a, const Piece& b) { return a.first == b.first; };
  noted_.erase(std::unique(noted_.begin(), noted_.end(), same), noted_.end());

  std::vector<std::byte> record(sizeof(RecordHead) + noted_.size() * sizeof(RecordPiece));
  RecordHead head{.magic = {}, .request = request_, .file = file_key(output_), .pieces = noted_.size()};
  std::ranges::copy(kMagic, head.magic.begin());
  std::memcpy(record.data(), &head, sizeof head);
  std::byte* at = record.data() + sizeof head;
  for (const auto& [key, stored] : noted_) {
    const RecordPiece piece{.key = key, .offset = stored.offset, .bytes = stored.bytes, .form = stored.form};
    std::memcpy(at, &piece, sizeof piece);
    at += sizeof piece;
  }
  const PieceKey seal = key_of(record);
  record.insert(record.end(), seal.begin(), seal.end());
  OutputFile file(pieces_path(output_), {.force = false, .sync = OutputFile::Sync::Never});
  file.write_at(0, record);
  file.commit();
}

}  // namespace fstool
