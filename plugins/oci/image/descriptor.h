/// \file
/// Descriptors: how the parts of an image refer to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "digest.h"
#include "json_document.h"
#include "platform.h"

namespace fstool::oci {

/// OCI image specification, "Content Descriptors"; Docker's of image manifest version 2, schema 2 are the same.
struct Descriptor {
  std::string media_type;  ///< empty: none
  Digest digest;
  std::uint64_t size = 0;            ///< bytes
  std::optional<Platform> platform;  ///< in an index
  std::vector<std::string> names;    ///< what the annotations call it, the longest name first
  bool is_attestation = false;       ///< it says something about an image and is none
};

/// Throws Error(Corrupt/Unsupported).
Descriptor read_descriptor(const Json& object);

/// What is at the other end of a descriptor, by its media type, in the terms of the OCI or of Docker.
enum class MediaKind {
  Index,
  Manifest,
  Config,
  Layer,         ///< a tar, compressed or not
  ForeignLayer,  ///< the same, but it must not be given away: images name places where it may be had
  Other,
};
MediaKind media_kind(std::string_view media_type);

}  // namespace fstool::oci
