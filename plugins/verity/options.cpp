#include "options.h"

#include "block_hasher.h"

namespace fstool::verity {

const OptionSet<VerityOptions>& verity_options() {
  const OneOf<Bytes> block_sizes = one_of<Bytes>({{512}, {1024}, {2048}, {4096}, {8192}, {16'384}, {32'768}, {65'536}});
  static const auto set =
      OptionSet<VerityOptions>()
          .add("hash", &VerityOptions::hash, "Name of the hash.", OneOf<std::string>{hash_names()})
          .add("data_block_size", &VerityOptions::data_block_size,
               "Size of a block of the data: no less than a sector of the disk, and for most kernels no more than a "
               "page "
               "of memory.",
               block_sizes)
          .add("hash_block_size", &VerityOptions::hash_block_size, "Size of a block of hashes.", block_sizes)
          .add("salt", &VerityOptions::salt,
               "Salt of every hash, up to 256 bytes in hexadecimal; \"-\" for none. Left out: 32 bytes, derived from "
               "the seed.",
               max_bytes(2 * kMaxSaltBytes))
          .add("uuid", &VerityOptions::uuid, "UUID in the superblock. Left out: derived from the seed.")
          .add("superblock", &VerityOptions::superblock,
               "Put a superblock before the tree, for veritysetup and systemd. Without it, whoever sets the device up "
               "has to know all parameters.")
          .add("hash_type", &VerityOptions::hash_type, "Format of the tree: 1, or 0 as the original Chrome OS had it.",
               one_of<std::uint32_t>({0, 1}));
  return set;
}

}  // namespace fstool::verity
