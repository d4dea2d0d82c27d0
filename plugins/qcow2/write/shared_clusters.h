/// \file
/// SharedClusters: brings stored clusters from an earlier output to the new one on a host that lets files share blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fstool/blob.h"
#include "fstool/output_file.h"

namespace fstool::qcow2 {

/// Collects clusters that lie one after the other in both files, and lets them share what whole blocks they have; the
/// rest is copied. Blocks can be shared where they begin at multiples of kHostBlockBytes in both files: compressed
/// clusters keep their place within a block for that (see ClusterAllocator::align_compressed()). Not thread-safe.
class SharedClusters {
 public:
  /// `earlier` is the file that is read, null if nothing is ever added. Both must outlive this object.
  SharedClusters(const Blob* earlier, OutputFile& output) : earlier_(earlier), output_(output) {}

  /// The `length` bytes (at least 1) from `from` on are to be at `to`. Throws as Blob::read() and OutputFile do, for
  /// bytes that were added before, too.
  void add(std::uint64_t to, std::uint64_t from, std::uint64_t length);

  /// Writes what is left. Throws as add().
  void finish();

 private:
  /// Bytes of the earlier file that go to the new one.
  struct Stretch {
    std::uint64_t to = 0;
    std::uint64_t from = 0;
    std::uint64_t length = 0;
  };

  void share(const Stretch& stretch);
  void copy(const Stretch& stretch);

  const Blob* earlier_;
  OutputFile& output_;
  Stretch pending_;
  std::vector<std::byte> buffer_;
};

}  // namespace fstool::qcow2
