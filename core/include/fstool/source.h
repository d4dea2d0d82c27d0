/// \file
/// Source: the first stage. What the host has becomes a Tree.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/layer.h"

namespace fstool {

/// What a source reads: something that the host has at a path, or bytes that are there already, such as standard input
/// or a file within another.
struct FSTOOL_API SourceInput {
  SourceInput(std::filesystem::path host_path);  // NOLINT(google-explicit-constructor): a path is the usual input
  /// `bytes_name` is what messages call them.
  SourceInput(BlobPtr bytes, std::string bytes_name);

  std::filesystem::path path;  ///< for bytes: what messages call them
  BlobPtr bytes;               ///< null: what lies at `path`

  /// What messages call it.
  std::string name() const { return path.string(); }
  /// True if it is bytes, or a regular file that is there, or a symlink to one.
  bool is_file() const;
  /// `bytes`, or the file at `path`. Throws Error (NotFound, Io, …).
  BlobPtr open() const;
};

/// What a source says of an input without loading it.
enum class Claim : std::uint8_t {
  None,
  General,  ///< it reads this
  Special,  ///< it reads this, and knows more of it than sources of a general kind: of a directory, that it is an image
};

/// One source to load. Life: created with its options, load() once, destroyed.
class FSTOOL_API Source {
 public:
  virtual ~Source();

  /// Lists everything that `input` has. Contents are not read now: each file's content is a Blob that reads when it is
  /// asked, keeps what it needs alive, and throws Error(Changed) if the file is no longer what was listed.
  /// Throws Error (NotFound, Io, Corrupt, …) whose message names the path in question, and Error(InvalidArgument) for
  /// bytes if it reads no files.
  virtual Layer load(const SourceInput& input, Context& context) = 0;
};

}  // namespace fstool
