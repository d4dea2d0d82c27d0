#include "image/oci_layout.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "fstool/error.h"
#include "image/blob_store.h"
#include "image/budget.h"
#include "image/descriptor.h"

namespace fstool::oci {

namespace {

/// An index in an index is usual, one more is known; what is deeper is a bad joke.
constexpr std::size_t kMaxIndexDepth = 8;
constexpr std::size_t kMaxDocuments = 1000;
/// What opens an image, about.
constexpr std::size_t kClosureBytes = 512;

using Store = std::shared_ptr<const BlobStore>;

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
};

bool is_image_config(const Descriptor& config) {
  // What Docker's early versions called it.
  return media_kind(config.media_type) == MediaKind::Config || config.media_type == "application/octet-stream";
}

/// Whoever looks at "manifests" must not see another image than who looks at "layers".
void refuse_ambiguity(const Json& document, const Descriptor& descriptor, const char* other_key) {
  const std::string type = text_or_empty(document, "mediaType");
  if (!type.empty() && !descriptor.media_type.empty() && type != descriptor.media_type) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("it says to be {}, and who refers to it, {}", type, descriptor.media_type));
  }
  if (find_member(document, other_key) != nullptr) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is an image and an index at once: it has \"{}\"", other_key));
  }
}

void require_schema(const Json& document) {
  const Json* const version = find_member(document, "schemaVersion");
  if (version != nullptr && *version == 2) return;
  throw Error(ErrorCode::Unsupported, "its schemaVersion is not 2");
}

Manifest parse_manifest(const Json& document, const Descriptor& descriptor) {
  require_schema(document);
  refuse_ambiguity(document, descriptor, "manifests");
  Manifest manifest;
  manifest.config = read_descriptor(member(document, "config"));
  const Json& layers = array_member(document, "layers");
  check_layer_count(layers.size());
  for (const Json& layer : layers) manifest.layers.push_back(read_descriptor(layer));
  return manifest;
}

Manifest read_manifest(const BlobStore& store, const Descriptor& descriptor) {
  const Document document = store.document(descriptor, "the manifest");
  return with_context([&] { return fmt::format("the manifest {}", descriptor.digest.text()); },
                      [&] { return parse_manifest(document.json, descriptor); });
}

BlobPtr find_layer(const BlobStore& store, const Descriptor& layer) {
  const MediaKind kind = media_kind(layer.media_type);
  if (kind != MediaKind::Layer && kind != MediaKind::ForeignLayer) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it is of the type \"{}\", no tar that could be read", layer.media_type));
  }
  if (BlobPtr bytes = store.find(layer)) return bytes;
  if (kind == MediaKind::Layer) throw Error(ErrorCode::Corrupt, "it is missing");
  throw Error(ErrorCode::Unsupported,
              "it is not here, since it may not be passed on: get it from where the manifest says, and put it there");
}

Image open_image(const BlobStore& store, const ImageOffer& offer, const Digest& digest, const Manifest& manifest) {
  if (!is_image_config(manifest.config)) {
    throw Error(ErrorCode::Unsupported, fmt::format("{} is no image: its configuration is of the type \"{}\"",
                                                    digest.text(), manifest.config.media_type));
  }
  Document config = store.document(manifest.config, "the configuration");
  std::vector<Digest> diff_ids =
      with_context([&] { return fmt::format("the configuration {}", manifest.config.digest.text()); },
                   [&] { return read_diff_ids(config.json, manifest.layers.size()); });
  Image image{offer.names, digest, platform_of(config.json), std::move(config.text), std::move(config.json), {}};
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    with_context([&] { return fmt::format("layer {} of {}, {}", i + 1, manifest.layers.size(), layer.digest.text()); },
                 [&] {
                   image.layers.push_back({find_layer(store, layer), layer.digest, std::move(diff_ids[i])});
                 });
  }
  return image;
}

/// Goes through indexes and collects the images.
class IndexWalk {
 public:
  explicit IndexWalk(Store store) : store_(std::move(store)) {}

  /// Each entry is an image with names of its own; several names may have one digest.
  void add_all(const Json& index) {
    require_schema(index);
    std::vector<Descriptor> entries;
    std::map<Digest, std::size_t> places;  // in `entries`
    for (const Json& item : array_member(index, "manifests")) {
      Descriptor entry = read_descriptor(item);
      const auto [known, is_new] = places.try_emplace(entry.digest, entries.size());
      if (is_new) {
        entries.push_back(std::move(entry));
      } else {
        std::vector<std::string>& names = entries[known->second].names;
        names.insert(names.end(), entry.names.begin(), entry.names.end());
      }
    }
    for (const Descriptor& entry : entries) {
      seen_.clear();
      add(entry, {.names = entry.names, .digests = {}, .platform = {}, .open = {}}, 0);
    }
  }

  /// An image whose manifest is at hand.
  void add_manifest(const Manifest& manifest, const Digest& digest) {
    ImageOffer offer{.names = {}, .digests = {digest}, .platform = {}, .open = {}};
    if (is_image_config(manifest.config)) offer.platform = platform_in(manifest.config);
    offer.open = [store = store_, described = offer, digest, manifest] {
      return open_image(*store, described, digest, manifest);
    };
    keep(std::move(offer));
  }

  std::vector<ImageOffer> take() { return std::move(offers_); }

 private:
  /// `above`: the names, and the digests of the indexes that led here.
  void add(const Descriptor& descriptor, ImageOffer above, std::size_t depth) {
    if (descriptor.is_attestation || !seen_.insert(descriptor.digest).second) return;
    above.digests.push_back(descriptor.digest);
    const MediaKind kind = media_kind(descriptor.media_type);
    if (kind == MediaKind::Index) {
      add_index(descriptor, above, depth);
    } else if (kind == MediaKind::Manifest) {
      add_manifest(descriptor, std::move(above));
    }
  }

  void add_index(const Descriptor& descriptor, const ImageOffer& above, std::size_t depth) {
    if (depth >= kMaxIndexDepth) {
      throw Error(ErrorCode::Unsupported, fmt::format("its indexes are nested more than {} deep", kMaxIndexDepth));
    }
    count_document();
    const Document document = store_->document(descriptor, "the index");
    to_read_.spend(document.text.size());
    with_context([&] { return fmt::format("the index {}", descriptor.digest.text()); },
                 [&] {
                   require_schema(document.json);
                   refuse_ambiguity(document.json, descriptor, "layers");
                   for (const Json& entry : array_member(document.json, "manifests")) {
                     add(read_descriptor(entry), above, depth + 1);
                   }
                 });
  }

  void add_manifest(const Descriptor& descriptor, ImageOffer offer) {
    offer.platform = descriptor.platform;
    if (!offer.platform) {
      count_document();
      to_read_.spend(descriptor.size);
      const Manifest manifest = read_manifest(*store_, descriptor);
      if (!is_image_config(manifest.config)) return;
      offer.platform = platform_in(manifest.config);
    }
    offer.open = [store = store_, described = offer, descriptor] {
      return open_image(*store, described, descriptor.digest, read_manifest(*store, descriptor));
    };
    keep(std::move(offer));
  }

  std::optional<Platform> platform_in(const Descriptor& config) {
    const Document document = store_->document(config, "the configuration");
    to_read_.spend(document.text.size());
    return platform_of(document.json);
  }

  void keep(ImageOffer offer) {
    std::uint64_t bytes = sizeof(ImageOffer) + kClosureBytes + offer.digests.size() * sizeof(Digest);
    for (const std::string& name : offer.names) bytes += sizeof(std::string) + name.size();
    to_keep_.spend(bytes * 2);  // what opens it has a copy
    offers_.push_back(std::move(offer));
  }

  void count_document() {
    if (++documents_ <= kMaxDocuments) return;
    throw Error(ErrorCode::Unsupported, fmt::format("its indexes have more than {} entries to read", kMaxDocuments));
  }

  Store store_;
  std::vector<ImageOffer> offers_;
  std::set<Digest> seen_;  // below the current entry
  std::size_t documents_ = 0;
  Budget to_read_{kMaxReadBytes, "to find its images, one would read"};
  Budget to_keep_{kMaxOfferBytes, "the list of its images takes"};
};

/// The document of a file that has to be there.
Document read_file(const ImageFiles& files, const std::string& name) {
  return with_context([&] { return name; },
                      [&] {
                        const BlobPtr file = files.find(name);
                        if (!file) throw Error(ErrorCode::Corrupt, "it is missing");
                        Document document;
                        document.text = read_json_text(*file);
                        document.json = parse_json(document.text);
                        return document;
                      });
}

}  // namespace

std::vector<ImageOffer> offers_of_layout(const std::shared_ptr<const ImageFiles>& files) {
  const Document marker = read_file(*files, "oci-layout");
  with_context([] { return "oci-layout"; },
               [&] {
                 const std::string version = text_member(marker.json, "imageLayoutVersion");
                 if (version.starts_with("1.")) return;
                 throw Error(ErrorCode::Unsupported, fmt::format("version \"{}\" of layouts isn't known", version));
               });
  const Document index = read_file(*files, "index.json");
  IndexWalk walk(std::make_shared<const BlobStore>(files, BlobNames::ByAlgorithm));
  with_context([] { return "index.json"; }, [&] { walk.add_all(index.json); });
  return walk.take();
}

std::vector<ImageOffer> offers_of_flat_folder(const std::shared_ptr<const ImageFiles>& files) {
  const Document manifest = read_file(*files, "manifest.json");
  IndexWalk walk(std::make_shared<const BlobStore>(files, BlobNames::Flat));
  with_context([] { return "manifest.json"; },
               [&] {
                 if (find_member(manifest.json, "manifests") != nullptr) {
                   walk.add_all(manifest.json);
                 } else {
                   Descriptor whole;
                   whole.digest = digest_of(manifest.text, "sha256");
                   walk.add_manifest(parse_manifest(manifest.json, whole), whole.digest);
                 }
               });
  return walk.take();
}

}  // namespace fstool::oci
