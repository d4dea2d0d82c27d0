/// \file
/// SectorUses: which sectors of a file are taken.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace fstool::vmdk {

/// Not thread-safe. Memory is a bit a sector in those parts of the file, of 16 MiB, that are taken in part.
class SectorUses {
 public:
  /// Takes the `count` sectors from `first` on. Returns false if any of them is taken already, and then takes none.
  bool take(std::uint64_t first, std::uint64_t count);

 private:
  static constexpr std::uint64_t kSectorsOfPart = 32 * 1024;
  struct Part {
    std::unique_ptr<std::bitset<kSectorsOfPart>> taken;  ///< null once all are
    std::uint64_t count = 0;
  };

  bool is_free(std::uint64_t first, std::uint64_t end) const;

  std::unordered_map<std::uint64_t, Part> parts_;
};

}  // namespace fstool::vmdk
