/// \file
/// UUIDs, and the seed from which fstool derives every number that other tools draw at random.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/api.h"

namespace fstool {

/// A UUID in the byte order of RFC 4122 (the order in which it is printed). GPT stores the first three fields
/// little-endian; that is for the partition table to do.
struct FSTOOL_API Uuid {
  std::array<std::byte, 16> bytes{};

  /// Parses "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", upper or lower case; nullopt if it is not exactly that.
  static std::optional<Uuid> parse(std::string_view text);
  /// Lower case, with dashes.
  std::string to_string() const;
  bool is_nil() const noexcept;
  friend auto operator<=>(const Uuid&, const Uuid&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// A source of numbers that look random and are always the same. Immutable.
class FSTOOL_API Seed {
 public:
  /// From any text or bytes; equal input gives an equal seed.
  explicit Seed(std::string_view material);

  /// A seed for a part of the work; different labels give unrelated seeds.
  Seed derive(std::string_view label) const;
  /// A version 5 (SHA-1, name-based) UUID for `label`.
  Uuid uuid(std::string_view label) const;
  /// 64 bits for `label`.
  std::uint64_t number(std::string_view label) const;

 private:
  Uuid base_;
};

}  // namespace fstool
