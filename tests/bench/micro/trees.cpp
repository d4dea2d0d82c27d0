// Trees of many names.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "fstool/tree.h"

namespace fstool::bench {
namespace {

std::vector<std::string> sorted_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("a-file-with-a-usual-name-" + std::to_string(10'000'000 + i));
  return names;
}

std::vector<std::string> shuffled_names(std::size_t count) {
  auto names = sorted_names(count);
  std::shuffle(names.begin(), names.end(), std::mt19937(1));
  return names;
}

Tree tree_of_names(const std::vector<std::string>& names) {
  Tree tree;
  for (const std::string& name : names) tree.add(Tree::kRoot, name, Node{});
  return tree;
}

void add_names(benchmark::State& state, const std::vector<std::string>& names) {
  for (auto _ : state) {
    const Tree tree = tree_of_names(names);
    benchmark::DoNotOptimize(tree.entries(Tree::kRoot).data());  // sorts what is not
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(names.size()));
}
BENCHMARK_CAPTURE(add_names, sorted, sorted_names(100'000))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(add_names, shuffled, shuffled_names(100'000))->Unit(benchmark::kMillisecond);

void find_name(benchmark::State& state) {
  const auto names = shuffled_names(static_cast<std::size_t>(state.range(0)));
  const Tree tree = tree_of_names(names);
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(tree.find(Tree::kRoot, names[next++ % names.size()]));
}
BENCHMARK(find_name)->Arg(100)->Arg(100'000);

}  // namespace
}  // namespace fstool::bench
