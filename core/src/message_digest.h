/// \file
/// MessageDigest: the cryptographic hashes that people know files by.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fstool {

/// A hash of bytes that come piece by piece. Used by one thread at a time.
class MessageDigest {
 public:
  /// `algorithm` is "sha256", "sha512", "sha1" or "md5". Throws Error(InvalidArgument) for any other.
  explicit MessageDigest(std::string_view algorithm);
  ~MessageDigest();
  MessageDigest(MessageDigest&&) noexcept;
  MessageDigest& operator=(MessageDigest&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// The hash of everything so far; the digest begins anew then.
  std::vector<std::byte> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Lower-case hexadecimal, as sha256sum(1) prints it.
std::string hex_text(std::span<const std::byte> bytes);

}  // namespace fstool
