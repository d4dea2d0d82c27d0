/// \file
/// Reads the FSInfo sector of FAT32.
#pragma once

#include <optional>

#include "fstool/blob.h"
#include "read/boot_sector_reader.h"

namespace fstool::fat {

/// The FSInfo sector; nothing if there is none or it has not its signatures. Throws Error(Io).
std::optional<FsInfo> read_fsinfo(const Blob& image, const Boot& boot);

}  // namespace fstool::fat
