/// \file
/// An image to damage.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ondisk/directory_entry.h"
#include "read/boot_sector_reader.h"
#include "volumes.h"

namespace fstool::fat {

/// The bytes without a copy; they must outlive the Blob.
BlobPtr view_of(const std::vector<std::byte>& bytes);

/// A small file system in memory: /a and /b of three clusters each, /long name.text of one, /empty, and /dir with
/// /dir/c.
class Damaged {
 public:
  explicit Damaged(Variant variant, std::uint64_t size = 0);

  /// Of the bytes as they are when they are read; this must outlive it.
  BlobPtr blob() const { return view_of(bytes); }
  const Geometry& geometry() const { return boot.geometry; }

  /// In every copy of the FAT.
  void set_entry(std::uint32_t cluster, std::uint32_t value);
  /// The slot with the short name, as it is stored; the one of /dir/c too.
  DirectoryEntry& slot(std::string_view short_name);
  std::uint32_t first_cluster(std::string_view short_name) {
    return slot(short_name).first_cluster(geometry().variant);
  }
  /// A structure in the image.
  template <class T>
  T& at(std::uint64_t offset) {
    return *reinterpret_cast<T*>(&bytes.at(offset));
  }

  std::vector<std::byte> bytes;
  Boot boot;
};

}  // namespace fstool::fat
