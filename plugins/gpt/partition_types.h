/// \file
/// The short names of GPT partition types.
#pragma once

#include <span>
#include <string_view>

#include "fstool/uuid.h"

namespace fstool::gpt {

struct PartitionType {
  std::string_view name;
  std::string_view guid;  ///< as Uuid::to_string() writes it
};

/// All short names. Several may stand for one GUID.
std::span<const PartitionType> partition_types();

/// The type GUID that the user's words mean: a short name, a GUID, or a well-known MBR type such as "0x83".
/// Throws Error(InvalidArgument).
Uuid parse_partition_type(std::string_view words);

/// The preferred short name of a type, or nothing.
std::string_view short_type_name(const Uuid& guid);

}  // namespace fstool::gpt
