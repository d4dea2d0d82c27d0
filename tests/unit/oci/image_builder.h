/// \file
/// Makes container images for tests, sound ones and others.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"
#include "fstool/registry.h"
#include "json_document.h"

namespace fstool::oci::test {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text);

/// A tar of the format ustar. Owners are root, times 1000 seconds.
class TarBuilder {
 public:
  TarBuilder& file(const std::string& name, std::string_view content) { return add(name, '0', content); }
  TarBuilder& directory(const std::string& name) { return add(name, '5', {}); }
  TarBuilder& symlink(const std::string& name, const std::string& target) { return add(name, '2', {}, target); }
  TarBuilder& hard_link(const std::string& name, const std::string& target) { return add(name, '1', {}, target); }
  /// A member of any type, with content or a link's target.
  TarBuilder& add(const std::string& name, char type, std::string_view content, const std::string& target = {});

  Bytes finish() const;

 private:
  Bytes bytes_;
};

/// The files of an image, and what refers to them.
class ImageBuilder {
 public:
  /// `registry` has the codecs. It must outlive this.
  explicit ImageBuilder(const Registry& registry) : registry_(registry) {}

  std::map<std::string, Bytes> files;  ///< by name

  /// Adds a blob, and returns its descriptor.
  Json blob(const Bytes& bytes, const std::string& media_type);
  Json blob(const Json& json, const std::string& media_type);

  /// A layer whose tar is compressed with the codec, "" for none; its descriptor, and its diff_id at the key "diff_id".
  Json layer(const Bytes& tar, const std::string& codec = "gzip");
  /// A configuration for "OS/ARCHITECTURE[/VARIANT]".
  static Json config(const std::string& platform, const std::vector<Json>& layers);
  /// A manifest, and its descriptor with the platform.
  Json manifest(const std::string& platform, const std::vector<Json>& layers);
  Json manifest_of(const Json& config, const std::vector<Json>& layers);
  /// An index as a blob, and its descriptor.
  Json index(const std::vector<Json>& manifests);
  static Json index_json(const std::vector<Json>& manifests);
  static Json named(Json descriptor, const std::string& name);

  /// Adds index.json and oci-layout.
  void finish_layout(const std::vector<Json>& manifests);
  /// Adds a configuration and layers as `docker save` names them, and returns the entry of manifest.json.
  Json docker_image(const std::vector<std::string>& tags, const std::vector<Bytes>& tars);
  void finish_docker(const std::vector<Json>& images);

  void put(const std::string& name, const Json& json);
  /// The file that a descriptor names.
  static std::string name_of(const Json& descriptor);

  void write_folder(const std::filesystem::path& folder) const;
  Bytes tar() const;

 private:
  const Registry& registry_;
};

}  // namespace fstool::oci::test
