// Hash trees of ext4: the hash of names, the plan, and the blocks.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ondisk/dirhash.h"
#include "ondisk/features.h"
#include "write/directory.h"
#include "write/profile.h"

namespace fstool::ext4 {
namespace {

std::string usual_name(std::size_t number) { return "a-file-with-a-usual-name-" + std::to_string(number); }

class Entries : public DirectoryEntries {
 public:
  explicit Entries(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) names_.push_back(usual_name(i));
  }
  std::size_t size() const override { return names_.size(); }
  NamedInode at(std::size_t index) const override {
    return {.name = names_[index], .inode = static_cast<std::uint32_t>(index) + 12, .file_type = 1};
  }

 private:
  std::vector<std::string> names_;
};

Profile usual_profile() {
  Profile profile;
  profile.features = {
      .compat = kCompatDirIndex, .incompat = kIncompatFiletype | kIncompatExtents, .ro_compat = kRoCompatMetadataCsum};
  profile.hasher.seed = {1, 2, 3, 4};
  return profile;
}

void hash_of_name(benchmark::State& state) {
  const Profile profile = usual_profile();
  const std::string name = usual_name(123'456);
  for (auto _ : state) benchmark::DoNotOptimize(hash_name(profile.hasher, name));
}
BENCHMARK(hash_of_name);

void plan_hash_tree(benchmark::State& state) {
  const Profile profile = usual_profile();
  const Entries entries(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(plan_directory(entries, profile, std::nullopt));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(plan_hash_tree)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void write_hash_tree(benchmark::State& state) {
  const Profile profile = usual_profile();
  const Entries entries(static_cast<std::size_t>(state.range(0)));
  const DirectoryLayout layout = plan_directory(entries, profile, std::nullopt);
  std::vector<std::byte> block(profile.block_size);
  std::uint32_t index = 0;
  for (auto _ : state) {
    write_directory_block(entries, layout, {.inode = 2, .parent = 2}, index, profile, block);
    benchmark::DoNotOptimize(block.data());
    index = (index + 1) % layout.blocks;
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t{profile.block_size});
}
BENCHMARK(write_hash_tree)->Arg(100'000);

}  // namespace
}  // namespace fstool::ext4
