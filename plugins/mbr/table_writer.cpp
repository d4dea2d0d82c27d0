#include "table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <system_error>

#include "fstool/chs.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"

namespace fstool::mbr {
namespace {

/// A number as type_text() and disk_id_text() write it. Throws Error(InvalidArgument).
template <class Number>
Number parse_hex(std::string_view text, std::string_view what) {
  Number value = 0;
  if (text.starts_with("0x")) {
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
    if (text.size() > 2 && error == std::errc() && end == text.data() + text.size()) return value;
  }
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} \"{}\" is not a hexadecimal number of {} bytes", what, text, sizeof(Number)));
}

/// Beyond what CHS can address, fdisk and the BIOSes that look at the fields use the largest address.
ChsField clamped_chs(std::uint64_t lba) { return chs_field(lba).value_or(ChsField{0xFE, 0xFF, 0xFF}); }

class TableEncoder {
 public:
  TableEncoder(const Layout& layout, std::span<const std::byte> boot_code) : layout_(layout), boot_code_(boot_code) {
    if ((layout.sector_size != 512 && layout.sector_size != 4096) || layout.disk_size < layout.sector_size) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("no mbr fits on a disk of {} bytes with {}-byte sectors",
                                                          layout.disk_size, layout.sector_size));
    }
  }

  std::vector<PlacedBootRecord> encode() {
    std::vector<PlacedBootRecord> records;
    records.push_back({0, encode_mbr()});
    for (const TableStructure& structure : layout_.structures) {
      if (structure.name == kBootRecordName) records.push_back({structure.offset, {}});
    }
    if (extended_ != nullptr) encode_chain(std::span(records).subspan(1));
    return records;
  }

 private:
  MasterBootRecord encode_mbr() {
    MasterBootRecord mbr{};
    std::copy(boot_code_.begin(), boot_code_.end(), mbr.boot_code.begin());
    mbr.disk_signature = parse_hex<std::uint32_t>(layout_.disk_id, "disk signature");
    for (const Partition& partition : layout_.partitions) {
      with_context([&] { return partition_label(partition.number, partition.name); },
                   [&] { add_partition(partition, mbr); });
    }
    mbr.signature = kSignature;
    return mbr;
  }

  /// Writes a primary or the extended partition into the MBR, and remembers a logical one.
  void add_partition(const Partition& partition, MasterBootRecord& mbr) {
    if (partition.number == 0) return;
    if (partition.number >= kFirstLogical) {
      logical_.push_back(&partition);
      return;
    }
    PartitionRecord& record = mbr.partitions[partition.number - 1];
    if (record.used()) throw Error(ErrorCode::InvalidArgument, "its number is taken");
    record = encode_record(partition, 0);
    if (partition.holds_partitions) extended_ = &partition;
  }

  /// `records` are the places of the chain, empty as yet.
  void encode_chain(std::span<PlacedBootRecord> records) {
    std::sort(logical_.begin(), logical_.end(),
              [](const Partition* a, const Partition* b) { return a->number < b->number; });
    if (records.size() != std::max<std::size_t>(logical_.size(), 1)) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} boot records for {} logical partitions", records.size(), logical_.size()));
    }
    for (std::size_t index = 0; index < records.size(); ++index) {
      MasterBootRecord& boot_record = records[index].record;
      boot_record.signature = kSignature;
      if (index < logical_.size()) boot_record.partitions[0] = encode_record(*logical_[index], records[index].offset);
      if (index + 1 < records.size()) {
        boot_record.partitions[1] = encode_link(records[index + 1].offset, *logical_[index + 1]);
      }
    }
  }

  /// `base`: where the record counts from, in bytes.
  PartitionRecord encode_record(const Partition& partition, std::uint64_t base) const {
    if (partition.attributes > std::numeric_limits<std::uint8_t>::max()) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("boot indicator 0x{:x} is not a byte", partition.attributes));
    }
    return encode_range({partition.offset, partition.size}, base, parse_hex<std::uint8_t>(partition.type, "type"),
                        static_cast<std::uint8_t>(partition.attributes));
  }

  /// fdisk gives links the same type whatever that of the extended partition is.
  PartitionRecord encode_link(std::uint64_t next_record, const Partition& next) const {
    return encode_range({next_record, next.offset + next.size - next_record}, extended_->offset, kExtended, 0);
  }

  PartitionRecord encode_range(const DiskRange& range, std::uint64_t base, std::uint8_t os_type,
                               std::uint8_t boot_indicator) const {
    const std::uint64_t sector = layout_.sector_size;
    const bool on_disk = range.offset <= layout_.disk_size && range.size <= layout_.disk_size - range.offset;
    const bool whole = range.offset % sector == 0 && range.size % sector == 0 && base % sector == 0;
    constexpr std::uint64_t kMaxSector = std::numeric_limits<std::uint32_t>::max();
    if (!on_disk || !whole || range.size == 0 || range.offset <= base || (range.end() - 1) / sector > kMaxSector) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} bytes from {} are not whole sectors that mbr can address behind {}", range.size,
                              range.offset, base));
    }
    PartitionRecord record{};
    record.boot_indicator = boot_indicator;
    record.starting_chs = clamped_chs(range.offset / sector);
    record.os_type = os_type;
    record.ending_chs = clamped_chs(range.end() / sector - 1);
    record.starting_lba = static_cast<std::uint32_t>((range.offset - base) / sector);
    record.size_in_lba = static_cast<std::uint32_t>(range.size / sector);
    return record;
  }

  const Layout& layout_;
  std::span<const std::byte> boot_code_;
  const Partition* extended_ = nullptr;
  std::vector<const Partition*> logical_;
};

}  // namespace

std::vector<PlacedBootRecord> encode_boot_records(const Layout& layout, std::span<const std::byte> boot_code) {
  return TableEncoder(layout, boot_code).encode();
}

}  // namespace fstool::mbr
