/// \file
/// Names in encrypted directories as the kernel shows them to those who lack the key (Linux fs/crypto/fname.c,
/// "no-key names").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ondisk/dirhash.h"

namespace fstool::ext4 {

/// The no-key name of the encrypted name `ciphertext`, whose hash in the directory is `hash`: base64url of the hash and
/// the ciphertext, or of its first 149 bytes and the SHA-256 of the rest. Nothing if it is too short to be encrypted.
std::optional<std::string> nokey_name(std::string_view ciphertext, const NameHash& hash);

}  // namespace fstool::ext4
