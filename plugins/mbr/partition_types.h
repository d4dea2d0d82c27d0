/// \file
/// The short names of MBR partition types.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fstool::mbr {

struct PartitionType {
  std::string_view name;
  std::uint8_t os_type;
};

/// The short name that leaves it to the place of an extended partition which of its types it has.
inline constexpr std::string_view kAnyExtended = "extended";

/// All short names. Several may stand for one type.
std::span<const PartitionType> partition_types();

/// The type that the user's words mean: a short name or "0x83". Throws Error(InvalidArgument) for anything else, and
/// for types that are no partition's: unused (0x00), protective (0xEE).
std::uint8_t parse_partition_type(std::string_view words);

/// The preferred short name of a type, or nothing.
std::string_view short_type_name(std::uint8_t os_type);

}  // namespace fstool::mbr
