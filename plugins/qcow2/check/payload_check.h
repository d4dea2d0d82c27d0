/// \file
/// PayloadCheck: decompresses compressed clusters with all workers, to see whether they can be.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "ondisk/geometry.h"
#include "ondisk/mapping_entry.h"
#include "read/decompressor_pool.h"

namespace fstool::qcow2 {

/// Not thread-safe.
class PayloadCheck {
 public:
  /// What is given must outlive this.
  PayloadCheck(const Blob& file, Geometry geometry, CompressionType type, Context& context);

  /// A cluster to be decompressed; `where` names it. Clusters are collected and, now and then, decompressed together:
  /// what is wrong goes to context.report_damage(), in the order in which they were added.
  void add(std::string where, const CompressedPayload& payload);
  /// Decompresses those that are left.
  void finish();

 private:
  struct Item {
    std::string where;
    CompressedPayload payload;
    std::string damage;
  };

  const Blob& file_;
  Geometry geometry_;
  Context& context_;
  DecompressorPool decompressors_;
  std::vector<std::vector<std::byte>> buffers_;  ///< by worker
  std::vector<Item> items_;
  std::unordered_set<std::uint64_t> offsets_;  ///< of items_: damage may have many entries point to one payload
};

}  // namespace fstool::qcow2
