/// \file
/// Hashes of contents.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "message_digest.h"

namespace fstool {

enum class HashAlgorithm { Sha256, Sha512, Sha1, Md5, Crc32c };

/// Their names, in the order of HashAlgorithm.
const std::vector<std::string>& hash_names();

/// The algorithm of that name. Throws Error(InvalidArgument) naming those that there are.
HashAlgorithm parse_hash_algorithm(const std::string& name);

/// A hash that is being computed. Movable; one thread at a time.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);

  void add(std::span<const std::byte> bytes);
  /// `count` zero bytes.
  void add_zeros(std::uint64_t count);
  /// The hash in lower-case hexadecimal (of CRC-32C: the usual one, inverted at both ends, as eight digits). Call it
  /// once.
  std::string finish();

 private:
  std::optional<MessageDigest> digest_;  // nothing: CRC-32C
  std::uint32_t crc_ = UINT32_MAX;
};

/// The hash of all bytes of `content`; null is empty. Holes are not read. Reads piece by piece, on the calling thread.
std::string hash_content(const Blob* content, HashAlgorithm algorithm, Context& context);

/// The same of one large Blob: the workers read ahead of the hashing.
std::string hash_disk(const Blob& disk, HashAlgorithm algorithm, Context& context);

/// The hash of one of many contents, or why it can't be had.
struct ContentHash {
  std::string text;
  std::optional<Error> error;
};

/// One for each content, in their order, computed by all workers. They are read in the order in which they lie in the
/// image, as far as that is known. Throws Error(Cancelled) alone.
std::vector<ContentHash> hash_contents(std::span<const BlobPtr> contents, HashAlgorithm algorithm, Context& context);

}  // namespace fstool
