/// \file
/// ClusterUses: what each host cluster is used for, and by how many references.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace fstool::qcow2 {

enum class Use : std::uint8_t {
  None,
  Header,
  RefcountTable,
  RefcountBlock,
  L1Table,
  L2Table,
  SnapshotTable,
  BitmapDirectory,
  BitmapTable,
  Bitmap,
  EncryptionHeader,
  Data,
  CompressedData,
};

/// "the header", "guest data"; for messages.
std::string_view use_name(Use use);

/// Memory grows with what is referred to, not with the size of the file: about 2 bytes a cluster where clusters near
/// each other are used, and a range costs the same whatever its length. Not thread-safe.
class ClusterUses {
 public:
  /// Clusters in a row that are one structure, with one reference each. Returns Use::None, or what one of them is used
  /// for already: then nothing is added. Ranges come before single clusters. `count` is at least 1, and the range
  /// doesn't wrap.
  Use add_range(std::uint64_t first, std::uint64_t count, Use use);

  /// `references` more to a cluster. Returns Use::None, or the other thing it is used for: only data of one kind may be
  /// there more than once. The references count in any case.
  Use add(std::uint64_t cluster, Use use, std::uint64_t references);

  std::uint64_t references(std::uint64_t cluster) const;

  /// Calls visit(cluster, references) for all clusters with references, those of ranges first.
  void for_each(const std::function<void(std::uint64_t cluster, std::uint64_t references)>& visit) const;

 private:
  static constexpr std::uint64_t kPageClusters = 256;
  static constexpr std::uint8_t kManyReferences = 255;  ///< the number is in many_

  struct Page {
    std::array<Use, kPageClusters> uses{};
    std::array<std::uint8_t, kPageClusters> references{};
  };
  struct Range {
    std::uint64_t last = 0;
    Use use = Use::None;
  };

  const Range* range_with(std::uint64_t cluster) const;
  Page& page_with(std::uint64_t cluster);
  std::uint64_t references_in(const Page& page, std::uint64_t cluster) const;

  std::map<std::uint64_t, Range> ranges_;  ///< by the first cluster
  std::map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::unordered_map<std::uint64_t, std::uint64_t> many_;
  std::uint64_t last_page_number_ = ~std::uint64_t{0};
  Page* last_page_ = nullptr;
};

}  // namespace fstool::qcow2
