#include "image/descriptor.h"

#include <algorithm>
#include <array>

namespace fstool::oci {

namespace {

/// Annotations that name an image: containerd's has the whole name, the OCI's often the tag alone.
constexpr const char* kNameAnnotations[] = {"io.containerd.image.name", "org.opencontainers.image.ref.name"};
/// BuildKit puts statements about an image beside it, as an image for a platform that nothing runs on.
constexpr const char* kReferenceType = "vnd.docker.reference.type";
constexpr std::string_view kNowhere = "unknown";

/// What follows the name of a layer's media type says how it is compressed, which the layer says itself.
constexpr std::string_view kCompressions[] = {"", "+gzip", "+zstd", ".gzip", ".zstd"};

bool is_tar(std::string_view media_type, std::string_view base) {
  return media_type.starts_with(base) &&
         std::ranges::find(kCompressions, media_type.substr(base.size())) != std::end(kCompressions);
}

void add_annotations(const Json& annotations, Descriptor& descriptor) {
  for (const char* const key : kNameAnnotations) {
    std::string name = text_or_empty(annotations, key);
    if (!name.empty() && std::ranges::count(descriptor.names, name) == 0) descriptor.names.push_back(std::move(name));
  }
  descriptor.is_attestation = find_member(annotations, kReferenceType) != nullptr;
}

}  // namespace

Descriptor read_descriptor(const Json& object) {
  Descriptor descriptor;
  descriptor.media_type = text_or_empty(object, "mediaType");
  descriptor.digest = parse_digest(text_member(object, "digest"));
  descriptor.size = size_member(object, "size");
  if (const Json* const platform = find_member(object, "platform")) descriptor.platform = platform_of(*platform);
  if (const Json* const annotations = find_member(object, "annotations")) add_annotations(*annotations, descriptor);
  if (descriptor.platform && descriptor.platform->os == kNowhere) descriptor.is_attestation = true;
  return descriptor;
}

MediaKind media_kind(std::string_view type) {
  if (type == "application/vnd.oci.image.index.v1+json" ||
      type == "application/vnd.docker.distribution.manifest.list.v2+json") {
    return MediaKind::Index;
  }
  if (type == "application/vnd.oci.image.manifest.v1+json" ||
      type == "application/vnd.docker.distribution.manifest.v2+json") {
    return MediaKind::Manifest;
  }
  if (type == "application/vnd.oci.image.config.v1+json" || type == "application/vnd.docker.container.image.v1+json") {
    return MediaKind::Config;
  }
  if (is_tar(type, "application/vnd.oci.image.layer.v1.tar") ||
      is_tar(type, "application/vnd.docker.image.rootfs.diff.tar")) {
    return MediaKind::Layer;
  }
  if (is_tar(type, "application/vnd.oci.image.layer.nondistributable.v1.tar") ||
      is_tar(type, "application/vnd.docker.image.rootfs.foreign.diff.tar")) {
    return MediaKind::ForeignLayer;
  }
  return MediaKind::Other;
}

}  // namespace fstool::oci
