#include "image_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>

#include "digest.h"
#include "files/tar_listing.h"

namespace fstool::oci::test {

namespace {

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";

template <std::size_t Size>
void put_text(std::array<char, Size>& field, std::string_view text) {
  if (text.size() > Size) throw std::length_error("a tar's field");
  std::ranges::copy(text, field.begin());
}

Bytes compressed(const Registry& registry, const std::string& codec, const Bytes& bytes) {
  const std::unique_ptr<Codec> made = registry.get<Codec>(codec).create({});
  Bytes out(*made->frame_bound(bytes.size()));
  const std::optional<std::size_t> size = made->frame_compressor()->compress(bytes, out);
  if (!size) throw std::length_error("a frame");
  out.resize(*size);
  return out;
}

Json platform_json(const std::string& platform) {
  const std::size_t first = platform.find('/');
  const std::size_t second = platform.find('/', first + 1);
  Json json = {{"os", platform.substr(0, first)}, {"architecture", platform.substr(first + 1, second - first - 1)}};
  if (second != std::string::npos) json["variant"] = platform.substr(second + 1);
  return json;
}

}  // namespace

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TarBuilder& TarBuilder::add(const std::string& name, char type, std::string_view content, const std::string& target) {
  TarHeader header{};
  put_text(header.name, name);
  put_text(header.mode, type == '5' ? "0000755" : "0000644");
  put_text(header.uid, "0000000");
  put_text(header.gid, "0000000");
  put_text(header.size, fmt::format("{:011o}", content.size()));
  put_text(header.mtime, fmt::format("{:011o}", 1000));
  header.type = type;
  put_text(header.link, target);
  put_text(header.magic, std::string_view("ustar\0", 6));
  put_text(header.version, "00");
  header.checksum.fill(' ');
  unsigned sum = 0;
  for (const std::byte byte : std::as_bytes(std::span(&header, 1))) sum += std::to_integer<unsigned>(byte);
  put_text(header.checksum, fmt::format("{:06o}", sum));
  header.checksum[6] = '\0';
  const auto bytes = std::as_bytes(std::span(&header, 1));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  const auto body = std::as_bytes(std::span(content));
  bytes_.insert(bytes_.end(), body.begin(), body.end());
  bytes_.resize((bytes_.size() + 511) / 512 * 512);
  return *this;
}

Bytes TarBuilder::finish() const {
  Bytes bytes = bytes_;
  bytes.resize(bytes.size() + 1024);
  return bytes;
}

Json ImageBuilder::blob(const Bytes& bytes, const std::string& media_type) {
  const Digest digest = digest_of(bytes, "sha256");
  files["blobs/sha256/" + digest.hex] = bytes;
  return {{"mediaType", media_type}, {"digest", digest.text()}, {"size", bytes.size()}};
}

Json ImageBuilder::blob(const Json& json, const std::string& media_type) {
  return blob(bytes_of(json.dump()), media_type);
}

Json ImageBuilder::layer(const Bytes& tar, const std::string& codec) {
  Json descriptor = codec.empty() ? blob(tar, kLayerType)
                                  : blob(compressed(registry_, codec, tar), fmt::format("{}+{}", kLayerType, codec));
  descriptor["diff_id"] = digest_of(tar, "sha256").text();
  return descriptor;
}

Json ImageBuilder::config(const std::string& platform, const std::vector<Json>& layers) {
  Json config = platform_json(platform);
  Json ids = Json::array();
  for (const Json& layer : layers) ids.push_back(layer.at("diff_id"));
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", ids}};
  config["config"] = {{"Cmd", {"/bin/sh"}}};
  return config;
}

Json ImageBuilder::manifest_of(const Json& config, const std::vector<Json>& layers) {
  return blob(Json{{"schemaVersion", 2},
                   {"mediaType", kManifestType},
                   {"config", blob(config, kConfigType)},
                   {"layers", layers}},
              kManifestType);
}

Json ImageBuilder::manifest(const std::string& platform, const std::vector<Json>& layers) {
  Json descriptor = manifest_of(config(platform, layers), layers);
  descriptor["platform"] = platform_json(platform);
  return descriptor;
}

Json ImageBuilder::index_json(const std::vector<Json>& manifests) {
  return {{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", manifests}};
}

Json ImageBuilder::index(const std::vector<Json>& manifests) { return blob(index_json(manifests), kIndexType); }

Json ImageBuilder::named(Json descriptor, const std::string& name) {
  descriptor["annotations"]["org.opencontainers.image.ref.name"] = name;
  return descriptor;
}

void ImageBuilder::finish_layout(const std::vector<Json>& manifests) {
  put("oci-layout", {{"imageLayoutVersion", "1.0.0"}});
  put("index.json", index_json(manifests));
}

Json ImageBuilder::docker_image(const std::vector<std::string>& tags, const std::vector<Bytes>& tars) {
  std::vector<Json> layers;
  Json names = Json::array();
  for (const Bytes& tar : tars) {
    const Digest id = digest_of(tar, "sha256");
    files[id.hex + "/layer.tar"] = tar;
    names.push_back(id.hex + "/layer.tar");
    layers.push_back({{"diff_id", id.text()}});
  }
  const Bytes text = bytes_of(config("linux/amd64", layers).dump());
  const std::string name = digest_of(text, "sha256").hex + ".json";
  files[name] = text;
  return {{"Config", name}, {"RepoTags", tags}, {"Layers", names}};
}

void ImageBuilder::finish_docker(const std::vector<Json>& images) { put("manifest.json", images); }

void ImageBuilder::put(const std::string& name, const Json& json) { files[name] = bytes_of(json.dump()); }

std::string ImageBuilder::name_of(const Json& descriptor) {
  std::string name = descriptor.at("digest").get<std::string>();
  std::ranges::replace(name, ':', '/');
  return "blobs/" + name;
}

void ImageBuilder::write_folder(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : files) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream file(folder / name, std::ios::binary | std::ios::trunc);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

Bytes ImageBuilder::tar() const {
  TarBuilder tar;
  for (const auto& [name, bytes] : files) {
    tar.file(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return tar.finish();
}

}  // namespace fstool::oci::test
