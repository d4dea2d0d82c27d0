/// \file
/// Bounds for what an image that nobody vouches for may cost.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace fstool::oci {

/// What may be read of indexes, manifests and configurations to find out which images there are. Each has a few KiB,
/// but one may be referred to any number of times.
inline constexpr std::uint64_t kMaxReadBytes = std::uint64_t{64} << 20;
/// What the list of these images may take in memory, about.
inline constexpr std::uint64_t kMaxOfferBytes = std::uint64_t{64} << 20;

/// So many bytes, which are spent bit by bit. Not thread-safe.
class Budget {
 public:
  /// `what` takes them, for messages: "its indexes have".
  Budget(std::uint64_t bytes, std::string what) : bytes_(bytes), left_(bytes), what_(std::move(what)) {}

  /// Throws Error(Unsupported) if there are fewer left.
  void spend(std::uint64_t bytes);

 private:
  std::uint64_t bytes_;
  std::uint64_t left_;
  std::string what_;
};

}  // namespace fstool::oci
