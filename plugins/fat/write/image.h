/// \file
/// The Blob of a planned file system: which bytes lie where, made when they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "fstool/blob.h"
#include "ondisk/boot_sector.h"
#include "ondisk/directory_entry.h"
#include "write/contents.h"
#include "write/label.h"
#include "write/layout.h"
#include "write/placement.h"

namespace fstool::fat {

/// What the boot sector says beyond the layout.
struct ImageSettings {
  std::uint32_t volume_id = 0;
  LabelField label = kNoLabel;
  std::array<char, 8> oem_name{};
  std::uint32_t hidden_sectors = 0;
  std::uint16_t backup_boot_sector = 6;  ///< FAT32; 0: none
  Timestamp clock;                       ///< of the label
};

/// Immutable; kept alive by the Blob that compose() returns.
class Image : public std::enable_shared_from_this<Image> {
 public:
  /// Throws Error(InvalidArgument) if the reserved sectors don't hold what belongs there.
  Image(std::shared_ptr<const Contents> contents, const Layout& layout, const ImageSettings& settings);

  /// The file system as a Blob of `size` bytes.
  BlobPtr compose(std::uint64_t size) const;

 private:
  void fill_head(BootSectorHead& head) const;
  void fill_extended(ExtendedFields& extended) const;
  Fat16BootSector boot_sector16() const;
  Fat32BootSector boot_sector32() const;
  FsInfo fsinfo() const;
  void add_boot_sectors(BlobBuilder& builder) const;
  void add_fats(BlobBuilder& builder) const;
  void add_directories(BlobBuilder& builder) const;
  void add_files(BlobBuilder& builder) const;

  void read_fat(std::uint64_t offset, std::span<std::byte> out) const;
  void read_directory(const PlannedDirectory& directory, std::uint64_t offset, std::span<std::byte> out) const;
  void fill_slots(const PlannedDirectory& directory, std::uint32_t first, std::span<DirectoryEntry> slots) const;
  /// The slots that a directory has before those of its entries.
  DirectoryEntry leading_slot(const PlannedDirectory& directory, std::uint32_t slot) const;
  DirectoryEntry file_slot(const PlannedEntry& entry) const;
  DirectoryEntry make_slot(const ShortName& name, std::uint8_t attributes, Timestamp time,
                           std::uint32_t first_cluster) const;

  std::shared_ptr<const Contents> contents_;
  Layout layout_;
  ImageSettings settings_;
  Placement placement_;
  const Geometry& geometry_;
};

}  // namespace fstool::fat
