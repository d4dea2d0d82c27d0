/// \file
/// The cyclic redundancy checks that disk formats use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/api.h"

namespace fstool {

/// CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320) as zlib, gzip and GPT use it: start with 0, pass the result of
/// one call to the next to go on.
FSTOOL_API std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes) noexcept;

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) without inversion at either end: the raw register update that
/// ext4, jbd2 and btrfs build on (Linux `crc32c_le`). ext4 starts with ~0.
FSTOOL_API std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) noexcept;

/// CRC-16 (reflected polynomial 0xA001, initial value given) as ext4's group descriptors use it without metadata_csum
/// (Linux `crc16`).
FSTOOL_API std::uint16_t crc16(std::uint16_t crc, std::span<const std::byte> bytes) noexcept;

}  // namespace fstool
