// Reading Blobs that are composed of others, as every image is.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "benchmark_data.h"
#include "fstool/blob.h"

namespace fstool::bench {
namespace {

constexpr std::uint64_t kBlock = 4096;

/// `pieces` blocks of data, each with a hole of the same size behind it: an image of so many small files.
BlobPtr composed(std::uint64_t pieces) {
  static const BlobPtr part = make_memory_blob(random_bytes(64 * kBlock));
  BlobBuilder builder;
  builder.reserve(pieces);
  for (std::uint64_t i = 0; i < pieces; ++i) builder.add(2 * i * kBlock, part, i % 64 * kBlock, kBlock);
  return builder.finish(2 * pieces * kBlock);
}

void compose(benchmark::State& state) {
  const auto pieces = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(composed(pieces));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(compose)->Arg(1 << 10)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);

void read_composed_block(benchmark::State& state) {
  const auto pieces = static_cast<std::uint64_t>(state.range(0));
  const BlobPtr blob = composed(pieces);
  std::vector<std::byte> out(kBlock);
  std::mt19937 random(1);
  for (auto _ : state) {
    blob->read(random() % pieces * 2 * kBlock, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(read_composed_block)->Arg(1 << 10)->Arg(1 << 20);

void read_composed_in_order(benchmark::State& state) {
  const BlobPtr blob = composed(1U << 16U);
  std::vector<std::byte> out(1U << 20U);
  std::uint64_t offset = 0;
  for (auto _ : state) {
    blob->read(offset, out);
    benchmark::DoNotOptimize(out.data());
    offset = (offset + out.size()) % blob->size();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(read_composed_in_order);

void walk_runs(benchmark::State& state) {
  const BlobPtr blob = composed(1U << 16U);
  std::uint64_t offset = 0;
  for (auto _ : state) offset = (offset + blob->run_at(offset).length) % blob->size();
  benchmark::DoNotOptimize(offset);
}
BENCHMARK(walk_runs);

}  // namespace
}  // namespace fstool::bench
