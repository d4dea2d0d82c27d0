/// \file
/// Copies between files inside the kernel.
#pragma once

#include <cstdint>
#include <filesystem>

#include "fstool/blob.h"

namespace fstool {

/// Copies `length` bytes of `from` to `offset` of the file `fd`, which is called `path` in messages; shares blocks
/// where the file system can. Returns the number of bytes copied, which is less than `length` where the kernel can't.
/// Throws write_error(), and Error(Changed) as from.file->verify() does.
std::uint64_t copy_in_kernel(int fd, const std::filesystem::path& path, std::uint64_t offset, const HostRange& from,
                             std::uint64_t length);

}  // namespace fstool
