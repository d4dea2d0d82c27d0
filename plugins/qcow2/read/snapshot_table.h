/// \file
/// The internal snapshots of an image.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"
#include "fstool/container.h"
#include "fstool/error.h"
#include "read/image_header.h"

namespace fstool::qcow2 {

struct Snapshot {
  ContainerSnapshot facts;
  TablePlace l1;  ///< not checked
};

/// The snapshots that can be read, in the order of the table.
struct SnapshotTable {
  std::vector<Snapshot> snapshots;
  std::uint64_t bytes = 0;          ///< that they take in the file
  std::vector<std::string> damage;  ///< what is wrong, a sentence each; behind some of it no snapshot can be found
};

/// Reads the snapshot table of `file`. Throws Error(Io/Changed) alone.
SnapshotTable read_snapshot_table(const ImageHeader& header, const Blob& file);

/// The snapshot of that id or, if there is none, name. Throws Error(NotFound), listing those there are, or
/// Error(InvalidArgument) if several have the name.
const Snapshot& find_snapshot(const SnapshotTable& table, std::string_view id_or_name);

}  // namespace fstool::qcow2
