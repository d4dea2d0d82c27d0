#include "image/docker_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "image/blob_store.h"
#include "image/budget.h"

namespace fstool::oci {

namespace {

using Files = std::shared_ptr<const ImageFiles>;

constexpr std::size_t kMaxImages = 1000;

BlobPtr find_file(const ImageFiles& files, const std::string& name) {
  if (BlobPtr file = files.find(name)) return file;
  throw Error(ErrorCode::Corrupt, fmt::format("{} is missing", name));
}

/// The digest that a file is called by: "6c3c62….json", "blobs/sha256/6c3c62…", "sha256:6c3c62…". Nothing for others,
/// such as "6c3c62…/layer.tar", where it is an identity of another kind.
std::optional<Digest> digest_in_name(std::string_view name) {
  name.remove_prefix(name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/') + 1);
  constexpr std::string_view kAlgorithm = "sha256:";
  if (name.starts_with(kAlgorithm)) name.remove_prefix(kAlgorithm.size());
  const std::string_view stem = name.substr(0, name.find('.'));
  if (!is_sha256_hex(stem)) return std::nullopt;
  return Digest{"sha256", std::string(stem)};
}

/// The configuration, which is the image's identity.
struct Config {
  Digest digest;
  std::vector<std::byte> text;
  Json json;
};

Config read_config(const ImageFiles& files, const std::string& name) {
  return with_context([&] { return name; },
                      [&] {
                        Config config;
                        config.text = read_json_text(*find_file(files, name));
                        config.digest = digest_of(config.text, "sha256");
                        const std::optional<Digest> expected = digest_in_name(name);
                        if (expected && *expected != config.digest) {
                          throw Error(ErrorCode::Corrupt,
                                      fmt::format("it is damaged: its digest is {}", config.digest.text()));
                        }
                        config.json = parse_json(config.text);
                        return config;
                      });
}

std::vector<std::string> texts(const Json& object, const char* key) {
  std::vector<std::string> all;
  if (find_member(object, key) == nullptr) return all;
  for (const Json& value : array_member(object, key)) all.push_back(text_value(value, key));
  return all;
}

Image open_image(const ImageFiles& files, const ImageOffer& offer, const std::string& config_name,
                 const std::vector<std::string>& layers) {
  Config config = read_config(files, config_name);
  std::vector<Digest> diff_ids =
      with_context([&] { return config_name; }, [&] { return read_diff_ids(config.json, layers.size()); });
  Image image{offer.names, config.digest, platform_of(config.json), std::move(config.text), std::move(config.json), {}};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    image.layers.push_back({find_file(files, layers[i]), std::nullopt, std::move(diff_ids[i])});
  }
  return image;
}

ImageOffer read_offer(const Files& files, const Json& entry, Budget& to_read) {
  const std::string config_name = text_member(entry, "Config");
  std::vector<std::string> layers = texts(entry, "Layers");
  check_layer_count(layers.size());
  const Config config = read_config(*files, config_name);
  to_read.spend(config.text.size());
  ImageOffer offer{texts(entry, "RepoTags"), {config.digest}, platform_of(config.json), {}};
  offer.open = [files, described = offer, config_name, layers = std::move(layers)] {
    return open_image(*files, described, config_name, layers);
  };
  return offer;
}

}  // namespace

bool is_docker_list(const Json& document) {
  return document.is_array() && !document.empty() && std::ranges::all_of(document, [](const Json& entry) {
           return entry.is_object() && entry.contains("Config") && entry.contains("Layers");
         });
}

std::vector<ImageOffer> offers_of_docker_archive(const Files& files, const Json& list) {
  if (list.size() > kMaxImages) {
    throw Error(ErrorCode::Unsupported, fmt::format("it lists {} images, more than {}", list.size(), kMaxImages));
  }
  std::vector<ImageOffer> offers;
  Budget to_read(kMaxReadBytes, "to find its images, one would read");
  for (const Json& entry : list) offers.push_back(read_offer(files, entry, to_read));
  return offers;
}

}  // namespace fstool::oci
