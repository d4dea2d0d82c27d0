/// \file
/// FAT images, and what fsck.vfat thinks of them.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "tree_builder.h"

namespace fstool::e2e {

/// Sizes of images as a spec has them: fitted, floppy disks, and each variant with some sizes of clusters.
inline constexpr std::array kFatSizes = {"",      "360KiB", "720KiB", "1440KiB", "2880KiB", "4MiB",  "5MiB",
                                         "16MiB", "64MiB",  "300MiB", "512MiB",  "2GiB",    "40GiB", "64GiB"};

/// A small tree like that of an EFI system partition, with whole seconds. It fits on each floppy disk.
void build_boot_tree(const TreeBuilder& tree);

inline constexpr unsigned kManyNames = 20'000;
/// The name number `i` of kManyNames.
std::string many_names_name(unsigned i);
/// A directory "many" with so many empty files, and every fiftieth with a byte.
void build_many_names(const TreeBuilder& tree);

/// Makes a FAT image from a directory. `size` as in kFatSizes, `options` are lines of a spec.
void build_fat(const std::filesystem::path& tree, const std::filesystem::path& image, const std::string& size,
               const std::string& options);

/// `fsck.vfat -n` prints nothing but its name and the counts of files and clusters.
void expect_clean_fat(const std::filesystem::path& image);

}  // namespace fstool::e2e
