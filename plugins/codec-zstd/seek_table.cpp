#include "seek_table.h"

#include <fmt/format.h>

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "frame_header.h"
#include "fstool/error.h"

namespace fstool::zstd {
namespace {

constexpr std::uint32_t kSeekTableMagic = 0x184D2A5E;
constexpr std::uint32_t kFooterMagic = 0x8F92EAB1;
constexpr std::size_t kMostFrames = std::size_t{1} << 27U;

struct SeekTableEntry {
  boost::endian::little_uint32_t stored;
  boost::endian::little_uint32_t size;
};
static_assert(sizeof(SeekTableEntry) == 8);

struct SeekTableFooter {
  boost::endian::little_uint32_t frames;
  std::uint8_t descriptor;  // bit 7: entries have checksums; bits 2 to 6: reserved
  boost::endian::little_uint32_t magic;

  bool has_checksums() const { return (descriptor & 0x80U) != 0; }
  bool has_reserved_bits() const { return (descriptor & 0x7cU) != 0; }
  /// Of an entry, in bytes. The checksum takes 4.
  std::uint64_t entry_bytes() const { return sizeof(SeekTableEntry) + (has_checksums() ? 4 : 0); }
  /// Of all behind the skippable header.
  std::uint64_t table_bytes() const { return frames * entry_bytes() + sizeof(SeekTableFooter); }
};
static_assert(sizeof(SeekTableFooter) == 9);

template <class Struct>
std::span<std::byte> put(std::span<std::byte> out, const Struct& value) {
  std::memcpy(out.data(), &value, sizeof(value));
  return out.subspan(sizeof(value));
}

Error wrong(const std::string& what) { return {ErrorCode::Corrupt, what}; }

/// Where the table begins. Throws Error(Corrupt) if it isn't where its footer says.
std::uint64_t find_table(WindowReader& file, const SeekTableFooter& footer) {
  const std::uint64_t whole = sizeof(SkippableHeader) + footer.table_bytes();
  if (whole > file.size()) throw wrong(fmt::format("its {} frames are more than the file has room for", footer.frames));
  const std::uint64_t begin = file.size() - whole;
  const auto header = file.get<SkippableHeader>(begin);
  if (!header || header->magic != kSeekTableMagic || header->bytes != footer.table_bytes()) {
    throw wrong(fmt::format("it doesn't begin at byte {}, as its end says", begin));
  }
  return begin;
}

/// Throws Error(Corrupt) unless a frame as `entry` says begins at `offset`.
void check_entry(WindowReader& file, std::uint64_t offset, const SeekTableEntry& entry) {
  if (const auto header = read_frame_header(file, offset)) {
    if (!header->content_size || *header->content_size == entry.size) return;
    throw wrong(fmt::format("it says that the frame at byte {} holds {} bytes, which says {}", offset, entry.size,
                            *header->content_size));
  }
  const auto skippable = file.get<SkippableHeader>(offset);
  if (entry.size == 0 && skippable && (skippable->magic & kSkippableMask) == kSkippableMagic) return;
  throw wrong(fmt::format("no frame begins at byte {}, where it says", offset));
}

std::vector<StreamFrame> read_entries(WindowReader& file, const SeekTableFooter& footer, std::uint64_t table) {
  // Two readers, for the table and for the frames, so that each goes onwards.
  WindowReader entries(file.blob());
  std::vector<StreamFrame> frames;
  frames.reserve(footer.frames);
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < footer.frames; ++i) {
    const auto entry = entries.get<SeekTableEntry>(table + sizeof(SkippableHeader) + i * footer.entry_bytes());
    if (!entry || entry->stored > table - offset) {
      throw wrong(fmt::format("frame {} reaches into the table", i + 1));
    }
    check_entry(file, offset, *entry);
    if (entry->size != 0) frames.push_back({.offset = offset, .stored = entry->stored, .size = entry->size});
    offset += entry->stored;
  }
  if (offset != table) throw wrong(fmt::format("its frames end at byte {}, and it begins at {}", offset, table));
  return frames;
}

}  // namespace

std::vector<std::byte> make_seek_table(std::span<const StreamFrame> frames) {
  if (frames.size() > kMostFrames) return {};
  const SeekTableFooter footer{static_cast<std::uint32_t>(frames.size()), 0, kFooterMagic};
  std::vector<std::byte> table(sizeof(SkippableHeader) + footer.table_bytes());
  auto rest = put(std::span(table), SkippableHeader{kSeekTableMagic, static_cast<std::uint32_t>(footer.table_bytes())});
  for (const StreamFrame& frame : frames) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (frame.stored > kMost || frame.size > kMost) return {};
    rest = put(rest, SeekTableEntry{static_cast<std::uint32_t>(frame.stored), static_cast<std::uint32_t>(frame.size)});
  }
  put(rest, footer);
  return table;
}

std::optional<std::vector<StreamFrame>> read_seek_table(WindowReader& file, Context& context) {
  if (file.size() < sizeof(SeekTableFooter)) return std::nullopt;
  const auto footer = file.get<SeekTableFooter>(file.size() - sizeof(SeekTableFooter));
  if (!footer || footer->magic != kFooterMagic || footer->frames > kMaxStreamFrames) return std::nullopt;
  try {
    if (footer->has_reserved_bits()) throw wrong("bits are set that are reserved");
    return read_entries(file, *footer, find_table(file, *footer));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    context.report_damage(fmt::format("the seek table of the zstd stream is wrong: {}", error.what()));
  }
  return std::nullopt;
}

}  // namespace fstool::zstd
