/// \file
/// The features that the specification names (section "Header").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fstool::qcow2 {

/// Which of the header's bitmaps a feature belongs to, as the feature name table counts them.
enum class FeatureType : std::uint8_t { Incompatible = 0, Compatible = 1, Autoclear = 2 };

struct Feature {
  FeatureType type;
  std::uint8_t bit;
  std::string_view name;

  constexpr std::uint64_t mask() const noexcept { return std::uint64_t{1} << bit; }
};

inline constexpr Feature kDirty{FeatureType::Incompatible, 0, "dirty bit"};
inline constexpr Feature kCorrupt{FeatureType::Incompatible, 1, "corrupt bit"};
inline constexpr Feature kExternalDataFile{FeatureType::Incompatible, 2, "external data file"};
/// The compression type is not Zlib.
inline constexpr Feature kCompressionType{FeatureType::Incompatible, 3, "compression type"};
inline constexpr Feature kExtendedL2{FeatureType::Incompatible, 4, "extended L2 entries"};
inline constexpr Feature kLazyRefcounts{FeatureType::Compatible, 0, "lazy refcounts"};
inline constexpr Feature kBitmaps{FeatureType::Autoclear, 0, "bitmaps"};
/// The data file alone is the disk.
inline constexpr Feature kRawExternalData{FeatureType::Autoclear, 1, "raw external data"};

/// In the order in which QEMU lists them.
inline constexpr std::array<Feature, 8> kFeatures = {kDirty,      kCorrupt,       kExternalDataFile, kCompressionType,
                                                     kExtendedL2, kLazyRefcounts, kBitmaps,          kRawExternalData};

inline constexpr std::uint64_t kKnownIncompatible =
    kDirty.mask() | kCorrupt.mask() | kExternalDataFile.mask() | kCompressionType.mask() | kExtendedL2.mask();

}  // namespace fstool::qcow2
