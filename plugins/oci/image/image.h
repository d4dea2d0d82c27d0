/// \file
/// An image, and the images that there are to choose from.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "digest.h"
#include "fstool/blob.h"
#include "json_document.h"
#include "platform.h"

namespace fstool::oci {

/// A layer as it is stored: a tar, compressed or not. Nothing of it was checked yet.
struct StoredLayer {
  BlobPtr bytes;
  std::optional<Digest> digest;  ///< of `bytes`, if somebody says so
  Digest diff_id;                ///< of the tar, decompressed
};

/// One image for one platform. All but its layers was checked against its digests.
struct Image {
  std::vector<std::string> names;      ///< "debian:12"; none if nobody named it
  Digest digest;                       ///< of the manifest, or for what has none, of the configuration
  std::optional<Platform> platform;    ///< as the configuration says, nothing if it doesn't
  std::vector<std::byte> config_text;  ///< the file with the configuration
  Json config;                         ///< what that says
  std::vector<StoredLayer> layers;     ///< bottom up
};

/// What is known of an image without reading all of it.
struct ImageOffer {
  std::vector<std::string> names;
  std::vector<Digest> digests;  ///< what it may be called by: of the manifest, the indexes with it, the configuration
  std::optional<Platform> platform;  ///< nothing: it doesn't say
  std::function<Image()> open;       ///< throws Error(Corrupt/Unsupported/Io)
};

/// Throws Error(Unsupported) if an image has so many layers that nobody would have made it: Docker stops at 127,
/// containerd at 500.
void check_layer_count(std::size_t layers);

/// What a configuration says of layers, bottom up: as many digests as the image has layers. Throws
/// Error(Corrupt/Unsupported).
std::vector<Digest> read_diff_ids(const Json& config, std::size_t layers);

}  // namespace fstool::oci
