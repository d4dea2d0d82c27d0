// What is done with every byte that is stored: checksums, and the test of clusters for zeros.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

#include "benchmark_data.h"
#include "fstool/blob.h"
#include "fstool/checksum.h"

namespace fstool::bench {
namespace {

void crc32c_of_bytes(benchmark::State& state) {
  const auto bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(~0U, bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc32c_of_bytes)->Arg(256)->Arg(4096)->Arg(65536);  // an inode, a block, a cluster

void crc32_of_bytes(benchmark::State& state) {
  const auto bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crc32(0, bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc32_of_bytes)->Arg(65536);

void zero_test_of_zeros(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(is_zero(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(zero_test_of_zeros)->Arg(4096)->Arg(65536);

void zero_test_of_data(benchmark::State& state) {
  const auto bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(is_zero(bytes));
}
BENCHMARK(zero_test_of_data)->Arg(65536);

}  // namespace
}  // namespace fstool::bench
