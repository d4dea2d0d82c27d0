/// \file
/// Device nodes for a root file system, made without privilege: they exist in the Tree only.
#pragma once

#include "fstool/tree.h"

namespace fstool {

enum class RootDevices {
  None,
  Minimal,   ///< console, null, zero, ptmx, tty, fuse, random, urandom
  Standard,  ///< Minimal, and kmsg, mem, port, tty0 … tty15, ttyS0 … ttyS3, hda … hdd and sda … sdd with four
             ///< partitions each
};

/// Adds device nodes to /dev, which is made (0755, 0:0) if it does not exist. Names that exist are kept as they are.
/// New nodes belong to 0:0 and have the time `mtime`. Throws Error(InvalidArgument) if /dev is not a directory.
void add_root_devices(Tree& tree, RootDevices devices, Timestamp mtime);

}  // namespace fstool
