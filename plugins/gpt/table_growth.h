/// \file
/// A GPT on a disk that has grown.
#pragma once

#include <cstdint>

#include "fstool/blob.h"
#include "table_reader.h"

namespace fstool::gpt {

/// `disk`, whose table `copies` has one copy of at least, on a disk of `size` bytes, at least those of `disk`: both
/// copies are made anew of the one that is good, the backup at the new end, and the protective MBR covers the disk.
/// Everything else stays, boot code and array included. Throws Error(InvalidArgument) if `size` is not a multiple of
/// the sector size, Error(NoSpace) if the last partition is where the backup has to be.
BlobPtr grow_table(const BlobPtr& disk, const TableCopies& copies, std::uint64_t size);

}  // namespace fstool::gpt
