#include "check/check_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "check/cluster_uses.h"
#include "check/payload_check.h"
#include "check/stored_refcounts.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/bitmap.h"
#include "ondisk/features.h"
#include "ondisk/mapping_entry.h"
#include "read/open_image.h"
#include "read/snapshot_table.h"

namespace fstool::qcow2 {
namespace {

/// Reports clusters whose refcounts are wrong in the same way together.
class RefcountReport {
 public:
  explicit RefcountReport(Context& context) : context_(context) {}

  void add(std::uint64_t cluster, std::uint64_t refcount, std::uint64_t references) {
    if (refcount == references) return;
    if (count_ != 0 && cluster == first_ + count_ && refcount == refcount_ && references == references_) {
      ++count_;
      return;
    }
    flush();
    first_ = cluster;
    count_ = 1;
    refcount_ = refcount;
    references_ = references;
  }

  void flush() {
    if (count_ == 0) return;
    const std::string where = count_ == 1 ? fmt::format("host cluster {}", first_)
                                          : fmt::format("host clusters {} to {}", first_, first_ + count_ - 1);
    const char* const means = refcount_ < references_ ? "it may be overwritten"
                              : references_ == 0      ? "it is leaked"
                                                      : "it will be leaked";
    context_.report_damage(fmt::format("{}: the refcount is {} and the number of references {}: {}", where, refcount_,
                                       references_, means));
    count_ = 0;
  }

 private:
  Context& context_;
  std::uint64_t first_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t refcount_ = 0;
  std::uint64_t references_ = 0;
};

/// A part of the disk's mapping that an L1 entry refers to.
struct L2Reference {
  std::uint64_t offset = 0;  ///< of the L2 table, a multiple of the cluster size inside the file
  std::uint32_t owner = 0;   ///< index into Checker::owners_
  std::uint32_t l1_index = 0;
};

/// Names an entry of a table, when there is something to say about it.
struct Where {
  std::string_view prefix;  ///< "", or the snapshot
  std::string_view kind;
  std::uint64_t number = 0;

  std::string text() const { return fmt::format("{}{} {}", prefix, kind, number); }
};

/// A disk that is mapped: the active one, or a snapshot.
struct Owner {
  std::string prefix;  ///< for messages
  TablePlace l1;
  bool active = false;
};

class Checker {
 public:
  Checker(const ContainerFile& container, Context& context)
      : container_(container),
        file_(*container.bytes),
        context_(context),
        header_(read_header(file_, context)),
        geometry_(header_.geometry),
        table_file_{file_, caches_.tables, 0},
        refcounts_(header_, table_file_),
        payloads_(file_, geometry_, header_.compression, context) {}

  void check() {
    report_state(header_, "the image", context_);
    check_features();
    // Structures that have their place come first: what else is there overlaps them.
    add_range("the header", {0, geometry_.cluster_size()}, Use::Header);
    refcounts_.find_table(uses_, context_);
    find_disks();
    find_encryption_header();
    find_bitmaps();

    refcounts_.load_table(uses_, context_);
    for (std::uint32_t owner = 0; owner < owners_.size(); ++owner) walk_l1(owner);
    walk_l2_tables();
    payloads_.finish();
    for (const TablePlace& table : bitmap_tables_) walk_bitmap_table(table);
    compare_refcounts();
    check_other_files();
  }

 private:
  void report(const std::string& where, const std::string& what) {
    context_.report_damage(fmt::format("{}: {}", where, what));
  }
  void report(const Where& where, const std::string& what) { report(where.text(), what); }

  void check_features() {
    const auto autoclear = [&](const Feature& feature) { return (header_.autoclear_features & feature.mask()) != 0; };
    if (autoclear(kRawExternalData) && !header_.has_data_file()) {
      report("the header", "the data file is said to be raw, and there is none");
    }
    if (autoclear(kRawExternalData) && !header_.backing_file.empty()) {
      report("the header", "the data file is said to be raw, and there is a backing file");
    }
    if (autoclear(kBitmaps) && !header_.bitmaps)
      report("the header", "there are said to be bitmaps, and there are none");
    if (header_.encryption == Encryption::Luks && !header_.encryption_header) {
      report("the header", "it doesn't say where the header of LUKS is");
    }
    if (header_.encryption != Encryption::Luks && header_.encryption_header) {
      report("the header", "it says where the header of LUKS is, and the image is not encrypted so");
    }
  }

  /// Takes the clusters of a structure. False, after a report, if it isn't in the file or overlaps another.
  bool add_range(const std::string& what, const PointedRange& range, Use use) {
    if (range.length == 0) return true;
    if (range.offset % geometry_.cluster_size() != 0) {
      report(what, fmt::format("it begins at {:#x}, not at a cluster", range.offset));
      return false;
    }
    // A file may end amid its last cluster.
    if (range.offset > file_.size() || (use != Use::Header && range.length > file_.size() - range.offset)) {
      report(what, "it reaches beyond the end of the file");
      return false;
    }
    const Use other = uses_.add_range(range.offset >> geometry_.cluster_bits(),
                                      div_ceil(range.length, geometry_.cluster_size()), use);
    if (other == Use::None) return true;
    report(what, fmt::format("it overlaps {}", use_name(other)));
    return false;
  }

  /// Finds the L1 tables of the disk and of its snapshots.
  void find_disks() {
    add_disk({"", header_.l1, true}, "the L1 table");
    const SnapshotTable table = read_snapshot_table(header_, file_);
    for (const std::string& damage : table.damage) context_.report_damage(damage);
    if (table.bytes != 0) {
      const std::uint64_t there = file_.size() - header_.snapshots_offset;
      add_range("the snapshot table", {header_.snapshots_offset, std::min(table.bytes, there)}, Use::SnapshotTable);
    }
    if (!table.snapshots.empty() && header_.has_data_file()) {
      report("the snapshot table", "there can't be snapshots with an external data file");
    }
    std::vector<std::string> ids;
    for (const Snapshot& snapshot : table.snapshots) {
      const std::string name =
          fmt::format("the snapshot {} (\"{}\")", printable(snapshot.facts.id), printable(snapshot.facts.name));
      ids.push_back(snapshot.facts.id);
      try {
        check_l1_table(snapshot.l1, snapshot.facts.disk_size, geometry_, file_, "its L1 table");
        add_disk({name + ": ", snapshot.l1, false}, name + ": its L1 table");
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
        report(name, error.what());
      }
    }
    std::ranges::sort(ids);
    for (auto same = std::ranges::adjacent_find(ids); same != ids.end();
         same = std::adjacent_find(std::next(same), ids.end())) {
      report("the snapshot table", fmt::format("several snapshots have the id {}", printable(*same)));
    }
  }

  void add_disk(Owner owner, const std::string& what) {
    // Of two that overlap only the first is walked. So no entry is walked twice.
    if (add_range(what, {owner.l1.offset, owner.l1.bytes()}, Use::L1Table)) owners_.push_back(std::move(owner));
  }

  void find_encryption_header() {
    if (!header_.encryption_header) return;
    add_range("the encryption header", *header_.encryption_header, Use::EncryptionHeader);
  }

  /// Finds the tables of the bitmaps. Without the feature bit they are out of date, and their clusters leaked.
  void find_bitmaps() {
    if (!header_.bitmaps || (header_.autoclear_features & kBitmaps.mask()) == 0) return;
    const PointedRange& directory = header_.bitmaps->directory;
    const std::string what = "the bitmap directory";
    if (header_.bitmaps->bitmaps > kMaxBitmaps || directory.length > kMaxBitmapDirectoryBytes) {
      return report(
          what, fmt::format("it is said to have {} bitmaps in {} bytes", header_.bitmaps->bitmaps, directory.length));
    }
    if (!add_range(what, directory, Use::BitmapDirectory)) return;
    std::uint64_t at = 0;
    for (std::uint32_t i = 0; i < header_.bitmaps->bitmaps; ++i) {
      BitmapDirectoryEntry entry;
      if (at > directory.length || sizeof(entry) > directory.length - at) {
        return report(what, fmt::format("entry {} reaches beyond its end", i));
      }
      file_.read(directory.offset + at, std::as_writable_bytes(std::span(&entry, 1)));
      at += round_up(sizeof(entry) + std::uint64_t{entry.extra_data_size} + entry.name_size, kBitmapAlignment);
      const std::string table_name = fmt::format("the table of bitmap {}", i);
      const TablePlace table{entry.table_offset, entry.table_size};
      if (table.entries > kMaxBitmapTableEntries) {
        report(table_name, fmt::format("it is said to have {} entries", table.entries));
      } else if (add_range(table_name, {table.offset, table.bytes()}, Use::BitmapTable)) {
        bitmap_tables_.push_back(table);
      }
    }
    if (at != directory.length) report(what, fmt::format("it has {} bytes, and its entries {}", directory.length, at));
  }

  /// Calls visit(index, entry) for the entries of a table that aren't zero. Holes of the file are passed over.
  template <class Visit>
  void for_each_entry(const TablePlace& table, Visit&& visit) {
    constexpr std::uint64_t kEntryBytes = sizeof(std::uint64_t);
    TableCursor cursor(table_file_);
    for (std::uint64_t i = 0; i < table.entries;) {
      const Run run = file_.run_at(table.offset + i * kEntryBytes);
      if (run.hole && run.length >= kEntryBytes) {
        i += run.length / kEntryBytes;
        continue;
      }
      context_.check_cancelled();
      const std::uint64_t end = i + std::min(div_ceil(run.length, kEntryBytes), table.entries - i);
      for (; i < end; ++i) {
        const std::uint64_t entry = cursor.number_at(table.offset + i * kEntryBytes);
        if (entry != 0) visit(i, entry);
      }
    }
  }

  /// False, after a report, if no cluster of the file begins at `offset`, or it has fewer than `least_bytes` there.
  bool is_cluster(const Where& where, const char* what, std::uint64_t offset, std::uint64_t least_bytes) {
    if (offset % geometry_.cluster_size() != 0) {
      report(where, fmt::format("{} begins at {:#x}, not at a cluster", what, offset));
      return false;
    }
    if (offset > file_.size() || least_bytes > file_.size() - offset) {
      report(where, fmt::format("{}, at {:#x}, is not in the file", what, offset));
      return false;
    }
    return true;
  }

  void walk_l1(std::uint32_t owner) {
    for_each_entry(owners_[owner].l1, [&](std::uint64_t index, std::uint64_t entry) {
      const Where where{owners_[owner].prefix, "L1 entry", index};
      if ((entry & kReservedL1Bits) != 0) report(where, fmt::format("its value {:#x} has reserved bits", entry));
      const std::uint64_t offset = entry & kHostOffsetMask;
      if (offset == 0) return;
      if (!is_cluster(where, "its L2 table", offset, geometry_.cluster_size())) return;
      if (owners_[owner].active) check_copied(where, entry, offset);
      l2_references_.push_back({offset, owner, static_cast<std::uint32_t>(index)});
    });
  }

  /// Only the active tables say which refcounts are one.
  void check_copied(const Where& where, std::uint64_t entry, std::uint64_t offset) {
    const std::uint64_t refcount = refcounts_.of(offset >> geometry_.cluster_bits());
    const bool copied = (entry & kCopied) != 0;
    if (copied == (refcount == 1)) return;
    report(where,
           fmt::format("it is {}marked as the only reference, and the refcount is {}", copied ? "" : "not ", refcount));
  }

  void walk_l2_tables() {
    // The active disk comes first where several share a table.
    std::ranges::sort(l2_references_, [](const L2Reference& a, const L2Reference& b) {
      return std::tie(a.offset, a.owner, a.l1_index) < std::tie(b.offset, b.owner, b.l1_index);
    });
    for (std::size_t i = 0; i < l2_references_.size();) {
      const L2Reference& first = l2_references_[i];
      std::size_t end = i + 1;
      while (end < l2_references_.size() && l2_references_[end].offset == first.offset) ++end;
      const Use other = uses_.add(first.offset >> geometry_.cluster_bits(), Use::L2Table, end - i);
      if (other == Use::None) {
        walk_l2(first, end - i);
      } else {
        report(Where{owners_[first.owner].prefix, "L1 entry", first.l1_index},
               fmt::format("its L2 table overlaps {}", use_name(other)));
      }
      i = end;
    }
  }

  void walk_l2(const L2Reference& table, std::uint64_t references) {
    context_.check_cancelled();
    const Run run = file_.run_at(table.offset);
    if (run.hole && run.length >= geometry_.cluster_size()) return;
    TableCursor cursor(table_file_);
    for (std::uint64_t i = 0; i < geometry_.l2_entries(); ++i) {
      const std::uint64_t place = table.offset + i * geometry_.l2_entry_size();
      const std::uint64_t entry = cursor.number_at(place);
      const std::uint64_t subclusters = geometry_.has_subclusters() ? cursor.number_at(place + sizeof(L2Entry)) : 0;
      if (entry == 0 && subclusters == 0) continue;
      const Where where{owners_[table.owner].prefix, "guest cluster", table.l1_index * geometry_.l2_entries() + i};
      if ((entry & kCompressed) != 0) {
        check_compressed(where, entry, subclusters, references);
      } else {
        check_standard(where, entry, subclusters, owners_[table.owner].active, references);
      }
    }
  }

  void check_compressed(const Where& where, std::uint64_t entry, std::uint64_t subclusters, std::uint64_t references) {
    if (header_.has_data_file()) return report(where, "it is compressed, which can't be with an external data file");
    if ((entry & kCopied) != 0)
      report(where, "it is marked as the only reference, which compressed clusters never are");
    if (subclusters != 0) report(where, "it is compressed and has subclusters");
    const CompressedPayload payload = compressed_payload(geometry_, entry);
    const std::uint64_t end_of_sectors = round_up(file_.size(), kSectorSize);
    if (payload.offset >= file_.size() || payload.bytes > end_of_sectors - payload.offset) {
      return report(where, fmt::format("its data, at {:#x}, reaches beyond the end of the file", payload.offset));
    }
    const std::uint64_t last = (payload.offset + payload.bytes - 1) >> geometry_.cluster_bits();
    for (std::uint64_t cluster = payload.offset >> geometry_.cluster_bits(); cluster <= last; ++cluster) {
      add_data(where, cluster, Use::CompressedData, references);
    }
    if (header_.encryption == Encryption::None) payloads_.add(where.text(), payload);
  }

  void check_standard(const Where& where, std::uint64_t entry, std::uint64_t subclusters, bool active,
                      std::uint64_t references) {
    const bool zeros_known = header_.version >= kVersion3 && !geometry_.has_subclusters();
    if ((entry & (kReservedL2Bits | (zeros_known ? 0 : kReadsAsZeros))) != 0) {
      report(where, fmt::format("its L2 entry {:#x} has reserved bits", entry));
    }
    const auto allocated = static_cast<std::uint32_t>(subclusters);
    const auto zero = static_cast<std::uint32_t>(subclusters >> kSubclusters);
    if ((allocated & zero) != 0) report(where, "a subcluster of it is both allocated and zeros");

    const std::uint64_t offset = entry & kHostOffsetMask;
    if (header_.has_data_file()) {
      if (offset == 0 && (entry & kCopied) == 0) {
        if (allocated != 0) report(where, "a subcluster of it is allocated, and has no place");
        return;
      }
      if (offset != where.number << geometry_.cluster_bits()) {
        report(where,
               fmt::format("its data is at {:#x} of the external data file, not where it is on the disk", offset));
      }
      if ((entry & kCopied) == 0) report(where, "it is not marked as the only reference, as all in a data file are");
      return;
    }
    if (offset == 0) {
      if (allocated != 0) report(where, "a subcluster of it is allocated, and has no place");
      if ((entry & kCopied) != 0) report(where, "it is marked as the only reference, and has no place");
      return;
    }
    if (!is_cluster(where, "its data", offset, 1)) return;
    if (active) check_copied(where, entry, offset);
    add_data(where, offset >> geometry_.cluster_bits(), Use::Data, references);
  }

  void add_data(const Where& where, std::uint64_t cluster, Use use, std::uint64_t references) {
    const Use other = uses_.add(cluster, use, references);
    if (other == Use::None) return;
    report(where, fmt::format("its data overlaps {} in host cluster {}", use_name(other), cluster));
  }

  void walk_bitmap_table(const TablePlace& table) {
    const std::string prefix = fmt::format("the bitmap table at {:#x}: ", table.offset);
    for_each_entry(table, [&](std::uint64_t index, std::uint64_t entry) {
      const Where where{prefix, "entry", index};
      const std::uint64_t offset = entry & kHostOffsetMask;
      if ((entry & kReservedBitmapTableBits) != 0 || (offset != 0 && (entry & 1U) != 0)) {
        report(where, fmt::format("its value {:#x} has reserved bits", entry));
      }
      if (offset == 0 || !is_cluster(where, "its bits", offset, 1)) return;
      const Use other = uses_.add(offset >> geometry_.cluster_bits(), Use::Bitmap, 1);
      if (other != Use::None) report(where, fmt::format("its bits overlap {}", use_name(other)));
    });
  }

  void compare_refcounts() {
    RefcountReport differences(context_);
    std::uint64_t compared = 0;
    uses_.for_each([&](std::uint64_t cluster, std::uint64_t references) {
      constexpr std::uint64_t kClustersBetweenLooks = 1 << 20U;
      if (++compared % kClustersBetweenLooks == 0) context_.check_cancelled();
      differences.add(cluster, refcounts_.of(cluster), references);
    });
    differences.flush();
    RefcountReport leaks(context_);
    refcounts_.for_each(
        [&](std::uint64_t cluster, std::uint64_t refcount) {
          if (uses_.references(cluster) == 0) leaks.add(cluster, refcount, 0);
        },
        context_);
    leaks.flush();
  }

  void check_other_files() {
    try {
      open_other_files(container_, header_, context_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
      context_.report_damage(error.what());
    }
  }

  const ContainerFile& container_;
  const Blob& file_;
  Context& context_;
  ReadCaches caches_;
  ImageHeader header_;
  Geometry geometry_;
  TableFile table_file_;
  ClusterUses uses_;
  StoredRefcounts refcounts_;
  PayloadCheck payloads_;
  std::vector<Owner> owners_;
  std::vector<L2Reference> l2_references_;
  std::vector<TablePlace> bitmap_tables_;
};

}  // namespace

void check_image(const ContainerFile& file, Context& context) { Checker(file, context).check(); }

}  // namespace fstool::qcow2
