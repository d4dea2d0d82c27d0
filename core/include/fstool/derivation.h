/// \file
/// Derivation: a Blob that is computed from the bytes of another one, such as the hash tree of a partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/uuid.h"

namespace fstool {

struct DerivationRequest {
  Seed seed;                        ///< for salts and identifiers that the options don't give
  std::uint32_t sector_size = 512;  ///< of the disk, in bytes
};

/// Something worth knowing that comes out with the bytes. A spec uses it as `${FORMAT.PARTITION.NAME}`.
struct DerivedValue {
  std::string name;  ///< a word: "hash"
  std::string text;  ///< ASCII
};

/// What came out.
struct Derived {
  BlobPtr bytes;                     ///< of the size that Derivation::size() said
  std::vector<DerivedValue> values;  ///< as Derivation::value_shapes() said, in that order
};

/// A value before it is known.
struct ValueShape {
  std::string name;
  std::size_t length = 0;  ///< bytes of its text
};

/// One way to derive bytes from others. Thread-safe.
class FSTOOL_API Derivation {
 public:
  virtual ~Derivation();

  /// Bytes that derive() makes of `data_size` bytes. Throws Error(InvalidArgument) for sizes that it can't take, saying
  /// what would do.
  virtual std::uint64_t size(std::uint64_t data_size) const = 0;

  /// What derive() tells beside the bytes: neither depends on the data, so that places can be found before.
  virtual std::vector<ValueShape> value_shapes() const = 0;

  /// Reads all of `data`, with the context's workers, and reports progress. What is kept for the result beyond a bound
  /// lies in a temporary file. The same data, request and options give the same bytes. Throws as size(), also
  /// Error(InvalidArgument) for a request that doesn't go with the options, and what reading throws.
  virtual Derived derive(BlobPtr data, const DerivationRequest& request, Context& context) = 0;
};

}  // namespace fstool
