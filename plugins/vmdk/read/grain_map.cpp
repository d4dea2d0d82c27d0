#include "read/grain_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fstool/error.h"

namespace fstool::vmdk {
namespace {

constexpr std::uint64_t kPageBytes = 16384;

bool continues(const GrainRun& run, const GrainRun& next) {
  if (run.kind != next.kind || run.kind == GrainKind::Compressed) return false;
  return run.kind == GrainKind::Zero || run.file_offset + run.length == next.file_offset;
}

}  // namespace

std::span<const TableEntry> TablePages::entries_at(std::uint64_t offset, std::uint64_t most) {
  const std::uint64_t begin = offset / kPageBytes * kPageBytes;
  if (entry_ == nullptr || begin != page_begin_) {
    const std::uint64_t size = std::min(kPageBytes, file_.size() - begin);
    entry_ = cache_.find_or_add({number_, begin}, size);
    page_ = entry_->get([&](std::vector<std::byte>& bytes) {
      bytes.resize(size);
      file_.read(begin, bytes);
    });
    page_begin_ = begin;
  }
  const auto bytes = page_.subspan(offset - begin);
  // TableEntry has no alignment and is made of bytes.
  return {reinterpret_cast<const TableEntry*>(bytes.data()),
          std::min<std::uint64_t>(most, bytes.size() / sizeof(TableEntry))};
}

GrainRun GrainMap::run_at(std::uint64_t offset, std::uint64_t length, std::uint64_t& pieces) const {
  TablePages pages(file_, cache_, number_);
  GrainRun run = piece_at(pages, offset);
  pieces -= std::min<std::uint64_t>(pieces, 1);
  while (run.length < length && pieces > 0 && run.kind != GrainKind::Compressed) {
    --pieces;
    try {
      const GrainRun next = piece_at(pages, offset + run.length);
      if (!continues(run, next)) break;
      run.length += next.length;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      break;  // damage there is an error to those who ask for what is there
    }
  }
  run.length = std::min(run.length, length);
  return run;
}

/// What one entry of a table says, or several that are 0. May reach beyond the end of the disk.
GrainRun GrainMap::piece_at(TablePages& pages, std::uint64_t offset) const {
  const std::uint64_t bytes_of_table = extent_.grain_bytes() * extent_.entries_of_table;
  const std::uint64_t number = offset / bytes_of_table;
  const std::uint64_t place = extent_.directory * kSectorBytes + number * sizeof(TableEntry);
  const auto tables = pages.entries_at(place, extent_.directory_entries - number);
  const std::uint64_t table = tables.front();
  if (table != 0) return piece_of_table(pages, table, offset);
  const auto absent = static_cast<std::uint64_t>(
      std::ranges::find_if(tables, [](const TableEntry& entry) { return entry != 0; }) - tables.begin());
  return {GrainKind::Zero, (number + absent) * bytes_of_table - offset, 0};
}

GrainRun GrainMap::piece_of_table(TablePages& pages, std::uint64_t table, std::uint64_t offset) const {
  const std::uint64_t grain_bytes = extent_.grain_bytes();
  const std::uint64_t index = offset / grain_bytes % extent_.entries_of_table;
  const std::uint64_t in_grain = offset % grain_bytes;
  if (!is_inside(file_, table, extent_.table_bytes())) {
    throw Error(ErrorCode::Corrupt, fmt::format("grain table {} is not in the file: it may be cut off",
                                                offset / (grain_bytes * extent_.entries_of_table)));
  }
  const auto entries =
      pages.entries_at(table * kSectorBytes + index * sizeof(TableEntry), extent_.entries_of_table - index);
  const auto is_stored = [&](const TableEntry& entry) {
    return entry > (extent_.has_zeroed_grains ? kZeroedGrain : 0);
  };
  const std::uint64_t sector = entries.front();
  if (!is_stored(entries.front())) {
    const auto zeros = static_cast<std::uint64_t>(std::ranges::find_if(entries, is_stored) - entries.begin());
    return {GrainKind::Zero, zeros * grain_bytes - in_grain, 0};
  }
  if (sector * kSectorBytes >= file_.size()) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("grain {} is not in the file: it may be cut off", offset / grain_bytes));
  }
  if (extent_.compressed) return {GrainKind::Compressed, grain_bytes - in_grain, sector * kSectorBytes};
  return {GrainKind::Plain, grain_bytes - in_grain, sector * kSectorBytes + in_grain};
}

}  // namespace fstool::vmdk
