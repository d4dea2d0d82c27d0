// Listing an archive: a tar of many small files becomes a Tree.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmark_data.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"
#include "fstool/source.h"
#include "fstool/uuid.h"

namespace fstool::bench {
namespace {

/// `files` files of 2 KiB in directories of 200.
std::shared_ptr<const Tree> small_files(std::size_t files) {
  const BlobPtr content = make_memory_blob(random_bytes(2048));
  auto tree = std::make_shared<Tree>();
  NodeId directory = Tree::kRoot;
  for (std::size_t i = 0; i < files; ++i) {
    if (i % 200 == 0) {
      Node node;
      node.kind = NodeKind::Directory;
      directory = tree->add(Tree::kRoot, "directory-" + std::to_string(i / 200), std::move(node));
    }
    Node node;
    node.content = content;
    tree->add(directory, "a-file-with-a-usual-name-" + std::to_string(i), std::move(node));
  }
  return tree;
}

void list_tar(benchmark::State& state) {
  const Registry registry = load_plugins({"tar"});
  Context context(registry, {.threads = 1});
  const auto tar = registry.get<Filesystem>("tar").create({});
  const FormatRequest request{.size = {}, .seed = Seed("benchmark")};
  const BlobPtr image = tar->format(small_files(static_cast<std::size_t>(state.range(0))), request, context).image;
  std::vector<std::byte> bytes(image->size());
  image->read(0, bytes);
  const SourceInput archive(make_memory_blob(std::move(bytes)), "archive.tar");
  for (auto _ : state) {
    const auto source = registry.get<Source>("tar").create({});
    benchmark::DoNotOptimize(source->load(archive, context).tree.node_count());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(list_tar)->Arg(20'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fstool::bench
