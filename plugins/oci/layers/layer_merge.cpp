#include "layers/layer_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "archive.h"
#include "fstool/error.h"
#include "fstool/layer.h"
#include "fstool/source.h"
#include "fstool/spill.h"
#include "layers/layer_tar.h"

namespace fstool::oci {

namespace {

/// Decompressed layers share what one Spill would have; the rest of each goes to a temporary file.
constexpr std::uint64_t kSpillMemory = Spill::Options{}.memory_bytes;

std::string layer_name(const Image& image, std::size_t layer) {
  return fmt::format("layer {} of {}, {}", layer + 1, image.layers.size(), image.layers[layer].diff_id.short_text());
}

std::vector<BlobPtr> open_tars(const Image& image, std::string_view name, std::uint64_t max_size, Context& context) {
  std::uint64_t stored = 0;
  for (const StoredLayer& layer : image.layers) stored += layer.bytes->size();
  context.begin_step(fmt::format("checking {}", name), stored, "bytes");
  SizeBound bound(max_size);
  const std::uint64_t memory = kSpillMemory / std::max<std::size_t>(image.layers.size(), 1);
  std::vector<BlobPtr> tars(image.layers.size());
  context.workers().for_each(tars.size(), [&](std::uint64_t layer, unsigned /*worker*/) {
    with_context([&] { return layer_name(image, layer); },
                 [&] { tars[layer] = open_layer_tar(image.layers[layer], memory, bound, context); });
  });
  return tars;
}

}  // namespace

Tree merge_layers(const Image& image, std::string_view name, std::uint64_t max_size, Context& context) {
  std::vector<BlobPtr> tars = open_tars(image, name, max_size, context);
  Tree tree;
  for (std::size_t i = 0; i < tars.size(); ++i) {
    if (tars[i]->size() == 0) continue;  // a tar of nothing, as some builders make them
    const SourceInput input(std::exchange(tars[i], nullptr), fmt::format("{}, {}", name, layer_name(image, i)));
    Layer upper = load_archive(input, max_size, context);
    with_context([&] { return layer_name(image, i); },
                 [&] { lay_over(tree, Tree::kRoot, std::move(upper), Whiteouts::Oci); });
  }
  return tree;
}

}  // namespace fstool::oci
