#include "read/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/checksum.h"
#include "ondisk/dynamic_header.h"

namespace fstool::vhd {
namespace {

/// What the table of any disk in blocks of 128 KiB or more needs at most. Smaller blocks are not in use.
constexpr std::uint64_t kMaxTableBytes = 64ULL << 20U;

template <class Structure>
Structure load(const Blob& file, std::uint64_t offset) {
  Structure structure;
  file.read(offset, std::as_writable_bytes(std::span(&structure, 1)));
  return structure;
}

template <std::size_t size>
bool equals(const std::array<char, size>& field, std::string_view text) {
  return std::string_view(field.data(), field.size()) == text;
}

template <class Structure>
bool has_right_checksum(const Structure& structure) {
  return structure.checksum == checksum_of(structure);
}

bool is_good(const Footer& footer) { return equals(footer.cookie, kFooterCookie) && has_right_checksum(footer); }

/// What versions before Virtual PC 2004 made of the footer at the end (VHD specification, "Hard Disk Footer Format").
constexpr std::size_t kOldFooterBytes = 511;

/// The sectors at either end of a file, which has at least one.
struct Footers {
  Footer front;
  Footer end;
  std::size_t end_bytes = sizeof(Footer);  ///< in the file

  explicit Footers(const Blob& file)
      : front(load<Footer>(file, 0)), end(load<Footer>(file, file.size() - sizeof(Footer))) {
    if (end_has_cookie()) return;
    Footer old{};
    file.read(file.size() - kOldFooterBytes, std::as_writable_bytes(std::span(&old, 1)).first(kOldFooterBytes));
    if (!is_good(old)) return;
    end = old;
    end_bytes = kOldFooterBytes;
  }

  bool front_has_cookie() const { return equals(front.cookie, kFooterCookie); }
  bool end_has_cookie() const { return equals(end.cookie, kFooterCookie); }
  bool front_is_good() const {
    return is_good(front) && front.disk_type != static_cast<std::uint32_t>(DiskType::Fixed);
  }
};

[[noreturn]] void throw_no_footer(const Footers& footers) {
  if (!footers.front_has_cookie() && !footers.end_has_cookie()) {
    throw Error(ErrorCode::Corrupt, "the file neither begins nor ends with the footer of a VHD");
  }
  const Footer& footer = footers.end_has_cookie() ? footers.end : footers.front;
  if (has_right_checksum(footer)) {
    throw Error(ErrorCode::Corrupt, "the file begins with the footer of a fixed disk, which belongs at its end");
  }
  throw Error(ErrorCode::Corrupt,
              fmt::format("the footer's checksum is {:#010x}, and its bytes give {:#010x}: there is no copy to go by",
                          footer.checksum.value(), checksum_of(footer)));
}

void report_differences(const Footers& footers, Context& context) {
  if (!footers.end_has_cookie()) {
    context.report_damage("the footer at the end of the file is missing: it may be cut off");
  } else if (!has_right_checksum(footers.end)) {
    context.report_damage("the checksum of the footer at the end of the file is wrong");
  } else if (std::memcmp(&footers.front, &footers.end, sizeof(Footer)) != 0) {
    context.report_damage("the footer at the end of the file differs from its copy at the start");
  }
}

/// The copy at the start goes first, as with QEMU.
Footer choose_footer(const Footers& footers, Context& context) {
  if (footers.front_is_good()) {
    report_differences(footers, context);
    return footers.front;
  }
  if (!is_good(footers.end)) throw_no_footer(footers);
  if (footers.end.disk_type != static_cast<std::uint32_t>(DiskType::Fixed)) {
    context.report_damage("the copy of the footer at the start of the file is damaged");
  }
  return footers.end;
}

/// True for the programs that make disks of the footer's current size; for others that of the geometry holds.
bool goes_by_current_size(const Footer& footer) {
  using namespace std::string_view_literals;
  constexpr std::array kCreators = {
      "win "sv,    // Hyper-V
      "qem2"sv,    // QEMU with force_size
      "d2v "sv,    // Disk2vhd
      "tap\0"sv,   // XenServer
      "CTXS"sv,    // XenConverter
      "vs  "sv,    // Virtual Server
      "wa\0\0"sv,  // Azure
  };
  return std::ranges::any_of(kCreators,
                             [&](std::string_view creator) { return equals(footer.creator_application, creator); });
}

std::uint64_t disk_size(const Footer& footer) {
  std::uint64_t sectors = footer.geometry.sectors();
  // A geometry that is full, or empty, says nothing.
  if (goes_by_current_size(footer) || sectors == kMaxGeometrySectors || sectors == 0) {
    sectors = footer.current_size / kSectorSize;
  }
  if (sectors > kMaxSectors) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("the footer says that the disk has {} sectors, and the largest that "
                            "can be read have {}",
                            sectors, kMaxSectors));
  }
  return sectors * kSectorSize;
}

/// True for a dynamic disk, false for a fixed one.
bool is_dynamic(const Footer& footer) {
  switch (static_cast<DiskType>(footer.disk_type.value())) {
    case DiskType::Fixed:
      return false;
    case DiskType::Dynamic:
      return true;
    case DiskType::Differencing:
      throw Error(ErrorCode::Unsupported,
                  "it is a differencing disk, which holds only what differs from its parent, and can't be read; merge "
                  "it into its parent first");
  }
  throw Error(ErrorCode::Unsupported,
              fmt::format("the disk is of a type that is not known ({})", footer.disk_type.value()));
}

/// True if the `length` bytes from `offset` lie inside the file.
bool has(const Blob& file, std::uint64_t offset, std::uint64_t length) {
  return offset <= file.size() && length <= file.size() - offset;
}

Blocks read_blocks(const Blob& file, std::uint64_t header_offset, std::uint64_t disk_size, Context& context) {
  if (!has(file, header_offset, sizeof(DynamicHeader))) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the dynamic disk header, at byte {}, is not in the file", header_offset));
  }
  const auto header = load<DynamicHeader>(file, header_offset);
  if (!equals(header.cookie, kDynamicCookie)) {
    throw Error(ErrorCode::Corrupt, fmt::format("there is no dynamic disk header at byte {}", header_offset));
  }
  if (!has_right_checksum(header)) context.report_damage("the checksum of the dynamic disk header is wrong");
  const Blocks blocks{header_offset, header.table_offset, header.max_table_entries, header.block_size};
  if (blocks.block_size < kSectorSize || !std::has_single_bit(blocks.block_size)) {
    throw Error(ErrorCode::Corrupt, fmt::format("the header says that a block has {} bytes", blocks.block_size));
  }
  const std::uint64_t needed = div_ceil(disk_size, blocks.block_size);
  if (blocks.table_entries < needed) {
    throw Error(ErrorCode::Corrupt, fmt::format("the block allocation table has {} entries, and the disk has {} blocks",
                                                blocks.table_entries, needed));
  }
  const std::uint64_t table_bytes = blocks.table_entries * sizeof(TableEntry);
  if (table_bytes > kMaxTableBytes) {
    throw Error(ErrorCode::Unsupported, fmt::format("the block allocation table has {}: more than {} can't be read",
                                                    format_size(table_bytes), format_size(kMaxTableBytes)));
  }
  if (!has(file, blocks.table_offset, table_bytes)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the block allocation table, {} bytes at byte {}, is not in the file: it may be cut off",
                            table_bytes, blocks.table_offset));
  }
  return blocks;
}

}  // namespace

Image read_image(const Blob& file, Context& context) {
  if (file.size() < sizeof(Footer)) throw Error(ErrorCode::Corrupt, "the file is too short for the footer of a VHD");
  const Footers footers(file);
  Image image;
  image.footer = choose_footer(footers, context);
  if (image.footer.file_format_version >> 16U != kVersion1 >> 16U) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it is VHD of version {}; version 1 can be read", image.footer.file_format_version >> 16U));
  }
  image.disk_size = disk_size(image.footer);
  image.footer_at = footers.end_has_cookie() ? file.size() - footers.end_bytes : file.size();
  if (is_dynamic(image.footer)) {
    image.blocks = read_blocks(file, image.footer.data_offset, image.disk_size, context);
  } else if (image.disk_size > image.footer_at) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the footer says that the disk has {} bytes, and the file has {} before the footer",
                            image.disk_size, image.footer_at));
  }
  return image;
}

bool probe(const Blob& file) {
  if (file.size() < sizeof(Footer)) return false;
  const Footers footers(file);
  return footers.front_has_cookie() || is_good(footers.end);
}

}  // namespace fstool::vhd
