#include "oci_source.h"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "archive.h"
#include "config_file.h"
#include "files/image_files.h"
#include "fstool/error.h"
#include "image/blob_store.h"
#include "image/docker_archive.h"
#include "image/image.h"
#include "image/oci_layout.h"
#include "image/selection.h"
#include "image_kind.h"
#include "layers/layer_merge.h"

namespace fstool::oci {

namespace {

std::shared_ptr<const ImageFiles> open_files(const SourceInput& input, std::uint64_t max_size, Context& context) {
  std::error_code error;
  if (!input.bytes && std::filesystem::is_directory(input.path, error)) return files_in_folder(input.path);
  return files_in_tree(tree_of(load_archive({input.open(), input.name()}, max_size, context)));
}

std::vector<ImageOffer> list_offers(const std::shared_ptr<const ImageFiles>& files) {
  const ImageKind kind = kind_of(*files);
  if (kind == ImageKind::Layout) return offers_of_layout(files);
  if (kind == ImageKind::FlatFolder) return offers_of_flat_folder(files);
  if (const BlobPtr list = files->find("manifest.json")) {
    const Json images = with_context([] { return "manifest.json"; }, [&] { return parse_json(read_json_text(*list)); });
    if (kind == ImageKind::DockerArchive) return offers_of_docker_archive(files, images);
  }
  throw Error(
      ErrorCode::Corrupt,
      "it is no container image: it has neither oci-layout and index.json, nor the manifest.json of docker save");
}

std::string describe(const Image& image) {
  Json layers = Json::array();
  for (const StoredLayer& layer : image.layers) layers.push_back(layer.diff_id.text());
  Json platform = image.platform ? Json(image.platform->text()) : Json();
  return Json({{"names", image.names},
               {"digest", image.digest.text()},
               {"platform", std::move(platform)},
               {"layers", std::move(layers)},
               {"config", image.config}})
      .dump();
}

}  // namespace

OciSource::OciSource(OciOptions options) : options_(std::move(options)) {
  if (options_.platform) platform_ = parse_platform(*options_.platform);
  if (options_.config_path) check_config_path(*options_.config_path);
}

Claim OciSource::claim(const SourceInput& input) {
  try {
    std::error_code error;
    if (input.is_file()) return is_image_tar(input.open()) ? Claim::Special : Claim::None;
    if (!std::filesystem::is_directory(input.path, error)) return Claim::None;
    return kind_of(*files_in_folder(input.path)) == ImageKind::None ? Claim::None : Claim::Special;
  } catch (const Error&) {
    return Claim::None;
  }
}

Layer OciSource::load(const SourceInput& input, Context& context) {
  return with_context([&] { return fmt::format("reading {}", input.name()); },
                      [&] { return load_image(input, context); });
}

Layer OciSource::load_image(const SourceInput& input, Context& context) const {
  const std::vector<ImageOffer> offers = list_offers(open_files(input, options_.max_size.value, context));
  const Wish wish{options_.image, platform_, host_platform()};
  Image image = choose(offers, wish, context).open();
  Layer layer(merge_layers(image, input.name(), options_.max_size.value, context));
  layer.description = describe(image);
  if (options_.config_path) {
    add_config_file(layer.tree, *options_.config_path, std::move(image.config_text), context);
  }
  return layer;
}

}  // namespace fstool::oci
