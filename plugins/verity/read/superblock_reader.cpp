#include "read/superblock_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>

#include "block_hasher.h"
#include "fstool/error.h"

namespace fstool::verity {
namespace {

constexpr std::uint64_t kMaxBytes = std::numeric_limits<std::int64_t>::max();

std::optional<Superblock> find_superblock(const Blob& image) {
  Superblock superblock;
  if (image.size() < sizeof(superblock)) return std::nullopt;
  image.read(0, std::as_writable_bytes(std::span(&superblock, 1)));
  if (!std::ranges::equal(superblock.signature, kSignature)) return std::nullopt;
  return superblock;
}

[[noreturn]] void throw_corrupt(const std::string& why) {
  throw Error(ErrorCode::Corrupt, fmt::format("the superblock of the hash tree: {}", why));
}

std::string algorithm_of(const Superblock& superblock) {
  const auto end = std::ranges::find(superblock.algorithm, '\0');
  std::string name(superblock.algorithm.begin(), end);
  const bool is_printable = std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
  if (name.empty() || end == superblock.algorithm.end() || !is_printable)
    throw_corrupt("the name of the hash is damaged");
  return name;
}

void check_versions(const Superblock& superblock) {
  if (superblock.version != kVersion) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("the superblock of the hash tree has version {}, and only version {} is known",
                            superblock.version.value(), kVersion));
  }
  if (superblock.hash_type > static_cast<std::uint32_t>(HashType::Normal)) {
    throw Error(ErrorCode::Unsupported, fmt::format("the hash tree is of type {}, and only types 0 and 1 are known",
                                                    superblock.hash_type.value()));
  }
}

void check_sizes(const Superblock& superblock) {
  if (!is_block_size(superblock.data_block_size)) {
    throw_corrupt(fmt::format("a data block of {} bytes", superblock.data_block_size.value()));
  }
  if (!is_block_size(superblock.hash_block_size)) {
    throw_corrupt(fmt::format("a hash block of {} bytes", superblock.hash_block_size.value()));
  }
  if (superblock.data_blocks == 0 || superblock.data_blocks > kMaxBytes / superblock.data_block_size) {
    throw_corrupt(fmt::format("{} data blocks", superblock.data_blocks.value()));
  }
  if (superblock.salt_size > kMaxSaltBytes) {
    throw_corrupt(
        fmt::format("a salt of {} bytes, which has room for {}", superblock.salt_size.value(), kMaxSaltBytes));
  }
}

}  // namespace

bool has_superblock(const Blob& image) { return find_superblock(image).has_value(); }

Superblock read_superblock(const Blob& image) {
  const auto superblock = find_superblock(image);
  if (!superblock) throw Error(ErrorCode::Corrupt, "this is no hash tree: it doesn't begin with a superblock");
  return *superblock;
}

TreeParameters parse_superblock(const Superblock& superblock) {
  check_versions(superblock);
  check_sizes(superblock);
  TreeParameters parameters;
  parameters.hash_type = static_cast<HashType>(superblock.hash_type.value());
  parameters.uuid.bytes = superblock.uuid;
  parameters.algorithm = algorithm_of(superblock);
  parameters.hash = find_hash(parameters.algorithm);
  parameters.data_block_size = superblock.data_block_size;
  parameters.hash_block_size = superblock.hash_block_size;
  parameters.data_blocks = superblock.data_blocks;
  parameters.salt.assign(superblock.salt.begin(), superblock.salt.begin() + superblock.salt_size);
  if (parameters.hash == nullptr) return parameters;
  parameters.shape = TreeShape::make(parameters.data_blocks, parameters.hash_block_size, digest_size(*parameters.hash),
                                     parameters.hash_type);
  if (parameters.shape.blocks > kMaxBytes / parameters.hash_block_size - 1) {
    throw_corrupt(fmt::format("{} data blocks, whose hashes no file has room for", parameters.data_blocks));
  }
  return parameters;
}

}  // namespace fstool::verity
