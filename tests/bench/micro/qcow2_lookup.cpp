// Where bytes of the disk are in a qcow2 image: L1, L2, and the cache in front of them.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "benchmark_data.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "fstool/options.h"
#include "fstool/output_file.h"
#include "run_tool.h"

namespace fstool::bench {
namespace {

constexpr std::uint64_t kCluster = 4096;
constexpr std::uint64_t kClusters = 16384;  // in 32 L2 tables

/// An image in which every other cluster is a hole, open.
class OpenImage {
 public:
  OpenImage() : registry_(load_plugins({"qcow2"})), context_(registry_, {.threads = 1}) {
    const auto container = registry_.get<Container>("qcow2").create(parse_option_text("cluster_size=4KiB"));
    const BlobPtr cluster = make_memory_blob(random_bytes(kCluster));
    BlobBuilder builder;
    for (std::uint64_t i = 0; i < kClusters; i += 2) builder.add(i * kCluster, cluster);
    const BlobPtr content = builder.finish(kClusters * kCluster);
    OutputFile output(directory_.path() / "image.qcow2");
    container->write(*content, output, nullptr, context_);
    output.commit();
    disk_ = container->open({.bytes = open_file_blob(output.target()), .path = output.target()}, "", context_);
  }

  const Blob& disk() const { return *disk_; }

 private:
  test::TemporaryDirectory directory_;
  Registry registry_;
  Context context_;
  BlobPtr disk_;
};

void look_up_at_random(benchmark::State& state) {
  const OpenImage image;
  std::mt19937 random(1);
  for (auto _ : state) benchmark::DoNotOptimize(image.disk().run_at(random() % kClusters * kCluster));
}
BENCHMARK(look_up_at_random);

void look_up_in_order(benchmark::State& state) {
  const OpenImage image;
  std::uint64_t offset = 0;
  for (auto _ : state) offset = (offset + image.disk().run_at(offset).length) % image.disk().size();
  benchmark::DoNotOptimize(offset);
}
BENCHMARK(look_up_in_order);

void read_cluster_at_random(benchmark::State& state) {
  const OpenImage image;
  std::vector<std::byte> out(kCluster);
  std::mt19937 random(1);
  for (auto _ : state) {
    image.disk().read(random() % (kClusters / 2) * 2 * kCluster, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(read_cluster_at_random);

}  // namespace
}  // namespace fstool::bench
