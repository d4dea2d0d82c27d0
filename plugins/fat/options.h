/// \file
/// The options of the format "fat".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/options.h"
#include "ondisk/geometry.h"

namespace fstool::fat {

enum class OnUnsupported : std::uint8_t { Error, Skip };

/// What fat_options() documents.
struct FatOptions {
  std::optional<Variant> fat_bits;
  std::optional<Bytes> cluster_size;
  std::optional<std::uint32_t> sector_size;
  std::string volume_label;
  std::string volume_id;
  std::string oem_name = "MSWIN4.1";
  std::uint8_t fats = 2;
  std::optional<std::uint16_t> root_entries;
  std::optional<std::uint16_t> reserved_sectors;
  std::optional<std::uint16_t> backup_boot_sector;
  std::optional<std::uint16_t> sectors_per_track;
  std::optional<std::uint16_t> heads;
  std::optional<std::uint32_t> hidden_sectors;
  std::optional<std::uint8_t> media;
  std::optional<std::uint8_t> drive_number;
  OnUnsupported on_unsupported = OnUnsupported::Error;
};

const OptionSet<FatOptions>& fat_options();

}  // namespace fstool::fat
