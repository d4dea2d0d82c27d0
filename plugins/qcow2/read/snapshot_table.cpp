#include "read/snapshot_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "fstool/size.h"
#include "ondisk/snapshot.h"

namespace fstool::qcow2 {
namespace {

class TableReader {
 public:
  TableReader(const ImageHeader& header, const Blob& file) : header_(header), file_(file) {}

  SnapshotTable read() {
    if (header_.snapshots == 0) return {};
    if (header_.snapshots > kMaxSnapshots) {
      damage(
          fmt::format("the header says that there are {} snapshots, of {} at most", header_.snapshots, kMaxSnapshots));
      return std::move(table_);
    }
    if (header_.snapshots_offset % header_.geometry.cluster_size() != 0 || header_.snapshots_offset >= file_.size()) {
      damage(fmt::format("the snapshot table is said to be at {:#x}", header_.snapshots_offset));
      return std::move(table_);
    }
    for (std::uint32_t i = 0; i < header_.snapshots; ++i) {
      if (read_entry(i)) continue;
      damage(fmt::format("entry {} of the snapshot table reaches beyond the end of the {}", i,
                         table_.bytes > kMaxSnapshotTableBytes ? "largest table" : "file"));
      break;
    }
    return std::move(table_);
  }

 private:
  void damage(std::string text) { table_.damage.push_back(std::move(text)); }

  /// The next `length` bytes of the table; false if they are not there.
  bool next(void* to, std::uint64_t length) {
    const std::uint64_t at = header_.snapshots_offset + table_.bytes;
    if (at > file_.size() || length > file_.size() - at || table_.bytes + length > kMaxSnapshotTableBytes) return false;
    file_.read(at, {static_cast<std::byte*>(to), length});
    table_.bytes += length;
    return true;
  }
  bool next_text(std::string& to, std::uint64_t length) {
    to.resize(length);
    return next(to.data(), length);
  }

  bool read_entry(std::uint32_t index) {
    SnapshotEntry entry;
    if (!next(&entry, sizeof(entry))) return false;
    SnapshotExtraData extra{};
    const std::uint64_t extra_bytes = entry.extra_data_size;
    if (extra_bytes > kMaxSnapshotExtraBytes) {
      damage(fmt::format("entry {} of the snapshot table has {} bytes of extra data", index, extra_bytes));
    } else if (header_.version >= kVersion3 && extra_bytes < sizeof(extra)) {
      damage(fmt::format("entry {} of the snapshot table has no size of the disk, which version 3 requires", index));
    }
    const std::uint64_t known = std::min<std::uint64_t>(extra_bytes, sizeof(extra));
    if (!next(&extra, known)) return false;
    table_.bytes += extra_bytes - known;

    Snapshot snapshot;
    if (!next_text(snapshot.facts.id, entry.id_size) || !next_text(snapshot.facts.name, entry.name_size)) return false;
    // The padding of the last entry may be missing.
    table_.bytes = round_up(table_.bytes, kSnapshotAlignment);
    snapshot.facts.taken = {entry.date_seconds, std::min<std::uint32_t>(entry.date_nanoseconds, 999'999'999)};
    snapshot.facts.disk_size = known == sizeof(extra) ? extra.disk_size.value() : header_.disk_size;
    snapshot.l1 = {entry.l1_table_offset, entry.l1_size};
    table_.snapshots.push_back(std::move(snapshot));
    return true;
  }

  const ImageHeader& header_;
  const Blob& file_;
  SnapshotTable table_;
};

std::string list_of(const SnapshotTable& table) {
  if (table.snapshots.empty()) return "there are none";
  std::vector<std::string> names;
  for (const Snapshot& snapshot : table.snapshots) {
    names.push_back(fmt::format("{} (\"{}\")", printable(snapshot.facts.id), printable(snapshot.facts.name)));
  }
  return fmt::format("there are: {}", fmt::join(names, ", "));
}

}  // namespace

SnapshotTable read_snapshot_table(const ImageHeader& header, const Blob& file) {
  return TableReader(header, file).read();
}

const Snapshot& find_snapshot(const SnapshotTable& table, std::string_view id_or_name) {
  const auto& all = table.snapshots;
  const auto by_id = std::ranges::find(all, id_or_name, [](const Snapshot& snapshot) { return snapshot.facts.id; });
  if (by_id != all.end()) return *by_id;
  const auto has_name = [&](const Snapshot& snapshot) { return snapshot.facts.name == id_or_name; };
  const auto by_name = std::ranges::find_if(all, has_name);
  if (by_name == all.end()) {
    throw Error(ErrorCode::NotFound, fmt::format("there is no snapshot \"{}\"; {}", id_or_name, list_of(table)));
  }
  if (std::find_if(std::next(by_name), all.end(), has_name) != all.end()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("several snapshots are called \"{}\": choose one by its id; {}",
                                                        id_or_name, list_of(table)));
  }
  return *by_name;
}

}  // namespace fstool::qcow2
