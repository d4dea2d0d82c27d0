/// \file
/// Hash trees as a stage of the pipeline.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "fstool/derivation.h"
#include "ondisk/superblock.h"
#include "ondisk/tree_shape.h"
#include "options.h"

struct nettle_hash;

namespace fstool::verity {

/// Derives the hash tree of a partition, as veritysetup-format(8) makes it and the kernel's dm-verity reads it.
///
/// Values: "hash", the root hash; "salt", or "-"; and "hash_uuid_data" and "hash_uuid_hash", the first and the last 128
/// bits of the root hash, by which the Discoverable Partitions Specification lets the partition with the data and the
/// one with the tree be found.
class VerityDerivation : public Derivation {
 public:
  /// Throws Error(InvalidArgument) for options that are wrong.
  explicit VerityDerivation(VerityOptions options);

  std::uint64_t size(std::uint64_t data_size) const override;
  std::vector<ValueShape> value_shapes() const override;
  Derived derive(BlobPtr data, const DerivationRequest& request, Context& context) override;

 private:
  std::uint64_t superblock_blocks() const { return options_.superblock ? 1 : 0; }
  /// The number of data blocks. Throws as size().
  std::uint64_t count_data_blocks(std::uint64_t data_size) const;
  TreeShape shape_over(std::uint64_t data_blocks) const;
  std::size_t salt_bytes() const;
  std::vector<std::byte> make_salt(const Seed& seed) const;
  Superblock make_superblock(std::uint64_t data_blocks, const std::vector<std::byte>& salt, const Seed& seed) const;

  /// Throws Error(InvalidArgument) if a disk with such sectors can't be read in these blocks.
  void check_sector_size(std::uint32_t sector_size) const;

  VerityOptions options_;
  HashType type_;
  const nettle_hash& hash_;
  std::optional<std::vector<std::byte>> salt_;  ///< nothing: from the seed
};

}  // namespace fstool::verity
