/// \file
/// How a Layout writes what an MBR has as numbers.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace fstool::mbr {

inline std::string type_text(std::uint8_t os_type) { return fmt::format("0x{:02x}", os_type); }

inline std::string disk_id_text(std::uint32_t disk_signature) { return fmt::format("0x{:08x}", disk_signature); }

/// As the kernel's PARTUUID.
inline std::string uuid_text(std::uint32_t disk_signature, std::uint32_t number) {
  return fmt::format("{:08x}-{:02x}", disk_signature, number);
}

}  // namespace fstool::mbr
