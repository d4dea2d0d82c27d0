// Clusters of 64 KiB through every codec, with its defaults.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmark_data.h"
#include "fstool/codec.h"

namespace fstool::bench {
namespace {

constexpr std::size_t kCluster = 65536;

const Registry& codecs() {
  static const Registry registry = load_plugins({"codec-deflate", "codec-lz4", "codec-xz", "codec-zstd"});
  return registry;
}

void compress(benchmark::State& state, const Codec& codec, const std::vector<std::byte>& cluster) {
  const auto compressor = codec.compressor();
  std::vector<std::byte> out(2 * kCluster);
  std::size_t size = 0;
  for (auto _ : state) size = compressor->compress(cluster, out).value_or(0);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(cluster.size()));
  state.counters["ratio"] = static_cast<double>(size) / static_cast<double>(cluster.size());
}

void decompress(benchmark::State& state, const Codec& codec, const std::vector<std::byte>& cluster) {
  std::vector<std::byte> compressed(2 * kCluster);
  const auto size = codec.compressor()->compress(cluster, compressed);
  if (!size) throw std::runtime_error(codec.name() + " found no room");
  compressed.resize(*size);
  const auto decompressor = codec.decompressor();
  std::vector<std::byte> out(kCluster);
  for (auto _ : state) benchmark::DoNotOptimize(decompressor->decompress(compressed, out));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(cluster.size()));
}

/// The benchmarks of each codec that there is, on text and, compressing, on what can't be compressed.
const bool kRegistered = [] {
  for (const auto& [name, format] : codecs().all<Codec>()) {
    const std::shared_ptr<const Codec> codec = format.create({});
    const auto text = text_bytes(kCluster);
    const auto random = random_bytes(kCluster);
    benchmark::RegisterBenchmark(("compress/" + name + "/text").c_str(),
                                 [=](benchmark::State& state) { compress(state, *codec, text); });
    benchmark::RegisterBenchmark(("compress/" + name + "/random").c_str(),
                                 [=](benchmark::State& state) { compress(state, *codec, random); });
    benchmark::RegisterBenchmark(("decompress/" + name + "/text").c_str(),
                                 [=](benchmark::State& state) { decompress(state, *codec, text); });
  }
  return true;
}();

}  // namespace
}  // namespace fstool::bench
