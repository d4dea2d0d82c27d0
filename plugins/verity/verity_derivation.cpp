#include "verity_derivation.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <span>
#include <utility>

#include "block_hasher.h"
#include "fstool/error.h"
#include "hex.h"
#include "write/hash_tree.h"

namespace fstool::verity {
namespace {

constexpr std::size_t kDerivedSaltBytes = 32;  ///< as many as veritysetup(8) draws

const nettle_hash& hash_of(const VerityOptions& options) {
  const nettle_hash* const hash = find_hash(options.hash);
  if (hash == nullptr) throw Error(ErrorCode::InvalidArgument, fmt::format("there is no hash \"{}\"", options.hash));
  return *hash;
}

std::optional<std::vector<std::byte>> salt_of(const VerityOptions& options) {
  if (!options.salt) return std::nullopt;
  if (*options.salt == "-") return std::vector<std::byte>();
  auto salt = parse_hex(*options.salt);
  if (!salt || salt->empty() || salt->size() > kMaxSaltBytes) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("salt = \"{}\" is neither 1 to {} bytes in hexadecimal nor \"-\", which means none",
                            *options.salt, kMaxSaltBytes));
  }
  return salt;
}

/// The largest size of blocks of which `data_size` bytes are a whole number; 0 if no block is so small.
std::uint64_t fitting_block_size(std::uint64_t data_size) {
  const std::uint64_t largest = std::uint64_t{1} << std::countr_zero(data_size);
  return is_block_size(largest) ? largest : 0;
}

Uuid uuid_of(std::span<const std::byte> bytes) {
  Uuid uuid;
  std::ranges::copy(bytes, uuid.bytes.begin());
  return uuid;
}

BlobPtr blob_of(const Superblock& superblock) {
  const auto bytes = std::as_bytes(std::span(&superblock, 1));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

}  // namespace

VerityDerivation::VerityDerivation(VerityOptions options)
    : options_(std::move(options)),
      type_(static_cast<HashType>(options_.hash_type)),
      hash_(hash_of(options_)),
      salt_(salt_of(options_)) {
  if (options_.uuid && !options_.superblock) {
    throw Error(ErrorCode::InvalidArgument, "a hash tree without a superblock has no place for a uuid");
  }
}

std::uint64_t VerityDerivation::count_data_blocks(std::uint64_t data_size) const {
  const std::uint64_t block_size = options_.data_block_size.value;
  if (data_size == 0) throw Error(ErrorCode::InvalidArgument, "there is no data to make a hash tree of");
  if (data_size % block_size != 0) {
    const std::uint64_t fitting = fitting_block_size(data_size);
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} bytes of data are no whole number of blocks of {}: make them \"{}\"{}", data_size,
                            format_size(block_size), size_text(round_up(data_size, block_size)),
                            fitting == 0 ? "" : fmt::format(", or set data_block_size = \"{}\"", size_text(fitting))));
  }
  if (data_size == block_size && !options_.superblock) {
    throw Error(ErrorCode::InvalidArgument,
                "a single block of data has no hash tree, only a root hash, so that without a superblock nothing would "
                "be stored");
  }
  return data_size / block_size;
}

TreeShape VerityDerivation::shape_over(std::uint64_t data_blocks) const {
  return TreeShape::make(data_blocks, static_cast<std::uint32_t>(options_.hash_block_size.value), digest_size(hash_),
                         type_);
}

std::uint64_t VerityDerivation::size(std::uint64_t data_size) const {
  const TreeShape shape = shape_over(count_data_blocks(data_size));
  return (superblock_blocks() + shape.blocks) * shape.block_size;
}

std::vector<ValueShape> VerityDerivation::value_shapes() const {
  const std::size_t uuid_text = Uuid().to_string().size();
  return {{"hash", 2 * digest_size(hash_)},
          {"salt", std::max<std::size_t>(1, 2 * salt_bytes())},
          {"hash_uuid_data", uuid_text},
          {"hash_uuid_hash", uuid_text}};
}

Derived VerityDerivation::derive(BlobPtr data, const DerivationRequest& request, Context& context) {
  const std::uint64_t data_blocks = count_data_blocks(data->size());
  check_sector_size(request.sector_size);
  const TreeShape shape = shape_over(data_blocks);
  const std::vector<std::byte> salt = make_salt(request.seed);
  const HashTree tree = build_hash_tree(std::move(data), static_cast<std::uint32_t>(options_.data_block_size.value),
                                        shape, BlockHasher(hash_, type_, salt), context);

  BlobBuilder bytes;
  if (options_.superblock) bytes.add(0, blob_of(make_superblock(data_blocks, salt, request.seed)));
  bytes.add(superblock_blocks() * shape.block_size, tree.bytes);
  const std::span<const std::byte> root = tree.root_hash;
  constexpr std::size_t kUuidBytes = sizeof(Uuid::bytes);
  return {.bytes = bytes.finish((superblock_blocks() + shape.blocks) * shape.block_size),
          .values = {{"hash", hex_text(root)},
                     {"salt", salt.empty() ? "-" : hex_text(salt)},
                     {"hash_uuid_data", uuid_of(root.first(kUuidBytes)).to_string()},
                     {"hash_uuid_hash", uuid_of(root.last(kUuidBytes)).to_string()}}};
}

void VerityDerivation::check_sector_size(std::uint32_t sector_size) const {
  for (const auto& [name, size] : {std::pair{"data_block_size", options_.data_block_size.value},
                                   std::pair{"hash_block_size", options_.hash_block_size.value}}) {
    if (size >= sector_size) continue;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} = \"{}\" is less than a sector of the disk, which has \"{}\": dm-verity can't read it",
                            name, size_text(size), size_text(sector_size)));
  }
}

std::size_t VerityDerivation::salt_bytes() const { return salt_ ? salt_->size() : kDerivedSaltBytes; }

std::vector<std::byte> VerityDerivation::make_salt(const Seed& seed) const {
  if (salt_) return *salt_;
  std::vector<std::byte> salt(kDerivedSaltBytes);
  for (std::size_t i = 0; i < salt.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t number = boost::endian::native_to_little(seed.number(fmt::format("salt {}", i)));
    std::memcpy(salt.data() + i, &number, sizeof(number));
  }
  return salt;
}

Superblock VerityDerivation::make_superblock(std::uint64_t data_blocks, const std::vector<std::byte>& salt,
                                             const Seed& seed) const {
  Superblock superblock{};
  std::ranges::copy(kSignature, superblock.signature.begin());
  superblock.version = kVersion;
  superblock.hash_type = options_.hash_type;
  superblock.uuid = options_.uuid.value_or(seed.uuid("uuid")).bytes;
  std::ranges::copy(options_.hash, superblock.algorithm.begin());
  superblock.data_block_size = static_cast<std::uint32_t>(options_.data_block_size.value);
  superblock.hash_block_size = static_cast<std::uint32_t>(options_.hash_block_size.value);
  superblock.data_blocks = data_blocks;
  superblock.salt_size = static_cast<std::uint16_t>(salt.size());
  std::ranges::copy(salt, superblock.salt.begin());
  return superblock;
}

}  // namespace fstool::verity
