/// \file
/// Checks the block group descriptors and their copies, and takes the blocks of the file system's own structures.
#pragma once

#include <cstdint>

#include "check/check_state.h"

namespace fstool::ext4 {

/// Fills state.groups, in which a damaged descriptor is replaced with its copy if that is sound. `copy_group` is the
/// block group whose copy of the descriptors is read, 0 for the primary one. Throws Error(Corrupt) if the descriptors
/// are missing.
void check_descriptors(CheckState& state, std::uint64_t copy_group);

/// Compares the copies of the descriptors with those that were read. The kernel keeps only the primary ones up to date,
/// so that they need to agree in what never changes: where things are.
void check_descriptor_copies(const CheckState& state);

/// Claims superblocks, descriptors, bitmaps and inode tables. Reports those that overlap.
void claim_metadata(CheckState& state);

}  // namespace fstool::ext4
