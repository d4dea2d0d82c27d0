/// \file
/// GrainCheck: unpacks compressed grains with all workers, to see whether they can be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/grain_unpacker.h"
#include "read/sparse_extent.h"

namespace fstool::vmdk {

/// Not thread-safe.
class GrainCheck {
 public:
  /// `name` begins a sentence about the extent, or is empty. What is given must outlive this.
  GrainCheck(const std::string& name, const Blob& file, const SparseExtent& extent, Context& context);

  /// The grain of that number, whose marker is at `offset` bytes. Grains are collected and, now and then, unpacked
  /// together: what is wrong goes to context.report_damage(), in the order in which they were added.
  void add(std::uint64_t grain, std::uint64_t offset);
  /// Unpacks those that are left.
  void finish();

 private:
  struct Item {
    std::uint64_t grain = 0;
    std::uint64_t offset = 0;
    std::string damage;
  };

  void unpack(Item& item, std::vector<std::byte>& buffer);

  const std::string& name_;
  const Blob& file_;
  const SparseExtent& extent_;
  Context& context_;
  GrainUnpacker unpacker_;
  std::vector<std::vector<std::byte>> buffers_;  ///< by worker
  std::vector<Item> items_;
};

}  // namespace fstool::vmdk
