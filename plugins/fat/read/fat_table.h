/// \file
/// The file allocation table of an image.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "ondisk/geometry.h"

namespace fstool::fat {

/// What an entry of the FAT says about its cluster.
enum class LinkKind : std::uint8_t {
  Next,        ///< another cluster follows
  End,         ///< it is the last of its chain
  Free,        ///< it is in no chain
  Bad,         ///< it must not be used
  OutOfRange,  ///< a number that no cluster has
};

struct Link {
  LinkKind kind = LinkKind::Free;
  std::uint32_t value = 0;  ///< the entry: the next cluster, for Next
};

/// One copy of the FAT, read in pages as they are asked for. Thread-safe.
class FatTable {
 public:
  FatTable(BlobPtr image, const Geometry& geometry, std::uint32_t copy = 0);

  /// The entry of a cluster, or one of the two before the first cluster; `index` must be less than
  /// geometry.end_cluster(). Of FAT32, the low 28 bits. Throws Error(Corrupt) if it lies behind the end of the image,
  /// Error(Io).
  std::uint32_t entry(std::uint32_t index) const;

  /// The link of a cluster, which must be one.
  Link link(std::uint32_t cluster) const { return classify(entry(cluster)); }

  Link classify(std::uint32_t entry) const;

  /// Gets `count` clusters from `first` on that have the same entry.
  using Visit = std::function<void(std::uint32_t first, std::uint32_t count, std::uint32_t entry)>;
  /// Calls `visit` for all clusters in their order; those whose entries lie in holes of the image are free, and come
  /// together. Throws as entry().
  void scan(const Visit& visit) const;

  std::uint32_t count_free() const;

 private:
  /// A multiple of every entry's size that the FAT of FAT12 fits into.
  static constexpr std::uint64_t kPageBytes = 16ULL * 1024;
  static constexpr std::size_t kPages = 64;

  struct Page {
    std::uint64_t number = ~std::uint64_t{0};
    std::vector<std::byte> bytes;
  };

  const Page& load(std::uint64_t number) const;
  std::uint32_t decode(std::span<const std::byte> bytes, std::uint32_t index) const;

  BlobPtr image_;
  Geometry geometry_;
  std::uint64_t offset_;
  mutable std::mutex mutex_;
  mutable std::array<Page, kPages> pages_;
};

/// What is wrong with the link of `cluster`, for messages: "cluster 17 belongs to it, but is marked free".
std::string describe_break(std::uint32_t cluster, const Link& link);

}  // namespace fstool::fat
