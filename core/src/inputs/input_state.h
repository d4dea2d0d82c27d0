/// \file
/// The state of what a build reads from the host, to tell later whether it is still the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fstool/context.h"

namespace fstool {

/// A file or directory that a build was told to read.
struct Input {
  std::filesystem::path path;
  InputUse use = InputUse::Content;
};

/// What one file, directory or other node was like when it was listed.
struct InputState {
  std::string path;
  /// Names what of it beside the content goes into an image: kind, mode, owner, time of modification, device number,
  /// target, extended attributes and hard links. Empty where the content alone counts.
  std::string metadata;
  /// Device, inode, size and times of modification and change: while they are the same, nothing of it has changed,
  /// unless that happened within one tick of the host's clock.
  std::string stamp;
  bool is_file = false;         ///< a regular file: it has a hash
  std::uint64_t size = 0;       ///< bytes of a file
  std::int64_t changed_at = 0;  ///< nanoseconds since 1970: st_ctim; in the far future where times don't tell
  std::string hash;             ///< SHA-256 of a file's content in hexadecimal; empty: not known yet
};

/// The states of `input` and, if it is a directory, of everything below it, each directory's names sorted by byte
/// value. Without hashes; nothing is opened but directories. Symbolic links are followed for `input` itself alone.
/// Throws Error(NotFound/Io), and Error(Unsupported) for what has no state to compare: devices, pipes, sockets.
std::vector<InputState> list_input(const Input& input);

/// Fills in the hashes that are missing, with all of the context's workers; `states` are different ones. Throws
/// Error(Changed) for a file that is no longer what was listed, Error(NotFound/Io/Cancelled).
void hash_inputs(const std::vector<InputState*>& states, Context& context);

}  // namespace fstool
