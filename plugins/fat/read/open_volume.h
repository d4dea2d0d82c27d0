/// \file
/// Opens a FAT file system.
#pragma once

#include "fstool/filesystem.h"

namespace fstool::fat {

/// True if the image begins with the boot sector of a FAT file system. Never throws on damaged bytes.
bool probe_volume(const Blob& image);

/// What the file system says about itself. Throws Error(Corrupt/Unsupported/Io).
VolumeFacts inspect_volume(BlobPtr image, Context& context);

/// The tree and the facts. If all of it is opened, the free clusters are counted, and FSInfo is reported if it says
/// something else. The Context must outlive the Volume. Throws as inspect_volume().
Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context);

}  // namespace fstool::fat
