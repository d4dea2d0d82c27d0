/// \file
/// The source "oci": container images.
#pragma once

#include <optional>

#include "fstool/source.h"
#include "options.h"
#include "platform.h"

namespace fstool::oci {

/// Reads, from a folder or an archive of it,
///   * an image layout of the OCI, as umoci, skopeo ("oci", "oci-archive") and BuildKit write it;
///   * what `docker save` and skopeo's "docker-archive" write;
///   * a folder that skopeo's transport "dir" wrote.
/// The description of the Layer is an object with "names", "digest", "platform" (null: unknown), "layers" (their
/// diff_ids, bottom up) and "config", the configuration as the image has it.
class OciSource : public Source {
 public:
  /// Throws Error(InvalidArgument) for a platform or config_path that is none.
  explicit OciSource(OciOptions options);

  /// Special for the folders and, if they aren't compressed, the archives that this reads.
  static Claim claim(const SourceInput& input);

  Layer load(const SourceInput& input, Context& context) override;

 private:
  Layer load_image(const SourceInput& input, Context& context) const;

  OciOptions options_;
  std::optional<Platform> platform_;
};

}  // namespace fstool::oci
